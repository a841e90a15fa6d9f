/** Text in columns, for a terminal or a file. Pure: colour is whatever `Paint` makes of it. */
import type { styleText } from "node:util";
import { terminalLine } from "./sanitize.ts";

export type Style = Parameters<typeof styleText>[0];

export type Paint = (style: Style, text: string) => string;

export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

/**
 * Columns aligned, the last one cut to the width that is left (never below 20). Cells are made harmless here.
 * @param width columns of the terminal; undefined: nothing is cut
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly (string | Cell)[])[],
  style: Paint,
  width?: number,
): string[] {
  const cells = rows.map((row) => row.map((cell): Cell => plain(cell)));
  const widths = header.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.text.length ?? 0)),
  );
  const last = header.length - 1;
  const before = widths.slice(0, last).reduce((sum, each) => sum + each + 2, 0);
  const room = width === undefined ? Infinity : Math.max(20, width - before);
  const lay = (row: readonly Cell[]): string =>
    row
      .map(({ text, style: own }, column) => {
        const cut = column === last ? ellipsis(text, room) : text;
        const gap = column === last ? "" : " ".repeat((widths[column] ?? 0) - cut.length + 2);
        return (own === undefined ? cut : style(own, cut)) + gap;
      })
      .join("")
      .trimEnd();
  return [lay(header.map((text) => ({ text, style: "dim" }))), ...cells.map(lay)];
}

/** Lines of `label: value`, the values aligned; a missing value leaves its line out. */
export function fields(
  pairs: readonly (readonly [label: string, value: string | undefined])[],
  style: Paint,
): string[] {
  const present = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  const width = Math.max(0, ...present.map(([label]) => label.length));
  return present.map(([label, value]) => `${style("dim", label.padEnd(width))}  ${value}`);
}

export function ellipsis(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1)).trimEnd()}…`;
}

function plain(cell: string | Cell): Cell {
  return typeof cell === "string" ? { text: terminalLine(cell) } : { ...cell, text: terminalLine(cell.text) };
}
