import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listTop, movedList, moveKeys, placed, scrolled } from "../../../src/tui/parts/list.ts";
import type { Move } from "../../../src/tui/parts/list.ts";

const moves = moveKeys.map(({ move }) => move);
const anywhere = fc.record({
  cursor: fc.integer({ min: -5, max: 50 }),
  top: fc.integer({ min: -5, max: 50 }),
});
const count = fc.integer({ min: 0, max: 40 });
const rows = fc.integer({ min: -3, max: 20 });

describe("a place in a list", () => {
  test.each<[Move, number]>([
    ["down", 6],
    ["up", 4],
    ["half-down", 10],
    ["half-up", 0],
    ["page-down", 15],
    ["page-up", 0],
    ["first", 0],
    ["last", 99],
  ])("%s from row 5 of 100, ten in sight, is row %i", (move, cursor) => {
    expect(movedList({ cursor: 5, top: 0 }, move, 100, 10).cursor).toBe(cursor);
  });

  test("is always in the list and in sight, whatever the list has become", () => {
    fc.assert(
      fc.property(anywhere, count, rows, (position, total, room) => {
        const { cursor, top } = placed(position, total, room);
        expect(cursor).toBeGreaterThanOrEqual(0);
        expect(cursor).toBeLessThan(Math.max(1, total));
        expect(top).toBeGreaterThanOrEqual(0);
        expect(cursor - top).toBeGreaterThanOrEqual(0);
        expect(cursor - top).toBeLessThan(Math.max(1, room));
        // No empty rows below the end while there are rows above.
        if (top > 0) expect(top + Math.max(1, room)).toBeLessThanOrEqual(total);
      }),
    );
  });

  test("moves from where it is seen, after any change of the list", () => {
    fc.assert(
      fc.property(anywhere, count, rows, fc.constantFrom(...moves), (position, total, room, move) => {
        const before = placed(position, total, room);
        const after = movedList(position, move, total, room);
        expect(placed(after, total, room)).toEqual(after);
        if (move === "down" || move === "up") {
          const wanted = before.cursor + (move === "down" ? 1 : -1);
          expect(after.cursor).toBe(Math.min(Math.max(0, total - 1), Math.max(0, wanted)));
        }
      }),
    );
  });

  test("keeps the rows in sight while the cursor moves within them", () => {
    const down = [1, 2, 3].reduce((at) => movedList(at, "down", 100, 10), { cursor: 20, top: 15 });
    expect(down).toEqual({ cursor: 23, top: 15 });
    expect(movedList(listTop, "up", 0, 10)).toEqual(listTop);
  });
});

test("a text scrolls to its end and not beyond", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 60 }),
      count,
      rows,
      fc.constantFrom(...moves),
      (top, total, room, move) => {
        const next = scrolled(top, move, total, room);
        expect(next).toBeGreaterThanOrEqual(0);
        expect(next).toBeLessThanOrEqual(Math.max(0, total - Math.max(1, room)));
      },
    ),
  );
  expect(scrolled(0, "last", 100, 10)).toBe(90);
});

test("no key moves in two ways", () => {
  const keys = moveKeys.flatMap((row) => row.keys);
  expect(new Set(keys).size).toBe(keys.length);
});
