/** The crash reports of one plugin, newest first. Pure. */
import type { CrashReport } from "../../../../protocol/state.ts";
import { decisionWords } from "../../../text/report-page.ts";
import { ago, clockTime, dateTime, duration } from "../../../text/words.ts";
import type { Facts } from "../../facts.ts";
import { cut } from "../../parts/fit.ts";
import type { ListPosition } from "../../parts/list.ts";
import { tableLines } from "../../parts/table.ts";
import type { Column } from "../../parts/table.ts";
import type { Size } from "../../screen.ts";
import { tone } from "../../theme.ts";

/** Those that everybody knows of, and those that were asked for. */
export function reportsOf(
  { reports }: Facts,
  plugin: string | null,
  asked: readonly CrashReport[],
): readonly CrashReport[] {
  const known = reports.filter((each) => each.plugin === plugin);
  const ids = new Set(known.map(({ id }) => id));
  return [...known, ...asked.filter((each) => each.plugin === plugin && !ids.has(each.id))].sort(
    (a, b) => b.at - a.at,
  );
}

export function crashRows({ rows }: Size): number {
  return Math.max(1, rows - 1);
}

export function crashLines(
  reports: readonly CrashReport[],
  { cursor, top }: ListPosition,
  size: Size,
  now: number,
): string[] {
  if (reports.length === 0) {
    return [tone("dim", cut("It has not crashed, as far as the journal goes back.", size.columns))];
  }
  const shown = reports.slice(top, top + crashRows(size));
  const { header, rows } = tableLines(columns(now, size.columns), shown, size.columns, cursor - top);
  return [header, ...rows].slice(0, size.rows);
}

function columns(now: number, width: number): Column<CrashReport>[] {
  return [
    {
      title: "WHEN",
      min: 8,
      cell: ({ at }) => (isToday(at, now) ? clockTime(at) : dateTime(at)),
    },
    { title: "AGO", align: "right", rank: 6, cell: ({ at }) => ago(at, now).replace(/ ago$/, "") },
    { title: "LIFE", align: "right", rank: 4, cell: ({ generation }) => String(generation) },
    { title: "LIVED", align: "right", rank: 7, cell: ({ uptimeMs }) => duration(uptimeMs) },
    {
      title: "WHAT",
      grows: true,
      min: width < 100 ? 28 : 40,
      cell: ({ summary }) => ({ text: summary, tone: "bad" }),
    },
    { title: "CLASS", rank: 2, cell: (report) => report.class },
    {
      title: "LOST",
      align: "right",
      rank: 3,
      cell: ({ lostCallCount }) => ({
        text: String(lostCallCount),
        tone: lostCallCount === 0 ? "dim" : "warn",
      }),
    },
    { title: "NEXT", rank: 1, max: 18, cell: ({ decision }) => decisionWords(decision, true) },
  ];
}

function isToday(at: number, now: number): boolean {
  return new Date(at).toDateString() === new Date(now).toDateString();
}
