/** What stands where on the screen of todos, and where the cursor is. Pure. */
import type { Todo } from "../../../../protocol/todo.ts";
import { placed } from "../../parts/list.ts";
import type { ListPosition } from "../../parts/list.ts";
import type { Scene, Size } from "../../screen.ts";
import type { DeskView } from "../../todos/view.ts";
import type { Place } from "./edits.ts";
import { shownRows } from "./rows.ts";
import type { Shown } from "./rows.ts";
import type { TodosState } from "./state.ts";

export interface Layout {
  readonly list: Size;
  /** Null: not shown. */
  readonly details: (Size & { readonly where: "right" | "below" }) | null;
}

/** Lines that are not the list's: what it is above, what goes on below. */
const ownRows = 2;
const sideBySide = 110;

export function layoutOf({ showsDetails }: TodosState, { size }: Scene): Layout {
  const { columns } = size;
  const rows = Math.max(1, size.rows - ownRows);
  if (!showsDetails || rows < 6) return { list: { columns, rows }, details: null };
  if (columns >= sideBySide) {
    const width = Math.min(80, Math.floor(columns * 0.4));
    return {
      list: { columns: columns - width - 1, rows },
      details: { columns: width, rows, where: "right" },
    };
  }
  const below = Math.floor(rows / 2);
  return { list: { columns, rows: rows - below }, details: { columns, rows: below, where: "below" } };
}

/** The list as it is in sight. */
export interface Sight {
  readonly shown: Shown;
  readonly position: ListPosition;
  readonly todo: Todo | undefined;
  /** The row before which a new todo is being typed; null: none is, or not in sight. */
  readonly gap: number | null;
}

export function sightOf(state: TodosState, scene: Scene, desk: DeskView): Sight {
  const shown = shownRows(desk.list, state.look);
  const { rows } = layoutOf(state, scene).list;
  const count = shown.rows.length;
  const found = state.cursor === null ? undefined : shown.at.get(state.cursor);
  const gap = gapOf(state, shown);
  const cursor = gap ?? found ?? state.position.cursor;
  const position = placed({ ...state.position, cursor }, count + (gap === null ? 0 : 1), rows);
  const todo = gap === null ? shown.rows[position.cursor]?.todo : undefined;
  return { shown, position, todo, gap };
}

function gapOf({ mode }: TodosState, shown: Shown): number | null {
  if (mode.kind !== "title" || mode.target.what !== "new") return null;
  return gapAt(mode.target.place, shown);
}

/** Behind the sibling with all that is below it, or as the last part of its parent. */
function gapAt({ parent, after }: Place, { rows, at }: Shown): number | null {
  const behind = after ?? parent;
  if (behind === null) return rows.length;
  const first = at.get(behind);
  const depth = first === undefined ? undefined : rows[first]?.depth;
  if (first === undefined || depth === undefined) return null;
  const next = rows.findIndex((row, index) => index > first && row.depth <= depth);
  return next === -1 ? rows.length : next;
}

/** The level at which a new todo is typed. */
export function depthOf({ parent }: Place, { rows, at }: Shown): number {
  const index = parent === null ? undefined : at.get(parent);
  const row = index === undefined ? undefined : rows[index];
  return row === undefined ? 0 : row.depth + 1;
}

/** What the next key is about: those that are marked, else the one under the cursor. */
export function targets(state: TodosState, desk: DeskView, { todo }: Sight): readonly Todo[] {
  const marked = [...state.marked].flatMap((id) => desk.list.todos.get(id) ?? []);
  if (marked.length > 0) return marked;
  return todo === undefined ? [] : [todo];
}
