import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tableLines } from "../../../src/tui/parts/table.ts";
import type { Column } from "../../../src/tui/parts/table.ts";
import { hostileText, isHarmless, plain, shownWidth } from "../hostile.ts";

interface Row {
  readonly name: string;
  readonly count: string;
  readonly words: string;
}

const columns: readonly Column<Row>[] = [
  { title: "NAME", cell: ({ name }) => name, min: 6, max: 12 },
  { title: "COUNT", cell: ({ count }) => ({ text: count, tone: "dim" }), align: "right", rank: 2 },
  { title: "WORDS", cell: ({ words }) => words, grows: true, rank: 1 },
];
const rows: readonly Row[] = [
  { name: "chaos", count: "7", words: "panicked at src/main.rs:12" },
  { name: "wordcount-with-a-long-name", count: "12345", words: "" },
];
const shown = (width: number) => {
  const { header, rows: lines } = tableLines(columns, rows, width);
  return [header, ...lines].map((line) => plain(line).trimEnd());
};

describe("a table", () => {
  test("gives the width that is left to the column that grows", () => {
    expect(shown(50)).toEqual([
      "NAME          COUNT  WORDS",
      "chaos             7  panicked at src/main.rs:12",
      "wordcount-w…  12345",
    ]);
  });

  test("leaves out the columns of the highest rank first", () => {
    expect(shown(24)).toEqual(["NAME          WORDS", "chaos         panicked …", "wordcount-w…"]);
    expect(shown(20)).toEqual(["NAME", "chaos", "wordcount-w…"]);
  });

  test("cuts even what never goes when there is no room for it", () => {
    expect(shown(6)).toEqual(["NAME", "chaos", "wordc…"]);
  });

  test("marks the selected row over the whole width", () => {
    const { rows: lines } = tableLines(columns, rows, 60, 1);
    expect(lines[1]).toContain("\u001B[7m");
    expect(shownWidth(lines[1] ?? "")).toBe(60);
    expect(lines[0]).not.toContain("\u001B[7m");
  });

  test("is never wider than asked and never harms, whatever is in it", () => {
    const row = fc.record({ name: hostileText, count: hostileText, words: hostileText });
    const column = fc.record({
      which: fc.constantFrom("name", "count", "words"),
      grows: fc.boolean(),
      rank: fc.option(fc.nat(4)),
      max: fc.option(fc.nat(30)),
      min: fc.nat(12),
    });
    fc.assert(
      fc.property(
        fc.array(column, { maxLength: 6 }),
        fc.array(row, { maxLength: 5 }),
        fc.integer({ min: 0, max: 120 }),
        fc.nat(5),
        (made, data, width, cursor) => {
          const some = made.map(({ which, grows, rank, max, min }): Column<Row> => ({
            title: which.toUpperCase(),
            cell: (each) => each[which as keyof Row],
            grows,
            min,
            ...(rank === null ? {} : { rank }),
            ...(max === null ? {} : { max }),
          }));
          const { header, rows: lines } = tableLines(some, data, width, cursor);
          expect(lines).toHaveLength(data.length);
          for (const line of [header, ...lines]) {
            expect(shownWidth(line)).toBeLessThanOrEqual(width);
            expect(isHarmless(line)).toBe(true);
          }
        },
      ),
    );
  });
});
