import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jsonFault } from "../../../src/tui/form/json-fault.ts";

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test.each<[text: string, line: number, column: number, message: string]>([
  ["", 1, 1, "a value is missing"],
  ["{", 1, 2, 'a "name" or } is missing'],
  ["[1,]", 1, 4, "a value is missing"],
  ['{"a" 1}', 1, 6, "a colon is missing"],
  ['{\n  "a": 1\n  "b": 2}', 3, 3, "a comma or the closing bracket is missing"],
  ["1 2", 1, 3, "nothing may follow here"],
  ['["abc]', 1, 2, "a text without its end, or with a character that must be escaped"],
  ["[01]", 1, 2, "a value or ] is missing"],
])("%j", (text, line, column, message) => {
  expect(jsonFault(text)).toEqual({ line, column, message });
});

test("there is a fault where there is no JSON, and nowhere else", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    "1",
    "-0.5e3",
    "01",
    "true",
    "nul",
    " ",
    "\n",
    '"\\x"',
    '"\\u00e9"',
    '"\t"',
    "\u0085",
    '"\u0085"',
  );
  const near = fc
    .json()
    .chain((text) =>
      fc
        .tuple(fc.nat(text.length), fc.nat(2), pieces)
        .map(([at, gone, more]) => text.slice(0, at) + more + text.slice(at + gone)),
    );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        near,
        fc.array(pieces).map((all) => all.join("")),
      ),
      (text) => {
        expect(jsonFault(text) === undefined).toBe(isJson(text));
      },
    ),
    { numRuns: 1000 },
  );
});

test("a long text is looked at to its end", () => {
  expect(jsonFault(JSON.stringify("é".repeat(1_000_000)))).toBeUndefined();
});
