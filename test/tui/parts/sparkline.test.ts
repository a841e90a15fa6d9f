import * as fc from "fast-check";
import { expect, test } from "vitest";
import { condensed, sparkline } from "../../../src/tui/parts/sparkline.ts";

test.each<[values: readonly number[], width: number, line: string]>([
  [[1, 2, 4, 8], 4, "▁▂▄█"],
  [[1, 2, 4, 8], 2, "▄█"],
  [[3], 4, "   █"],
  [[0, 5, 0], 3, " █ "],
  [[0, 0], 3, "   "],
  [[], 3, "   "],
  [[1, 2], 0, ""],
])("%j in %i columns", (values, width, line) => expect(sparkline(values, width)).toBe(line));

test("is as wide as asked, whatever the numbers are", () => {
  fc.assert(
    fc.property(fc.array(fc.double()), fc.nat(80), (values, width) => {
      expect(sparkline(values, width)).toMatch(new RegExp(`^[ ▁-█]{${width}}$`));
    }),
  );
});

test.each<[values: readonly number[], count: number, sums: readonly number[]]>([
  [[1, 2, 3, 4], 2, [3, 7]],
  [[1, 2, 3, 4, 5], 2, [3, 12]],
  [[1, 2, 3, 4, 5], 3, [1, 5, 9]],
  [[1, 2], 5, [1, 2]],
  [[], 5, []],
  [[1], 0, []],
])("%j in %i sums", (values, count, sums) => expect(condensed(values, count)).toEqual(sums));

test("nothing is lost in sums, and there are no more of them than asked for", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), fc.integer({ min: 1, max: 80 }), (values, count) => {
      const sums = condensed(values, count);
      expect(sums.length).toBeLessThanOrEqual(count);
      expect(sums.reduce((sum, each) => sum + each, 0)).toBe(values.reduce((sum, each) => sum + each, 0));
    }),
  );
});
