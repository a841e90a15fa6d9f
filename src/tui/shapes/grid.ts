/** Columns of texts that share a width. Pure. */
import { fit, widthOf } from "../parts/fit.ts";
import { tone } from "../theme.ts";
import { moreOf, mostLines, oneLine } from "./plain.ts";

export interface GridColumn {
  readonly title: string;
  readonly align: "left" | "right";
  /** Columns that it asks for; absent: as wide as the widest cell. */
  readonly width?: number | undefined;
}

export interface Grid {
  readonly columns: readonly GridColumn[];
  /** How many rows there are, in all. */
  readonly count: number;
  /** A row's texts; asked for the rows that are drawn only. Not harmless yet. */
  readonly row: (at: number) => readonly string[];
}

const gap = 2;
/** No column is narrower than this, unless what is in it is. */
const narrowest = 5;
/** Texts that one drawing lays out. */
const mostCells = 60_000;

export function gridLines({ columns, count, row }: Grid, width: number): string[] {
  if (columns.length === 0) return [tone("dim", moreOf(count, "empty row").slice(2))];
  // As many as could stand side by side: what is beyond that is never measured.
  const possible = columns.slice(0, Math.ceil(width / (1 + gap)));
  const shownRows = Math.min(count, mostLines - 3, Math.floor(mostCells / possible.length));
  const titles = possible.map(({ title }) => oneLine(title, width));
  const cells = Array.from({ length: shownRows }, (_, at) => {
    const texts = row(at);
    return possible.map((_column, index) => oneLine(texts[index] ?? "", width));
  });
  const natural = possible.map(({ width: asked }, at) => {
    const widest = cells.reduce((most, each) => Math.max(most, widthOf(each[at] ?? "")), 0);
    return Math.max(1, widthOf(titles[at] ?? ""), asked === undefined ? widest : Math.min(asked, width));
  });
  const widths = shared(natural, width);
  const lay = (texts: readonly string[]): string =>
    widths
      .map((each, at) => fit(texts[at] ?? "", each, possible[at]?.align))
      .join(" ".repeat(gap))
      .trimEnd();
  const missing = columns.slice(widths.length);
  return [
    tone("dim", lay(titles)),
    ...cells.map(lay),
    ...(shownRows < count ? [tone("dim", oneLine(moreOf(count - shownRows, "row"), width))] : []),
    ...(missing.length > 0 ? [tone("dim", oneLine(withNames(missing), width))] : []),
  ];
}

function withNames(missing: readonly GridColumn[]): string {
  const names = missing.slice(0, 20).map(({ title }) => oneLine(title, 40));
  return `${moreOf(missing.length, "column")}: ${names.join(", ")}`;
}

/** Widths of the columns that there is room for: the widest give way first. */
function shared(natural: readonly number[], width: number): number[] {
  const least = natural.map((each) => Math.min(each, narrowest));
  let shown = 0;
  let used = -gap;
  while (shown < natural.length && used + gap + (least[shown] ?? 0) <= width) {
    used += gap + (least[shown] ?? 0);
    shown += 1;
  }
  const wanted = natural.slice(0, Math.max(1, shown));
  const room = width - gap * (wanted.length - 1);
  // The highest limit at which all of them fit.
  let limit = width;
  while (limit > 1 && wanted.reduce((sum, each) => sum + Math.min(each, limit), 0) > room) limit -= 1;
  const widths = wanted.map((each) => Math.min(each, limit));
  let rest = room - widths.reduce((sum, each) => sum + each, 0);
  return widths.map((each, at) => {
    if (rest <= 0 || each >= (wanted[at] ?? 0)) return each;
    rest -= 1;
    return each + 1;
  });
}
