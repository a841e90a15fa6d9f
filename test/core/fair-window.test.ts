import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mayCall, mostCalls, othersOf } from "../../src/core/fair-window.ts";
import { reserveOf } from "../../src/core/lineage.ts";

const window = fc.integer({ min: 1, max: 5000 });

/** Calls of several clients in one window, where each call that may be made is made. */
class Shared {
  readonly mine: number[];
  readonly #window: number;
  /** Whose, in the order in which they were made. */
  readonly #calls: number[] = [];

  constructor(width: number, clients: number) {
    this.#window = width;
    this.mine = Array.from({ length: clients }, () => 0);
  }

  get all(): number {
    return this.#calls.length;
  }

  /** Whether it could. */
  call(client: number): boolean {
    if (!mayCall(this.#window, this.mine[client]!, this.all)) return false;
    this.#calls.push(client);
    this.mine[client]!++;
    return true;
  }

  /** As many as it can. */
  fill(client: number): number {
    let more = true;
    while (more) more = this.call(client);
    return this.mine[client]!;
  }

  /** All try, again and again, until none can. */
  fillTogether(): void {
    let more = true;
    while (more) more = this.mine.map((_, client) => this.call(client)).includes(true);
  }

  /** The oldest call. */
  answer(): void {
    const client = this.#calls.shift();
    if (client !== undefined) this.mine[client]!--;
  }
}

describe("a window of calls", () => {
  test("is all for one that is alone, and no more", () => {
    fc.assert(
      fc.property(window, (width) => {
        expect(new Shared(width, 1).fill(0)).toBe(width);
      }),
    );
  });

  test.each([1, 2, 3])("of %i is never exceeded: the plugin can not do more at once", (width) => {
    const shared = new Shared(width, 3);
    shared.fillTogether();
    expect(shared.all).toBe(width);
  });

  test("that one has filled still takes a call of another one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 5000 }), (width) => {
        const shared = new Shared(width, 2);
        expect(shared.fill(0)).toBe(width);
        expect(shared.fill(1)).toBeGreaterThan(0);
      }),
    );
  });

  test("that one has filled still takes calls of another one, and then of a third", () => {
    fc.assert(
      fc.property(fc.integer({ min: 24, max: 5000 }), (width) => {
        const shared = new Shared(width, 3);
        const had = [0, 1, 2].map((client) => shared.fill(client));
        expect(had[0]).toBe(width);
        expect(Math.min(...had)).toBeGreaterThan(0);
      }),
    );
  });

  test("comes to be shared evenly by all who want more than there is, whoever had it all before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 500 }), fc.integer({ min: 2, max: 6 }), (width, clients) => {
        const shared = new Shared(width, clients);
        shared.fill(0);
        for (let n = 0; n < 6 * width; n++) {
          shared.answer();
          // Who had it all is the first to try again.
          shared.fill(0);
          shared.fillTogether();
        }
        const step = Math.ceil(width / othersOf(width));
        expect(Math.max(...shared.mine) - Math.min(...shared.mine)).toBeLessThanOrEqual(step + 1);
      }),
      { numRuns: 30 },
    );
  });

  test("is never exceeded by more than its reserve, in whatever order calls are made and answered", () => {
    const steps = fc.array(fc.tuple(fc.nat(7), fc.boolean()), { maxLength: 500 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), steps, (width, all) => {
        const shared = new Shared(width, 8);
        for (const [client, isCall] of all) {
          if (isCall) shared.fill(client);
          else shared.answer();
          expect(shared.all).toBeLessThanOrEqual(width + othersOf(width));
          expect(Math.max(...shared.mine)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });

  test("leaves calls that others wait for a reserve of their own", () => {
    fc.assert(
      fc.property(window, (width) => {
        const shared = new Shared(width, 20);
        shared.fillTogether();
        expect(mostCalls(width) - shared.all).toBeGreaterThanOrEqual(reserveOf(width));
      }),
      { numRuns: 20 },
    );
  });
});
