/** Chance that can be had again: the same seed, the same numbers. */

/** A thing that may happen, and how often beside the others. */
export type Weighed<T> = readonly (readonly [weight: number, thing: T])[];

/** Mulberry32: small, quick, and even enough to break things with. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** True so often out of one. */
  happens(share: number): boolean {
    return this.next() < share;
  }

  /** @throws Error when there is nothing to pick from */
  pick<T>(things: readonly T[]): T {
    const thing = things[Math.floor(this.next() * things.length)];
    if (thing === undefined) throw new Error("nothing to pick from");
    return thing;
  }

  weighed<T>(things: Weighed<T>): T {
    let left = this.next() * things.reduce((sum, [weight]) => sum + weight, 0);
    const found = things.find(([weight]) => (left -= weight) < 0) ?? things.at(-1);
    if (found === undefined) throw new Error("nothing to pick from");
    return found[1];
  }
}
