import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Deadlines } from "../../src/wire/deadlines.ts";
import { FakeClock } from "./fake-clock.ts";

const GRANULE = 10;

function setUp(): { clock: FakeClock; deadlines: Deadlines } {
  const clock = new FakeClock();
  return { clock, deadlines: new Deadlines(clock, GRANULE) };
}

describe("deadlines", () => {
  test.each([1, 9.5, 10, 640, 30_000, 86_400_000, 30 * 86_400_000])(
    "one in %d ms fires after its time and within a granule",
    (delay) => {
      const { clock, deadlines } = setUp();
      let firedAt = -1;
      deadlines.add(delay, () => (firedAt = clock.now()));
      clock.advanceTo(delay + 1000);
      expect(firedAt).toBeGreaterThanOrEqual(delay);
      expect(firedAt).toBeLessThanOrEqual(delay + GRANULE);
    },
  );

  test("a far one wakes the process a handful of times", () => {
    const { clock, deadlines } = setUp();
    deadlines.add(24 * 3600 * 1000, () => {});
    clock.advance(25 * 3600 * 1000);
    expect(clock.wakes).toBeLessThanOrEqual(5);
    expect(clock.timers.size).toBe(0);
  });

  test("one that is farther than a double can count wakes it no more often, however long it has run", () => {
    const { clock, deadlines } = setUp();
    clock.advanceTo(10 * 86_400_000);
    deadlines.add(Number.MAX_VALUE, () => {});
    const wakes = clock.wakes;
    clock.advance(86_400_000);
    expect(clock.wakes - wakes).toBeLessThanOrEqual(5);
  });

  test("many at once share one timer, and none is left when all are gone", () => {
    const { clock, deadlines } = setUp();
    const set = Array.from({ length: 1000 }, (_, i) => deadlines.add(30_000 + i, () => {}));
    expect(clock.timers.size).toBe(1);
    expect(clock.keepsAlive).toBe(true);
    for (const deadline of set) deadlines.remove(deadline);
    expect(clock.keepsAlive).toBe(false);
    clock.advance(100_000);
    expect(clock.wakes).toBe(1);
    expect(clock.timers.size).toBe(0);
  });

  test("one that moves later a thousand times fires once, at its last time", () => {
    const { clock, deadlines } = setUp();
    const fired: number[] = [];
    const idle = deadlines.add(1000, () => fired.push(clock.now()));
    for (let i = 1; i <= 1000; i++) {
      clock.advance(100);
      deadlines.move(idle, clock.now() + 1000);
    }
    expect(fired).toEqual([]);
    expect(clock.wakes).toBeLessThan(250);
    clock.advance(5000);
    expect(fired).toEqual([101_000]);
  });

  test("one that is past when it is set fires at once, whatever else is set", () => {
    const { clock, deadlines } = setUp();
    const fired: string[] = [];
    deadlines.add(590, () => fired.push("later"));
    deadlines.add(-50, () => fired.push("past"));
    clock.advance(0);
    expect(fired).toEqual(["past"]);
    clock.advance(600);
    expect(fired).toEqual(["past", "later"]);
  });

  test("one that throws takes no other along", () => {
    const { clock, deadlines } = setUp();
    const fired: string[] = [];
    deadlines.add(10, () => fired.push("first"));
    deadlines.add(10, () => {
      throw new Error("broken");
    });
    deadlines.add(10, () => fired.push("last"));
    expect(() => clock.advance(20)).toThrow("broken");
    clock.advance(0);
    expect(fired).toEqual(["first", "last"]);
  });

  test("one that is removed by another of the same moment does not fire", () => {
    const { clock, deadlines } = setUp();
    const fired: string[] = [];
    deadlines.add(10, () => {
      fired.push("first");
      deadlines.remove(second);
    });
    const second = deadlines.add(10, () => fired.push("second"));
    clock.advance(50);
    expect(fired).toEqual(["first"]);
    expect(deadlines.pending).toBe(0);
  });

  test("does what a plain list of times would do, whatever is added, moved, removed and however late timers are", () => {
    const delay = fc.oneof(
      fc.integer({ min: -50, max: 700 }),
      fc.integer({ min: 0, max: 50_000 }),
      fc.integer({ min: 0, max: 200_000_000 }),
    );
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), delay }),
      fc.record({ kind: fc.constant("remove" as const), pick: fc.nat() }),
      fc.record({ kind: fc.constant("move" as const), pick: fc.nat(), delay }),
      fc.record({ kind: fc.constant("advance" as const), delay: delay.map(Math.abs) }),
      fc.record({ kind: fc.constant("block" as const), delay: delay.map(Math.abs) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, deadlines } = setUp();
        // When each is due; one that is past when it is set is due at once.
        const model = new Map<number, number>();
        const due = (delay: number): number => clock.now() + Math.max(0, delay);
        const nodes: ReturnType<Deadlines["add"]>[] = [];
        const wrong: string[] = [];
        let late = 0;
        for (const step of steps) {
          late = step.kind === "block" ? step.delay : 0;
          switch (step.kind) {
            case "add": {
              const id = nodes.length;
              model.set(id, due(step.delay));
              const fire = (): void => {
                const lateBy = clock.now() - (model.get(id) ?? NaN);
                model.delete(id);
                if (!(lateBy >= 0 && lateBy <= GRANULE + late)) wrong.push(`${id} is late by ${lateBy}`);
              };
              nodes.push(deadlines.add(clock.now() + step.delay, fire));
              break;
            }
            case "remove": {
              const id = step.pick % (nodes.length || 1);
              model.delete(id);
              if (nodes[id]) deadlines.remove(nodes[id]);
              break;
            }
            case "move": {
              const id = step.pick % (nodes.length || 1);
              if (model.has(id)) model.set(id, due(step.delay));
              if (nodes[id]) deadlines.move(nodes[id], clock.now() + step.delay);
              break;
            }
            case "advance":
              clock.advance(step.delay);
              for (const [id, at] of model) if (at <= clock.now() - GRANULE) wrong.push(`${id} did not fire`);
              break;
            case "block":
              clock.block(step.delay);
              break;
          }
          expect(wrong).toEqual([]);
          expect(deadlines.pending).toBe(model.size);
          expect(clock.timers.size).toBeLessThanOrEqual(1);
        }
        late = 0;
        clock.advance(400_000_000);
        expect([wrong, model.size, clock.timers.size]).toEqual([[], 0, 0]);
      }),
      { numRuns: 300 },
    );
  });
});
