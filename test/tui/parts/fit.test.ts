import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cut, fit, widthOf, wrap } from "../../../src/tui/parts/fit.ts";
import { harmlessText, shownWidth } from "../hostile.ts";

const width = fc.integer({ min: 0, max: 70 });

describe("cut", () => {
  test.each<[text: string, width: number, shown: string]>([
    ["short", 5, "short"],
    ["longer", 5, "long…"],
    ["你好世界", 5, "你好…"],
    ["你好世界", 4, "你…"],
    ["anything", 1, "…"],
    ["anything", 0, ""],
    ["👨‍👩‍👧👨‍👩‍👧", 3, "👨‍👩‍👧…"],
  ])("%s in %i columns is %s", (text, columns, shown) => expect(cut(text, columns)).toBe(shown));

  test("is never wider than asked, and is the text's beginning", () => {
    fc.assert(
      fc.property(harmlessText, width, (text, columns) => {
        const shown = cut(text, columns);
        expect(shownWidth(shown)).toBeLessThanOrEqual(columns);
        if (shown !== text) expect(text.startsWith(shown.replace(/…$/, ""))).toBe(true);
      }),
    );
  });

  test("looks at no more of a long text than it shows, and splits no pair there", () => {
    const shown = cut(`a${"\u{1d4b3}".repeat(500_000)}`, 20);
    expect(shownWidth(shown)).toBe(20);
    expect(cut(`a${"\u0301".repeat(15)}${"\u{1d165}".repeat(1000)}b`, 1)).not.toMatch(/\p{Cs}/u);
  });
});

test("fit is exactly as wide as asked", () => {
  fc.assert(
    fc.property(harmlessText, width, fc.constantFrom("left", "right"), (text, columns, align) => {
      expect(widthOf(fit(text, columns, align))).toBe(columns);
    }),
  );
  expect(fit("7", 3, "right")).toBe("  7");
});

describe("wrap", () => {
  test.each<[text: string, width: number, lines: readonly string[]]>([
    ["one two three", 8, ["one two", "three"]],
    ["one two", 7, ["one two"]],
    ["unbreakable", 4, ["unbr", "eaka", "ble"]],
    ["  indented text", 12, ["  indented", "text"]],
    ["a\n\nb", 10, ["a", "", "b"]],
    ["你好世界", 5, ["你好", "世界"]],
    ["", 5, [""]],
  ])("%j in %i columns", (text, columns, lines) => expect(wrap(text, columns)).toEqual(lines));

  test("loses no visible character, and no line is wider than asked", () => {
    fc.assert(
      fc.property(harmlessText, fc.integer({ min: 2, max: 40 }), (text, columns) => {
        const lines = wrap(text, columns);
        expect(lines.join("").replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
        expect(Math.max(...lines.map(shownWidth))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
