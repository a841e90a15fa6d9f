import * as fc from "fast-check";
import { expect, test } from "vitest";
import { brokenLines, labelledLines } from "../../../src/tui/parts/labelled.ts";
import { hostileText, isHarmless, plain, shownWidth } from "../hostile.ts";

const shown = (...args: Parameters<typeof labelledLines>): string[] =>
  labelledLines(...args).map((line) => plain(line).trimEnd());

test("what does not fit beside its label goes on below, aligned", () => {
  const rows = [
    { label: "state", text: "serving" },
    { label: "why", text: "it was started by the first call" },
  ];
  expect(shown(rows, 24, 6)).toEqual(["state  serving", "why    it was started by", "       the first call"]);
});

test("no more lines are taken than are allowed, and that there is more is seen", () => {
  expect(brokenLines("one two three four five", 8, 2)).toEqual(["one two", "three…"]);
  expect(brokenLines("a very long one", 8, 1)).toEqual(["a very …"]);
  expect(brokenLines("two\nlines", 20, 1)).toEqual(["two…"]);
  expect(brokenLines("two\nlines", 20, 2)).toEqual(["two", "lines"]);
  expect(brokenLines("x".repeat(10_000_000), 10, 3)).toHaveLength(3);
});

test("nothing is wider than its place, and nothing acts on the terminal", () => {
  const size = fc.integer({ min: 6, max: 120 });
  fc.assert(
    fc.property(
      hostileText,
      hostileText,
      size,
      fc.integer({ min: 1, max: 9 }),
      (label, text, width, most) => {
        const lines = labelledLines([{ label, text, most }], width, 10);
        expect(lines.length).toBeLessThanOrEqual(most);
        for (const line of lines) {
          expect(shownWidth(line)).toBeLessThanOrEqual(width);
          expect(isHarmless(line)).toBe(true);
        }
      },
    ),
  );
});
