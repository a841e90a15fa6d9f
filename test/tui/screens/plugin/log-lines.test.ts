import { expect, test } from "vitest";
import { inputOf } from "../../../../src/tui/parts/text-input.ts";
import { logInSight, logLines } from "../../../../src/tui/screens/plugin/log-lines.ts";
import { emptyLog, keptLines, received } from "../../../../src/tui/screens/plugin/log.ts";
import type { LogState } from "../../../../src/tui/screens/plugin/log.ts";
import { plain } from "../../hostile.ts";
import { logLine } from "../samples.ts";

const size = { columns: 40, rows: 6 };
const logOf = (...texts: readonly string[]): LogState => ({
  ...received(
    emptyLog,
    texts.map((text) => logLine(text)),
    true,
    0,
  ),
  hasTime: false,
});
const shown = (log: LogState): string[] => logLines(log, size, null).map((line) => plain(line).trimEnd());

const waiting = (waitingFor: "daemon" | "log" | null): string =>
  logLines(emptyLog, { columns: 80, rows: 6 }, waitingFor).map(plain).join("\n");

test("a log that can not be asked for is not said to be empty", () => {
  expect(waiting("daemon")).toContain("The daemon is away: the log is read when it is back.");
  expect(waiting("log")).toContain("Reading the log…");
  expect(waiting(null)).toContain("Nothing was written to stderr.");
});

test("the border between two lives is a rule across the view", () => {
  const border = logLine("──── life 2 · pid 7 · started now ────", { kind: "border" });
  const [, line] = shown({ ...received(emptyLog, [border], true, 0), hasTime: false });
  expect(line).toBe(`── life 2 · pid 7 · started now ${"─".repeat(8)}`);
});

test("a level stands before its line, and a time where it is wanted", () => {
  const log = received(emptyLog, [logLine("no disk", { level: "error" })], true, 0);
  expect(shown(log)[1]).toMatch(/^\d\d:\d\d:\d\d error no disk$/);
  expect(shown({ ...log, hasTime: false })[1]).toBe("error no disk");
});

test("long lines are cut, or wrapped", () => {
  const log = logOf("a".repeat(90));
  expect(shown(log)[1]).toBe(`${"a".repeat(39)}…`);
  expect(shown({ ...log, isWrapped: true }).slice(1)).toEqual([
    "a".repeat(40),
    "a".repeat(40),
    "a".repeat(10),
  ]);
  const two = { ...logOf("a".repeat(90), "b".repeat(90)), isWrapped: true };
  expect(logInSight(two, { ...size, rows: 7 })).toBe(2);
});

test("a tab is a gap, and a backslash with a t is what it is", () => {
  expect(shown(logOf("a\tb C:\\temp"))[1]).toBe("a  b C:\\temp");
});

test("what is searched stands out, also where it would mean something in a pattern", () => {
  const log = { ...logOf("a.b axb A.B"), search: { input: inputOf("a.b"), isTyping: false } };
  const [, line = ""] = logLines(log, size, null);
  expect(plain(line)).toBe("a.b axb A.B");
  // oxlint-disable-next-line no-control-regex -- reversed text
  expect([...line.matchAll(/\u001b\[7m(.*?)\u001b/g)].map(([, text]) => text)).toEqual(["a.b", "A.B"]);
});

test("that lines were dropped is said", () => {
  const log = received(logOf("x"), [], false, 12_345);
  expect(plain(logLines(log, { columns: 100, rows: 3 }, null)[0] ?? "")).toContain("12345 lines dropped");
});

test("no more lines are made than there is room for", () => {
  let made = 0;
  const line = logLine("x");
  const counted = new Proxy(line, {
    get: (target, key) => {
      if (key === "text") made += 1;
      return Reflect.get(target, key);
    },
  });
  const log = { ...emptyLog, lines: Array.from({ length: keptLines }, () => counted) };
  logLines(log, size, null);
  expect(made).toBeLessThanOrEqual(2 * size.rows);
});
