import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Key } from "../../../src/tui/keys.ts";
import { edited, emptyInput, inputOf, inserted } from "../../../src/tui/parts/text-input.ts";
import type { TextInput } from "../../../src/tui/parts/text-input.ts";
import { hostileText } from "../hostile.ts";

const editing = `left right home end backspace delete ctrl+left ctrl+right
  ctrl+a ctrl+e ctrl+w ctrl+u ctrl+k alt+b alt+f`.split(/\s+/);
const key = (name: string): Key => ({ name, text: "" });

/** `|` is the cursor. */
const from = (shown: string): TextInput => ({ text: shown.replace("|", ""), cursor: shown.indexOf("|") });
const shownAs = ({ text, cursor }: TextInput): string => `${text.slice(0, cursor)}|${text.slice(cursor)}`;

describe("editing", () => {
  test.each<[before: string, key: string, after: string]>([
    ["ab|c", "left", "a|bc"],
    ["|abc", "left", "|abc"],
    ["ab|c", "right", "abc|"],
    ["ab|c", "backspace", "a|c"],
    ["|abc", "backspace", "|abc"],
    ["a|bc", "delete", "a|c"],
    ["one two|", "ctrl+w", "one |"],
    ["one two  |", "ctrl+w", "one |"],
    ["  |", "ctrl+w", "|"],
    ["one |two", "alt+b", "|one two"],
    ["one| two three", "alt+f", "one two| three"],
    ["first\nse|cond", "ctrl+a", "first\n|second"],
    ["first\nse|cond\nthird", "ctrl+e", "first\nsecond|\nthird"],
    ["first\nse|cond", "ctrl+u", "first\n|cond"],
    ["|\nabc", "ctrl+u", "|\nabc"],
    ["|\nabc", "home", "|\nabc"],
    ["se|cond\nthird", "ctrl+k", "se|\nthird"],
    ["a👨‍👩‍👧|b", "backspace", "a|b"],
    ["a|👨‍👩‍👧b", "right", "a👨‍👩‍👧|b"],
    ["e\u0301|x", "left", "|e\u0301x"],
    ["abc|", "f5", "abc|"],
  ])("%j, %s: %j", (before, name, after) => {
    expect(shownAs(edited(from(before), key(name)))).toBe(after);
  });

  test("typing goes in at the cursor", () => {
    expect(shownAs(edited(from("a|c"), { name: "b", text: "b" }))).toBe("ab|c");
    expect(shownAs(inserted(from("a|c"), "one\ntwo"))).toBe("aone\ntwo|c");
  });

  test("a long text is edited at once", () => {
    const long = inputOf(`${"a".repeat(300_000)} ${"b".repeat(300_000)}`);
    expect(edited(long, key("ctrl+w")).text).toHaveLength(300_001);
  });
});

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

test("the cursor never leaves the text, and never is inside a character", () => {
  const keys = fc.array(
    fc.oneof(
      fc.constantFrom(...editing).map(key),
      hostileText.map((text): Key => ({ name: text, text })),
    ),
  );
  fc.assert(
    fc.property(keys, (pressed) => {
      let input: TextInput = emptyInput;
      for (const each of pressed) {
        input = edited(input, each);
        const { text, cursor } = input;
        const places = new Set([...Array.from(graphemes.segment(text), ({ index }) => index), text.length]);
        expect(places).toContain(cursor);
      }
    }),
  );
});

test("moving changes nothing, and deleting only takes away", () => {
  const place = fc.record({ text: hostileText, presses: fc.nat(20) });
  fc.assert(
    fc.property(place, fc.constantFrom(...editing), ({ text, presses }, name) => {
      let input = inputOf(text);
      for (let n = 0; n < presses; n++) input = edited(input, key("left"));
      const after = edited(input, key(name));
      const deletes = ["backspace", "delete", "ctrl+w", "ctrl+u", "ctrl+k"].includes(name);
      if (deletes) expect(after.text.length).toBeLessThanOrEqual(text.length);
      else expect(after.text).toBe(text);
    }),
  );
});
