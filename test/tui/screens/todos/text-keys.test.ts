import * as fc from "fast-check";
import { expect, test } from "vitest";
import { edited, inputOf } from "../../../../src/tui/parts/text-input.ts";
import { lineMoved } from "../../../../src/tui/screens/todos/text-keys.ts";
import { hostileText } from "../../hostile.ts";

test("goes to the same column of the next line, or to its end where it is shorter", () => {
  const text = "one two\nabc\nthree";
  expect(lineMoved({ text, cursor: 5 }, 1)).toEqual({ text, cursor: 11 });
  expect(lineMoved({ text, cursor: 2 }, 1)).toEqual({ text, cursor: 10 });
  expect(lineMoved({ text, cursor: 13 }, -1)).toEqual({ text, cursor: 9 });
});

test("stays where there is no further line", () => {
  expect(lineMoved({ text: "a\nb", cursor: 1 }, -1)).toEqual({ text: "a\nb", cursor: 1 });
  expect(lineMoved({ text: "a\nb", cursor: 3 }, 1)).toEqual({ text: "a\nb", cursor: 3 });
});

test("never stands inside a character", () => {
  const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  fc.assert(
    fc.property(hostileText, fc.nat(20), fc.constantFrom(1 as const, -1 as const), (text, lefts, by) => {
      let input = inputOf(text.replaceAll("\r", ""));
      for (let n = 0; n < lefts; n += 1) input = edited(input, { name: "left", text: "" });
      const { text: same, cursor } = lineMoved(input, by);
      expect(same).toBe(input.text);
      const start = same.lastIndexOf("\n", cursor - 1) + 1;
      const [line = ""] = same.slice(start).split("\n");
      const edges = Array.from(graphemes.segment(line), ({ index, segment }) => index + segment.length);
      expect(cursor === start || edges.includes(cursor - start) || cursor === input.cursor).toBe(true);
    }),
  );
});
