import { expect, test } from "vitest";
import { latest, mostCharacters } from "../../../../src/tui/screens/call/latest.ts";
import { mostItems } from "../../../../src/tui/screens/call/state.ts";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

test("the latest items of a stream stay", () => {
  expect(latest(numbers(3))).toEqual([0, 1, 2]);
  const many = latest(numbers(mostItems + 10));
  expect(many).toHaveLength(mostItems);
  expect(many.at(-1)).toBe(mostItems + 9);
});

test("fewer of large ones, and one in any case", () => {
  const text = "x".repeat(mostCharacters / 4);
  expect(latest(numbers(9).map((at) => ({ at, text })))).toHaveLength(3);
  expect(latest(numbers(9).map((at) => [at, [text, text, text, text, text]]))).toHaveLength(1);
  expect(latest([])).toEqual([]);
});
