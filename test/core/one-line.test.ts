import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { oneLine } from "../../src/core/one-line.ts";

describe("one line", () => {
  test.each([
    ["a\r\n\tb   c\n", "a b c", "spaces and breaks are folded"],
    ["\u001B[31mred\u001B[0m", "red", "colours go"],
    ["a\u0007b\u0000", "a\\u{7}b\\u{0}", "control characters are spelt out"],
    ["abc\u202Edcba", "abc\\u{202e}dcba", "so are bidirectional overrides"],
    ["\u001B]0;title\u0007", "\\u{1b}]0;title\\u{7}", "and other escape sequences"],
    ["\uD800x", "\\u{d800}x", "and lone surrogates"],
    ["größe 漢字 🚢", "größe 漢字 🚢", "text stays"],
  ])("%j -> %j (%s)", (text, line) => {
    expect(oneLine(text)).toBe(line);
  });

  test("a long text is cut, visibly, and never through a character", () => {
    expect(oneLine("x".repeat(300))).toBe(`${"x".repeat(199)}…`);
    expect(oneLine("🚢".repeat(10), 10)).toBe("🚢🚢🚢🚢…");
  });

  test("any text becomes one harmless line within the bound, and a harmless line stays as it is", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 1000 }),
        fc.integer({ min: 1, max: 200 }),
        (text, max) => {
          const line = oneLine(text, max);
          expect(line.length).toBeLessThanOrEqual(max);
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
          expect(oneLine(line, max)).toBe(line);
        },
      ),
    );
  });
});
