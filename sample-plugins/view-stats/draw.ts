/** Statistics as a view. Pure. */
import type { RenderParams, View, ViewBlock } from "../../protocol/view.ts";
import type { FileSize, Statistics } from "./statistics.ts";

export type Measure = "lines" | "bytes";

/** Title, heading and sum of the table, and the chart with its title. */
const OTHER_ROWS = 8;
const FEWEST_ROWS = 3;
const DEFAULT_ROWS = 24;
const MOST_POINTS = 40;

interface Total {
  readonly name: string;
  readonly files: number;
  readonly lines: number;
  readonly bytes: number;
}

export function draw(name: string, statistics: Statistics, by: Measure, place: RenderParams): View {
  const { files, cut } = statistics;
  const title = `${name}: files by ${by}`;
  if (files.length === 0) return { title, blocks: [{ kind: "text", text: "There are no files here." }] };
  const room = Math.max(FEWEST_ROWS, (place.rows ?? DEFAULT_ROWS) - OTHER_ROWS);
  const totals = [...shorten(totalsOf(files, by), room), sum("all", files)];
  return {
    title,
    blocks: [
      ...(cut ? [warning(`Only the first ${files.length} files are counted.`)] : []),
      {
        kind: "table",
        columns: [
          { title: "extension", align: "left" },
          { title: "files", align: "right" },
          { title: "lines", align: "right" },
          { title: "bytes", align: "right" },
        ],
        rows: totals.map((each) => [each.name, each.files, each.lines, each.bytes]),
      },
      {
        kind: "chart",
        title: "From the smallest to the largest file",
        series: [
          { label: by, points: quantiles(files, by, Math.min(place.width ?? MOST_POINTS, MOST_POINTS)) },
        ],
        ...(by === "bytes" && { unit: "B" }),
      },
    ],
  };
}

function warning(text: string): ViewBlock {
  return { kind: "rows", rows: [[{ text, tone: "warn" }]] };
}

/** By extension, the largest first. */
function totalsOf(files: readonly FileSize[], by: Measure): Total[] {
  const byExtension = Map.groupBy(files, ({ extension }) => extension);
  return [...byExtension]
    .map(([extension, those]) => sum(extension === "" ? "(none)" : `.${extension}`, those))
    .sort((a, b) => b[by] - a[by] || (a.name < b.name ? -1 : 1));
}

/** At most so many: the last one stands for what is left. */
function shorten(totals: readonly Total[], room: number): Total[] {
  if (totals.length <= room) return [...totals];
  const rest = totals.slice(room - 1);
  const files = rest.reduce((all, each) => all + each.files, 0);
  return [...totals.slice(0, room - 1), { ...sum(`${rest.length} others`, rest), files }];
}

function sum(name: string, parts: readonly { readonly lines: number; readonly bytes: number }[]): Total {
  const total = (of: Measure): number => parts.reduce((all, each) => all + each[of], 0);
  return { name, files: parts.length, lines: total("lines"), bytes: total("bytes") };
}

function quantiles(files: readonly FileSize[], by: Measure, most: number): number[] {
  const sizes = files.map((file) => file[by]).sort((a, b) => a - b);
  const points = Math.min(most, sizes.length);
  const last = sizes.length - 1;
  return Array.from(
    { length: points },
    (_, i) => sizes[Math.round((i * last) / Math.max(1, points - 1))] ?? 0,
  );
}
