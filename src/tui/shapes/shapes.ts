/** A value as lines of text, drawn by its shape. Pure. */
import { changeLines, changeOf } from "./change.ts";
import type { ChangeDrawing } from "./change.ts";
import { chartLines, chartOf } from "./chart.ts";
import type { ChartDrawing } from "./chart.ts";
import { itemLines, itemsOf } from "./checklist.ts";
import type { ItemsDrawing } from "./checklist.ts";
import { jsonLines } from "./json.ts";
import type { JsonDrawing } from "./json.ts";
import { mostLines } from "./plain.ts";
import { scalarLines, scalarOf } from "./scalar.ts";
import type { ScalarDrawing } from "./scalar.ts";
import { tableOf, tableShapeLines } from "./table.ts";
import type { TableDrawing } from "./table.ts";
import { textLines, textOf } from "./text.ts";
import type { TextDrawing } from "./text.ts";
import { treeLines } from "./tree.ts";
import type { TreeDrawing } from "./tree.ts";
import { viewLines, viewOf } from "./view.ts";
import type { ViewDrawing } from "./view.ts";

export type Drawing =
  | ViewDrawing
  | ItemsDrawing
  | ChangeDrawing
  | TableDrawing
  | ChartDrawing
  | ScalarDrawing
  | TextDrawing
  | TreeDrawing
  | JsonDrawing;

export type Kind = Drawing["kind"];

/** Where the value comes from. */
export interface Hint {
  readonly plugin: string;
  /** `api.method` */
  readonly method: string;
}

type Shape = (value: unknown, hint: Hint | undefined) => Drawing | undefined;

/** The more a shape says about the value, the earlier it is asked. */
const shapes: Readonly<Record<Kind, Shape>> = {
  view: viewOf,
  checklist: (value, hint) => changeOf(value) ?? itemsOf(value, hint?.method.startsWith("todo.") === true),
  table: tableOf,
  chart: chartOf,
  scalar: scalarOf,
  text: textOf,
  tree: (value) => ({ kind: "tree", value }),
  json: (value) => ({ kind: "json", value }),
};

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the object above
export const kinds = Object.keys(shapes) as readonly Kind[];

/** By the shape that says the most about the value. */
export function drawingOf(value: unknown, hint?: Hint): Drawing {
  for (const kind of kinds) {
    const drawing = shapes[kind](value, hint);
    if (drawing !== undefined) return drawing;
  }
  return { kind: "json", value };
}

/** In how many ways the value can be drawn, the best one first; tree and json are always among them. */
export function kindsOf(value: unknown, hint?: Hint): readonly Kind[] {
  return kinds.filter((kind) => shapes[kind](value, hint) !== undefined);
}

/** Drawn as one of `kindsOf`; what does not fit is drawn as a tree. */
export function asKind(value: unknown, kind: Kind, hint?: Hint): Drawing {
  return shapes[kind](value, hint) ?? { kind: "tree", value };
}

const drawn = new WeakMap<Drawing, { readonly width: number; readonly lines: readonly string[] }>();

/**
 * Lines with colours, none wider than `width` (20 or more), at most some 10,000. The same drawing is drawn once for a width: keep
 * the drawing in the state, not the value.
 */
export function drawnLines(drawing: Drawing, width: number): readonly string[] {
  const before = drawn.get(drawing);
  if (before?.width === width) return before.lines;
  const lines = linesOf(drawing, width).slice(0, mostLines + 1);
  drawn.set(drawing, { width, lines });
  return lines;
}

function linesOf(drawing: Drawing, width: number): readonly string[] {
  switch (drawing.kind) {
    case "view":
      return viewLines(drawing, width);
    case "checklist":
      return drawing.of === "items" ? itemLines(drawing, width) : changeLines(drawing, width);
    case "table":
      return tableShapeLines(drawing, width);
    case "chart":
      return chartLines(drawing, width);
    case "scalar":
      return scalarLines(drawing, width);
    case "text":
      return textLines(drawing, width);
    case "tree":
      return treeLines(drawing, width);
    case "json":
      return jsonLines(drawing, width);
    default:
      return drawing satisfies never;
  }
}
