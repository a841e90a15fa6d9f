import * as fc from "fast-check";
import { expect, test } from "vitest";
import { promptLine } from "../../../src/tui/parts/prompt.ts";
import { edited, inputOf } from "../../../src/tui/parts/text-input.ts";
import { hostileText, isHarmless, plain, shownWidth } from "../hostile.ts";

test("shows the text with the cursor on its character", () => {
  const line = promptLine("/", { text: "chaos", cursor: 2 }, 20);
  expect(plain(line)).toBe("/ chaos");
  expect(line).toContain("\u001B[7ma\u001B[27m");
  expect(promptLine("/", inputOf("x"), 20, false)).not.toContain("\u001B[7m");
});

test("scrolls so that the cursor is in sight", () => {
  expect(plain(promptLine("/", inputOf("a long text that does not fit"), 14)).trimEnd()).toBe(
    "/ …es not fit",
  );
  expect(plain(promptLine("/", { text: "a long text that does not fit", cursor: 0 }, 14))).toBe(
    "/ a long text…",
  );
});

test("is never wider than asked and never harms, wherever the cursor is", () => {
  fc.assert(
    fc.property(
      hostileText,
      fc.nat(30),
      fc.integer({ min: 4, max: 60 }),
      fc.boolean(),
      (text, lefts, width, active) => {
        let input = inputOf(text);
        for (let n = 0; n < lefts; n++) input = edited(input, { name: "left", text: "" });
        const line = promptLine("/", input, width, active);
        expect(shownWidth(line)).toBeLessThanOrEqual(width);
        expect(isHarmless(line)).toBe(true);
      },
    ),
  );
});
