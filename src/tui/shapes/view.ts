/** What a View plugin returns, drawn (protocol/view.ts). Whatever of it is malformed is shown as the value that it is. Pure. */
import type { ViewBlock, ViewTone } from "../../../protocol/view.ts";
import { cut, widthOf } from "../parts/fit.ts";
import { bytes } from "../../text/words.ts";
import { tone } from "../theme.ts";
import { barLines, columnLines } from "./bars.ts";
import { gridLines } from "./grid.ts";
import { isFields, member, mostLines, moreOf, numberText, oneLine } from "./plain.ts";
import type { Fields } from "./plain.ts";
import { textLines } from "./text.ts";
import { treeLines } from "./tree.ts";

export interface ViewDrawing {
  readonly kind: "view";
  readonly title: string;
  readonly blocks: readonly Block[];
}

type Block = ViewBlock | { readonly kind: "malformed"; readonly value: unknown };
type BlockOf<K extends ViewBlock["kind"]> = Extract<ViewBlock, { kind: K }>;

export function viewOf(value: unknown): ViewDrawing | undefined {
  if (!isFields(value)) return undefined;
  const title = member(value, "title");
  const list = member(value, "blocks");
  if (typeof title !== "string" || !Array.isArray(list)) return undefined;
  const blocks = list.map(blockOf);
  // Another api may have titles and blocks too.
  const isDrawing = blocks.length === 0 || blocks.some(({ kind }) => kind !== "malformed");
  return isDrawing ? { kind: "view", title, blocks } : undefined;
}

/** A check of its own: the schema's library would be loaded for this alone. */
function blockOf(value: unknown): Block {
  return isBlock(value) ? value : { kind: "malformed", value };
}

function isBlock(value: unknown): value is ViewBlock {
  if (!isFields(value)) return false;
  switch (member(value, "kind")) {
    case "text":
      return typeof member(value, "text") === "string";
    case "table":
      return every(value, "columns", isColumn) && every(value, "rows", (row) => isListOf(row, isCell));
    case "chart":
      return (
        isText(member(value, "title")) && isTextOrNone(value, "unit") && every(value, "series", isSeries)
      );
    case "rows":
      return every(value, "rows", (row) => isListOf(row, isSpan));
    default:
      return false;
  }
}

const isText = (value: unknown): boolean => typeof value === "string";
const isTextOrNone = (value: Fields, key: string): boolean =>
  member(value, key) === undefined || isText(member(value, key));
const isCell = (value: unknown): boolean =>
  value === null || typeof value === "string" || typeof value === "number";
const isSpan = (value: unknown): boolean =>
  isFields(value) && isText(member(value, "text")) && isTextOrNone(value, "tone");

function isListOf(value: unknown, fits: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(fits);
}

function every(value: Fields, key: string, fits: (each: unknown) => boolean): boolean {
  return isListOf(member(value, key), fits);
}

function isColumn(value: unknown): boolean {
  if (!isFields(value) || !isText(member(value, "title"))) return false;
  const align = member(value, "align");
  const width = member(value, "width");
  const isWidth = width === undefined || (typeof width === "number" && width > 0);
  return isWidth && (align === undefined || align === "left" || align === "right");
}

function isSeries(value: unknown): boolean {
  return isFields(value) && isText(member(value, "label")) && every(value, "points", Number.isFinite);
}

export function viewLines({ title, blocks }: ViewDrawing, width: number): string[] {
  const lines = [tone("title", oneLine(title, width))];
  for (const [at, block] of blocks.entries()) {
    if (lines.length >= mostLines - 1) {
      lines.push(tone("dim", oneLine(moreOf(blocks.length - at, "block"), width)));
      break;
    }
    lines.push("");
    for (const line of blockLines(block, width)) lines.push(line);
  }
  return lines;
}

function blockLines(block: Block, width: number): string[] {
  switch (block.kind) {
    case "text":
      return textLines({ kind: "text", text: block.text }, width);
    case "table":
      return tableBlockLines(block, width);
    case "chart":
      return chartBlockLines(block, width);
    case "rows":
      return rowsBlockLines(block, width);
    case "malformed":
      return [
        tone("warn", oneLine("This block is no drawing:", width)),
        ...treeLines({ kind: "tree", value: block.value }, width),
      ];
    default:
      return block satisfies never;
  }
}

function tableBlockLines({ columns, rows }: BlockOf<"table">, width: number): string[] {
  return gridLines(
    {
      columns: columns.map((column) => ({
        title: column.title,
        align: column.align ?? "left",
        width: column.width === undefined ? undefined : Math.ceil(column.width),
      })),
      count: rows.length,
      row: (at) =>
        (rows[at] ?? []).map((cell) => (typeof cell === "number" ? numberText(cell) : (cell ?? ""))),
    },
    width,
  );
}

/** Charts of one block that are drawn below each other. */
const mostSeries = 20;

function chartBlockLines({ title, series, unit }: BlockOf<"chart">, width: number): string[] {
  const heading = tone("strong", oneLine(title, width));
  const format = (value: number): string => withUnit(value, unit);
  if (series.every(({ points }) => points.length === 1)) {
    const bars = series.slice(0, mostLines).map(({ label, points: [value = 0] }) => ({ label, value }));
    return [heading, ...barLines(bars, format, width)];
  }
  const drawn = series
    .slice(0, mostSeries)
    .flatMap(({ label, points }) => [
      tone("dim", oneLine(`${label}, ${numberText(points.length)} values`, width)),
      ...(points.length === 0 ? [] : columnLines(points, format, width)),
    ]);
  const more = series.length - mostSeries;
  return [heading, ...drawn, ...(more > 0 ? [tone("dim", oneLine(`… ${more} more series`, width))] : [])];
}

function withUnit(value: number, unit: string | undefined): string {
  if (unit === undefined || unit === "") return numberText(value);
  if (unit === "B" && value >= 0) return bytes(value);
  return `${numberText(value)} ${unit}`;
}

const tones: ReadonlySet<string> = new Set<ViewTone>([
  "plain",
  "dim",
  "strong",
  "good",
  "warn",
  "bad",
  "accent",
]);

function rowsBlockLines({ rows }: BlockOf<"rows">, width: number): string[] {
  const lines = rows.slice(0, mostLines).map((row) => {
    let room = width;
    let line = "";
    for (const { text, tone: look = "plain" } of row) {
      if (room <= 0) break;
      const part = oneLine(text, room);
      room -= widthOf(part);
      // A tone that came later than this program.
      line += tone(tones.has(look) ? look : "plain", part);
    }
    return line;
  });
  if (rows.length > lines.length)
    lines.push(tone("dim", cut(moreOf(rows.length - lines.length, "row"), width)));
  return lines;
}
