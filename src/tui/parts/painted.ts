/** Lines that have colours already, to a width. Pure. */
import { widthOf } from "./fit.ts";

/** One visible character and the colours that are on there. */
interface Cell {
  readonly text: string;
  readonly width: number;
  readonly style: string;
}

// oxlint-disable-next-line no-control-regex -- colours begin with it
const sgr = /(\u001b\[[\d;]*m)/;
/** What ends bold, dim, a colour …: `styleText` ends them in reverse order. */
const ends = /\[(?:0|2[2-9]|39|49)?m$/;
const reset = "\u001b[0m";
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function cellsOf(line: string): Cell[] {
  const cells: Cell[] = [];
  const open: string[] = [];
  for (const [at, part] of line.split(sgr).entries()) {
    if (at % 2 === 1) {
      if (ends.test(part)) open.pop();
      else open.push(part);
      continue;
    }
    const style = open.join("");
    for (const { segment } of graphemes.segment(part))
      cells.push({ text: segment, width: widthOf(segment), style });
  }
  return cells;
}

function written(cells: readonly Cell[]): string {
  let line = "";
  let style = "";
  for (const cell of cells) {
    if (cell.style !== style) {
      line += (style === "" ? "" : reset) + cell.style;
      ({ style } = cell);
    }
    line += cell.text;
  }
  return line + (style === "" ? "" : reset);
}

/** As many cells as fit into the room. */
function fitting(cells: readonly Cell[], from: number, room: number): number {
  let left = room;
  let at = from;
  while (at < cells.length && (cells[at]?.width ?? 0) <= left) {
    left -= cells[at]?.width ?? 0;
    at += 1;
  }
  return at;
}

/** As much of it as fits, with `…` for the rest. */
export function cutPainted(line: string, width: number): string {
  if (widthOf(line) <= width) return line;
  const cells = cellsOf(line);
  return `${written(cells.slice(0, fitting(cells, 0, width - 1)))}…`;
}

/** Lines of at most `width` columns, broken at spaces where there are any; all but the first are indented. */
export function wrapPainted(line: string, width: number, indent: number): string[] {
  if (widthOf(line) <= width) return [line];
  const cells = cellsOf(line);
  const hang = " ".repeat(Math.min(indent, Math.floor(width / 2)));
  const lines: string[] = [];
  let from = 0;
  while (from < cells.length) {
    const before = lines.length === 0 ? "" : hang;
    let to = fitting(cells, from, width - before.length);
    // What is wider than a line: nothing could be shown of it.
    if (to === from) to += 1;
    let end = to;
    if (to < cells.length) {
      const space = cells.findLastIndex(({ text }, at) => at <= to && text === " ");
      // A break that leaves half of the line empty is worse than one inside of a word.
      const isInside = space > from + (to - from) / 2;
      if (isInside) {
        end = space;
        to = space + 1;
      }
    }
    lines.push(before + written(cells.slice(from, end)));
    from = to;
  }
  return lines;
}
