/** Texts that are hard on a terminal, for properties. */
import * as fc from "fast-check";
import stringWidth from "string-width";
import { stripVTControlCharacters } from "node:util";

/** Letters of one and two columns and of none, flags, families, control characters, overrides, halves of pairs. */
const unit = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...Array.from("abc XYZ 0123 -/.")) },
  fc.constantFrom(
    "ä",
    "ß",
    "你",
    "好",
    "ﾞ",
    "カ",
    "한",
    "ᄒ",
    "ᅡ",
    "e\u0301",
    "\u0301",
    "\u200d",
    "\ufe0f",
    "☺",
    "❤\ufe0f",
  ),
  fc.constantFrom("🚀", "👨‍👩‍👧", "🇩", "🇪", "👍🏽", "\u{e0041}", "𝒳"),
  fc.constantFrom(
    "\u001b[31m",
    "\u001b]0;x\u0007",
    "\u009b2J",
    "\r",
    "\n",
    "\t",
    "\b",
    "\0",
    "\u202e",
    "\u2066",
    "\u2028",
  ),
  fc.constantFrom("\ud83d", "\ude80"),
);

export const hostileText: fc.Arbitrary<string> = fc
  .array(unit, { maxLength: 60 })
  .map((units) => units.join(""));

/** What is left when everything that acts is escaped, as `terminalLine` does. */
export const harmlessText: fc.Arbitrary<string> = hostileText.map((text) =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "?"),
);

/** Columns that it takes on the screen; colours take none. */
export function shownWidth(line: string): number {
  return stringWidth(line);
}

// oxlint-disable-next-line no-control-regex -- they are what this is about
const acting = /[\u0000-\u001f\u007f-\u009f]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Whether a line does nothing to a terminal but to write, in colours. */
export function isHarmless(line: string): boolean {
  // oxlint-disable-next-line no-control-regex -- see above
  return !acting.test(line.replaceAll(/\u001b\[[\d;]*m/g, ""));
}

export const plain = stripVTControlCharacters;
