/** What is fuzzed: a reader of bytes that others have made, and what must hold for every input. */
import type { Arbitrary } from "fast-check";

export interface Target {
  readonly name: string;
  /** Inputs that make sense, to begin with; mutations of them make less and less. */
  readonly inputs: Arbitrary<Buffer>;
  /** What a mutation inserts, because it would take for ever to find it byte by byte. */
  readonly words: readonly string[];
  /** Sources, from the repository's root, of which new parts are to be reached. */
  readonly covers: readonly string[];
  /** How many made inputs are tried in the tests. */
  readonly tried: number;
  start(): Trials | Promise<Trials>;
}

export interface Trials {
  /** Throws, or rejects, when something does not hold. */
  run(input: Buffer): void | Promise<void>;
  close(): void | Promise<void>;
}

/** Trials that need nothing but the input. */
export function pure(run: (input: Buffer) => void): () => Trials {
  return () => ({ run, close: () => {} });
}

/** @throws Error that says what does not hold; the same words for the same mistake, whatever the input */
export function must(holds: boolean, what: string, evidence?: unknown): asserts holds {
  if (!holds) throw new Violated(what, evidence);
}

class Violated extends Error {
  override readonly name = "Violated";

  constructor(what: string, evidence: unknown) {
    super(evidence === undefined ? what : `${what}: ${JSON.stringify(evidence)?.slice(0, 500)}`);
  }
}
