import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inputOf } from "../../../../src/tui/parts/text-input.ts";
import {
  cleared,
  cursorOf,
  emptyLog,
  followed,
  found,
  keptLines,
  lastNumber,
  lineAt,
  received,
  scrolledLog,
  topOf,
} from "../../../../src/tui/screens/plugin/log.ts";
import type { LogState } from "../../../../src/tui/screens/plugin/log.ts";
import { logLine } from "../samples.ts";

const lines = (count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => logLine(`line ${from + at}`));
const logOf = (count: number): LogState => received(emptyLog, lines(count), true, 0);
const selected = (log: LogState): string | undefined => lineAt(log, cursorOf(log))?.text;
const one = (): number => 1;

describe("the end is followed", () => {
  test("as lines come", () => {
    const log = received(logOf(3), lines(2, 3), false, 0);
    expect(selected(log)).toBe("line 4");
    expect(topOf(log, 2, one)).toBe(3);
  });

  test("until the person moves away, and again with f", () => {
    const moved = scrolledLog(logOf(10), "up", 5, 5);
    const more = received(moved, lines(100, 10), false, 0);
    expect(selected(more)).toBe("line 8");
    expect(topOf(more, 5, one)).toBe(topOf(moved, 5, one));
    expect(selected(followed(more))).toBe("line 109");
  });

  test("also after a key that leads further down", () => {
    expect(scrolledLog(logOf(10), "down", 5, 5).cursor).toBeNull();
  });
});

describe("only the latest lines are kept", () => {
  test("and their numbers stay", () => {
    const log = received(logOf(keptLines), lines(10, keptLines), false, 0);
    expect(log.lines).toHaveLength(keptLines);
    expect(lineAt(log, keptLines + 9)?.text).toBe(`line ${keptLines + 9}`);
    expect(lineAt(log, 9)).toBeUndefined();
  });

  test("a line that is looked at stays in its place until it goes", () => {
    const looking = scrolledLog(logOf(keptLines), "first", 10, 0);
    const later = received(scrolledLog(looking, "page-down", 10, 0), lines(5, keptLines), false, 0);
    expect(selected(later)).toBe("line 10");
    const gone = received(looking, lines(5, keptLines), false, 0);
    expect(selected(gone)).toBe("line 5");
  });

  test("one that is very long is cut", () => {
    const [line] = received(emptyLog, [logLine("x".repeat(100_000))], true, 0).lines;
    expect(line?.text.length).toBeLessThan(10_000);
  });

  test("what came too fast is counted, until the lines are put away", () => {
    const log = received(received(logOf(3), [], false, 7), [], false, 5);
    expect(log.dropped).toBe(12);
    expect(cleared(log)).toMatchObject({ dropped: 0, lines: [], first: 3 });
    expect(received(cleared(log), lines(1, 3), false, 0).lines).toHaveLength(1);
  });
});

describe("a search", () => {
  const log = { ...logOf(30), search: { input: inputOf("LINE 1"), isTyping: false } };

  test("finds the latest line from the end upwards, whatever its case", () => {
    expect(found(log, "up", true)?.cursor).toBe(19);
  });

  test("goes on in both directions, and round", () => {
    const first = { ...log, cursor: 1 };
    expect(found(first, "down", false)?.cursor).toBe(10);
    expect(found(first, "up", false)?.cursor).toBe(19);
  });

  test("finds nothing where there is nothing", () => {
    expect(
      found({ ...log, search: { input: inputOf("nowhere"), isTyping: false } }, "down", true),
    ).toBeUndefined();
    expect(found({ ...emptyLog, search: log.search }, "down", true)).toBeUndefined();
  });
});

test("the selected line is in sight, and no room is left below as long as there are lines above", () => {
  const heights = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(
      heights,
      fc.nat(80),
      fc.nat(80),
      fc.integer({ min: 1, max: 20 }),
      fc.boolean(),
      (all, cursor, top, rows, follows) => {
        const log = { ...logOf(all.length), cursor: follows ? null : cursor, top };
        const heightOf = ({ text }: { readonly text: string }): number => all[Number(text.slice(5))] ?? 1;
        const first = topOf(log, rows, heightOf);
        const sum = (from: number, to: number): number =>
          all.slice(from, to).reduce((total, each) => total + each, 0);
        const at = cursorOf(log);
        expect(first).toBeLessThanOrEqual(at);
        // All of it, unless it alone is higher than the view.
        if (first < at) expect(sum(first, at + 1)).toBeLessThanOrEqual(rows);
        const rest = sum(first, lastNumber(log) + 1);
        if (rest < rows && first > 0) expect(rest + (all[first - 1] ?? 0)).toBeGreaterThan(rows);
      },
    ),
  );
});
