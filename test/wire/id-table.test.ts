import * as fc from "fast-check";
import { expect, test } from "vitest";
import { IdTable } from "../../src/wire/id-table.ts";

test("holds what a Map would hold, whatever comes and goes", () => {
  // Few ids, so that they meet again; far apart ones, so that they collide.
  const id = fc.oneof(
    fc.integer({ min: -5, max: 40 }),
    fc.integer({ min: 0, max: 8 }).map((n) => n * 2 ** 32),
    fc.maxSafeInteger(),
    fc.constantFrom("a", "1", "__proto__"),
  );
  const step = fc.tuple(fc.constantFrom("set", "set", "delete", "clear at times"), id, fc.nat());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = new IdTable<number>();
      const model = new Map<number | string, number>();
      for (const [kind, id, value] of steps) {
        if (kind === "set") {
          table.set(id, value);
          model.set(id, value);
        } else if (kind === "delete") {
          table.delete(id);
          model.delete(id);
        } else if (value % 50 === 0) {
          table.clear();
          model.clear();
        }
        for (const [, each] of steps) expect(table.get(each)).toBe(model.get(each));
        expect(table.size).toBe(model.size);
      }
      expect(new Set(table.values())).toEqual(new Set(model.values()));
    }),
  );
});

test("keeps thousands", () => {
  const table = new IdTable<number>();
  for (let id = 1; id <= 5000; id++) table.set(id, -id);
  for (let id = 1; id <= 5000; id += 2) table.delete(id);
  expect(table.size).toBe(2500);
  expect([table.get(4999), table.get(5000), table.get(5002)]).toEqual([undefined, -5000, undefined]);
});
