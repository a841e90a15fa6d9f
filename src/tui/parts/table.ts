/** Rows of a table as lines of text: columns share the width that there is. Pure. */
import { terminalLine } from "../../text/sanitize.ts";
import { tone } from "../theme.ts";
import type { Tone } from "../theme.ts";
import { fit, widthOf } from "./fit.ts";

export interface TableCell {
  readonly text: string;
  readonly tone?: Tone;
}

export interface Column<R> {
  readonly title: string;
  readonly cell: (row: R) => string | TableCell;
  readonly align?: "left" | "right";
  /** Takes the width that is left over; else as wide as what is in it. */
  readonly grows?: boolean;
  /** Which columns go first when the width does not do: the highest. Absent: it never goes. */
  readonly rank?: number;
  /** Never narrower, columns. */
  readonly min?: number;
  /** Never wider, columns. */
  readonly max?: number;
}

export interface TableLines {
  readonly header: string;
  readonly rows: readonly string[];
}

const gap = 2;

/** @param rows those in sight @param cursor of these, the selected one */
export function tableLines<R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  width: number,
  cursor?: number,
): TableLines {
  const cells = rows.map((row) =>
    columns.map(({ cell }): TableCell => {
      const made = cell(row);
      const { text, ...look } = typeof made === "string" ? { text: made } : made;
      // No more of it than may be seen.
      return { ...look, text: terminalLine(text.slice(0, width * 16)) };
    }),
  );
  const natural = columns.map(({ title, min = 0, max = Infinity }, at) => {
    const widest = Math.max(widthOf(title), ...cells.map((row) => widthOf(row[at]?.text ?? "")));
    return Math.max(min, Math.min(max, widest));
  });
  const { shown, widths } = shared(columns, natural, chosen(columns, natural, width), width);
  const lay = (texts: readonly TableCell[], isSelected: boolean): string => {
    const parts = shown.map((at, index) => {
      const { text, tone: look = "plain" } = texts[at] ?? { text: "" };
      const fitted = fit(text, widths[at] ?? 0, columns[at]?.align);
      const space = index === shown.length - 1 ? "" : " ".repeat(gap);
      return (isSelected ? fitted : tone(look, fitted)) + space;
    });
    const line = parts.join("");
    if (!isSelected) return line;
    return tone("selected", fit(line, width));
  };
  return {
    header: lay(
      columns.map(({ title }) => ({ text: title, tone: "dim" })),
      false,
    ),
    rows: cells.map((row, at) => lay(row, at === cursor)),
  };
}

function needs<R>(
  columns: readonly Column<R>[],
  natural: readonly number[],
  shown: readonly number[],
): number {
  return shown.reduce((sum, at) => {
    const column = columns[at];
    const own =
      column?.grows === true ? Math.max(column.min ?? 8, widthOf(column.title)) : (natural[at] ?? 0);
    return sum + own + gap;
  }, -gap);
}

/** Indexes of the columns that there is room for. */
function chosen<R>(columns: readonly Column<R>[], natural: readonly number[], width: number): number[] {
  let shown = columns.map((_, at) => at);
  while (needs(columns, natural, shown) > width) {
    const rank = Math.max(...shown.map((at) => columns[at]?.rank ?? -Infinity));
    if (rank === -Infinity) break;
    shown = shown.filter((at) => columns[at]?.rank !== rank);
  }
  return shown;
}

function shared<R>(
  columns: readonly Column<R>[],
  natural: readonly number[],
  wanted: readonly number[],
  width: number,
): { readonly shown: readonly number[]; readonly widths: readonly number[] } {
  const growing = wanted.filter((at) => columns[at]?.grows === true);
  const fixed = wanted.filter((at) => columns[at]?.grows !== true);
  const taken = fixed.reduce((sum, at) => sum + (natural[at] ?? 0), 0) + gap * (wanted.length - 1);
  const each = growing.length === 0 ? 0 : Math.floor(Math.max(0, width - taken) / growing.length);
  const widths = columns.map((column, at) => (column.grows === true ? each : (natural[at] ?? 0)));
  // Those that never go may be wider together than there is room: the last ones are cut then.
  let room = width;
  const shown = wanted.filter((at) => {
    if (room <= 0) return false;
    const own = Math.min(widths[at] ?? 0, room);
    widths[at] = own;
    room -= own + gap;
    return true;
  });
  return { shown, widths };
}
