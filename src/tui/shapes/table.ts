/** Objects that are alike, as rows. Pure. */
import { gridLines } from "./grid.ts";
import type { GridColumn } from "./grid.ts";
import { briefJson, isFields, isScalar, member, mostLines } from "./plain.ts";
import type { Fields } from "./plain.ts";

export interface TableDrawing {
  readonly kind: "table";
  /** Each row's name, where rows have one. */
  readonly names: readonly string[] | null;
  readonly rows: readonly Fields[];
}

/** How many rows are looked at to learn what all of them are. */
const sample = 200;
const mostColumns = 500;
/** Of one cell, before it is cut to its column. */
const longest = 1000;

/** An array of objects with mostly scalar members, or an object of such objects. */
export function tableOf(value: unknown): TableDrawing | undefined {
  if (Array.isArray(value)) {
    const rows: readonly unknown[] = value;
    return areRows(rows) ? { kind: "table", names: null, rows } : undefined;
  }
  if (!isFields(value)) return undefined;
  const names = Object.keys(value);
  const rows = names.map((name) => member(value, name));
  return rows.length >= 2 && areRows(rows) && areAlike(rows) ? { kind: "table", names, rows } : undefined;
}

function areRows(values: readonly unknown[]): values is readonly Fields[] {
  if (values.length === 0 || !values.every(isFields)) return false;
  let scalars = 0;
  let others = 0;
  for (const row of values.slice(0, sample)) {
    for (const key of Object.keys(row).slice(0, mostColumns)) {
      if (isScalar(member(row, key))) scalars += 1;
      else others += 1;
    }
  }
  return scalars > 0 && scalars >= others;
}

/** A row has two thirds of the members that there are, in the mean. */
function areAlike(rows: readonly Fields[]): boolean {
  const sampled = rows.slice(0, sample);
  const members = sampled.reduce((sum, row) => sum + Object.keys(row).length, 0);
  return 2 * keysOf(sampled).length * sampled.length <= 3 * members;
}

/** In the order in which they are seen first. */
function keysOf(rows: readonly Fields[]): string[] {
  const keys = new Set<string>();
  for (const row of rows) {
    for (const key of Object.keys(row)) {
      if (keys.size >= mostColumns) return [...keys];
      keys.add(key);
    }
  }
  return [...keys];
}

export function tableShapeLines({ names, rows }: TableDrawing, width: number): string[] {
  const drawn = rows.slice(0, mostLines);
  const keys = keysOf(drawn);
  const columns = keys.map((title): GridColumn => {
    const values = drawn.map((row) => member(row, title) ?? null);
    const isNumeric =
      values.some((value) => value !== null) &&
      values.every((value) => value === null || typeof value === "number");
    return { title, align: isNumeric ? "right" : "left" };
  });
  const name: GridColumn = { title: "", align: "left" };
  return gridLines(
    {
      columns: names === null ? columns : [name, ...columns],
      count: rows.length,
      row: (at) => {
        const row = rows[at] ?? {};
        const cells = keys.map((key) => cellText(member(row, key)));
        return names === null ? cells : [names[at] ?? "", ...cells];
      },
    },
    width,
  );
}

function cellText(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : briefJson(value, longest);
}
