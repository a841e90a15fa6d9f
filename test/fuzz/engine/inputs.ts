/** Inputs without an end, the same ones for the same seed. */
import * as fc from "fast-check";
import { Chance } from "../../chaos/chance.ts";
import type { Target } from "../target.ts";
import { mutated } from "./mutate.ts";
import type { Material } from "./mutate.ts";

const AT_ONCE = 64;
/** How many are as the target makes them, and not mutated. */
const FRESH = 0.15;

export class Inputs {
  readonly #target: Target;
  readonly #chance: Chance;
  readonly #material: Material;
  readonly #corpus: Buffer[];
  #made: Buffer[] = [];

  constructor(target: Target, seed: number, corpus: readonly Buffer[]) {
    this.#target = target;
    this.#chance = new Chance(seed);
    this.#corpus = [...corpus];
    this.#material = {
      chance: this.#chance,
      corpus: this.#corpus,
      words: target.words.map((word) => Buffer.from(word, "latin1")),
    };
  }

  next(): Buffer {
    const fresh = this.#fresh();
    if (this.#corpus.length === 0 || this.#chance.happens(FRESH)) return fresh;
    const from = this.#chance.happens(0.1) ? fresh : this.#chance.pick(this.#corpus);
    return mutated(from, this.#material);
  }

  /** From now on it is mutated too. */
  keep(input: Buffer): void {
    this.#corpus.push(input);
  }

  #fresh(): Buffer {
    if (this.#made.length === 0) {
      const seed = this.#chance.between(0, 2 ** 31 - 1);
      this.#made = fc.sample(this.#target.inputs, { seed, numRuns: AT_ONCE });
    }
    return this.#made.pop()!;
  }
}
