import * as fc from "fast-check";
import { expect, test } from "vitest";
import { longestRise } from "../../src/todo/rising.ts";

test("the longest rise is one, and there is no longer one", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 9 }), (numbers) => {
      const rise = longestRise(numbers);
      for (const [at, place] of rise.slice(1).entries()) {
        expect(place).toBeGreaterThan(rise[at] ?? 0);
        expect(numbers[place]).toBeGreaterThan(numbers[rise[at] ?? 0] ?? 0);
      }
      const longest: number[] = [];
      for (const [at, number] of numbers.entries()) {
        const before = longest.filter((_, other) => (numbers[other] ?? 0) < number);
        longest[at] = 1 + Math.max(0, ...before);
      }
      expect(rise.length).toBe(Math.max(0, ...longest));
    }),
  );
});
