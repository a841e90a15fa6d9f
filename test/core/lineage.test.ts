import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deepest, descend, origin, reserveOf, timeLeft } from "../../src/core/lineage.ts";
import type { Lineage } from "../../src/core/lineage.ts";

const ms = fc.option(fc.nat({ max: 100_000 }), { nil: undefined });

describe("a chain of calls", () => {
  test("counts every link, and keeps what began it", () => {
    fc.assert(
      fc.property(fc.array(ms, { maxLength: 20 }), fc.nat(3), (asked, events) => {
        const end = asked.reduce<Lineage>((at, each) => descend(at, each, 0), { ...origin, events });
        expect([end.hops, end.events]).toEqual([asked.length, events]);
      }),
    );
  });

  test("never has more time than what it is part of", () => {
    fc.assert(
      fc.property(fc.nat(1000), ms, ms, (now, first, second) => {
        const parent = descend(origin, first, now);
        const child = descend(parent, second, now);
        expect(child.deadlineAt).toBe(now + Math.min(first ?? Infinity, second ?? Infinity));
      }),
    );
  });

  test("has a millisecond left at least, for what is over is settled by its own deadline", () => {
    expect(timeLeft({ ...origin, deadlineAt: 5 }, 10)).toBe(1);
    expect(timeLeft({ ...origin, deadlineAt: 15 }, 10)).toBe(5);
    expect(timeLeft(origin, 10)).toBeUndefined();
  });
});

test("a call that names no parent is as deep as the deepest that may be it, and has its own time", () => {
  const pending = [
    { deadlineAt: 10, hops: 3, events: 0 },
    { deadlineAt: 20, hops: 1, events: 2 },
  ];
  expect(deepest(pending)).toEqual({ deadlineAt: Infinity, hops: 3, events: 2 });
  expect(deepest([])).toEqual(origin);
});

test.each([
  [1, 8],
  [4, 8],
  [32, 8],
  [4096, 1024],
])("a window of %i has a reserve of %i", (window, reserve) => expect(reserveOf(window)).toBe(reserve));
