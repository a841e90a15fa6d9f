import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonText, terminalLine, terminalText } from "../../src/text/sanitize.ts";

// oxlint-disable-next-line no-control-regex -- they are what this is about
const acting = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\u061c\ufeff]|\p{Cs}/u;

describe("text of a plugin on a terminal", () => {
  test.each([
    ["\u001b[31mred\u001b[0m", String.raw`\u{1b}[31mred\u{1b}[0m`],
    ["a\r\nb\tc", String.raw`a\r\nb\tc`],
    ["gnp\u202e.exe", String.raw`gnp\u{202e}.exe`],
    ["\u009b2J", String.raw`\u{9b}2J`],
    ["half \ud800", String.raw`half \u{d800}`],
    ["grün 你好 🚀", "grün 你好 🚀"],
  ])("%j is shown as %s", (text, shown) => expect(terminalLine(text)).toBe(shown));

  test("keeps line breaks and tabs where several lines are meant", () => {
    expect(terminalText("a\n\tb\u0007")).toBe("a\n\tb\\u{7}");
  });

  test("never has a character that a terminal acts on", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(terminalLine(text)).not.toMatch(acting);
      }),
    );
  });
});

describe("JSON on a terminal", () => {
  test("is the same value, without a character that a terminal acts on", () => {
    const values = fc.jsonValue({ stringUnit: "binary" });
    fc.assert(
      fc.property(values, (value) => {
        const text = jsonText(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(text).not.toMatch(acting);
      }),
    );
  });

  test("writes characters beyond 16 bits as JSON does", () => {
    expect(JSON.parse(jsonText("\u{e0041}\u009b"))).toBe("\u{e0041}\u009b");
  });
});
