import { expect, test } from "vitest";
import { noFilter, passes, typedFilter } from "../../../src/tui/parts/filter.ts";

const filter = (text: string) => ({ ...noFilter, input: { text, cursor: text.length } });

test.each<[filter: string, text: string, passes: boolean]>([
  ["", "anything", true],
  ["  ", "anything", true],
  ["chaos", "CHAOS has crashed", true],
  ["crashed chaos", "chaos has crashed", true],
  ["chaos min", "chaos has crashed", false],
  ["GRÜN", "grün", true],
])("%j and %j: %j", (text, line, expected) => expect(passes(filter(text), line)).toBe(expected));

test("what is typed goes to its text", () => {
  const typed = Array.from("min").reduce(
    (each, char) => typedFilter(each, { name: char, text: char }),
    noFilter,
  );
  expect(typed.input.text).toBe("min");
});
