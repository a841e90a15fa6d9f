import { styleText } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutPainted, wrapPainted } from "../../../src/tui/parts/painted.ts";
import { harmlessText, plain, shownWidth } from "../hostile.ts";

const red = (text: string): string => styleText("red", text, { validateStream: false });
const strong = (text: string): string => styleText(["bold", "red"], text, { validateStream: false });
const painted = fc
  .array(
    fc.tuple(
      fc.constantFrom((text: string) => text, red, strong),
      harmlessText,
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.map(([style, text]) => style(text)).join(""));
const width = fc.integer({ min: 20, max: 80 });

const letters = (text: string): string => plain(text).replaceAll(" ", "");

describe("a line with colours", () => {
  test("is cut to its width, and its colours end there", () => {
    expect(cutPainted(red("a long text"), 7)).toBe("\u001b[31ma long\u001b[0m…");
    expect(cutPainted(`a ${red("b")} c`, 20)).toBe(`a ${red("b")} c`);
    fc.assert(
      fc.property(painted, width, (line, columns) => {
        expect(shownWidth(cutPainted(line, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });

  test("is broken at spaces, indented, and goes on in its colour", () => {
    const lines = wrapPainted(`  why  ${strong("one two three four five")}`, 16, 7);
    expect(lines.map(plain)).toEqual(["  why  one two", "       three", "       four five"]);
    expect(lines[1]).toBe("       \u001b[1m\u001b[31mthree\u001b[0m");
  });

  test("is broken inside of a word rather than to leave half of a line empty", () => {
    expect(wrapPainted("a verylongwordindeed", 10, 2)).toEqual(["a verylong", "  wordinde", "  ed"]);
  });

  test("loses nothing but spaces when it is broken, and no line is too wide", () => {
    fc.assert(
      fc.property(painted, width, fc.integer({ min: 0, max: 12 }), (line, columns, indent) => {
        const lines = wrapPainted(line, columns, indent);
        for (const each of lines) expect(shownWidth(each)).toBeLessThanOrEqual(columns);
        expect(letters(lines.join(""))).toBe(letters(line));
      }),
    );
  });
});
