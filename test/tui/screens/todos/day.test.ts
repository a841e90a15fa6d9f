import { describe, expect, test } from "vitest";
import { dueWords, typedDay } from "../../../../src/tui/screens/todos/day.ts";
import { now } from "../../todos/samples.ts";

test.each([
  ["", null],
  ["  ", null],
  ["today", "2026-03-04"],
  ["Tomorrow", "2026-03-05"],
  ["+3d", "2026-03-07"],
  ["+4w", "2026-04-01"],
  ["2028-02-29", "2028-02-29"],
])("%j is %j", (text, day) => {
  expect(typedDay(text, now)).toEqual({ ok: true, day });
});

test.each(["2026-02-29", "2026-13-01", "26-01-01", "soon", "3", "+1y"])("%j is no day", (text) => {
  expect(typedDay(text, now)).toMatchObject({ ok: false, why: expect.any(String) });
});

describe("a day in words", () => {
  test.each([
    ["2026-03-04", "today", false],
    ["2026-03-05", "tomorrow", false],
    ["2026-03-06", "2026-03-06", false],
    ["2026-03-03", "late 2026-03-03", true],
  ])("%s is %s", (due, text, isLate) => {
    expect(dueWords(due, now)).toEqual({ text, isLate });
  });
});
