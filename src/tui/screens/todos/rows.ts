/** The rows of the list: what is folded, filtered or hidden is not among them. Pure. */
import type { Todo, TodoId } from "../../../../protocol/todo.ts";
import { ancestors, childrenOf } from "../../../todo/list.ts";
import type { TodoList } from "../../../todo/list.ts";
import type { Filter } from "../../parts/filter.ts";

/** How a person looks at the list. */
export interface Look {
  readonly folded: ReadonlySet<TodoId>;
  readonly filter: Filter;
  readonly hidesDone: boolean;
}

export interface Row {
  readonly todo: Todo;
  readonly depth: number;
  /** Of its own level, shown or not. */
  readonly children: number;
  readonly isFolded: boolean;
  /** It is only here because something below it is. */
  readonly isContext: boolean;
}

export interface Shown {
  readonly rows: readonly Row[];
  /** Where each of them is. */
  readonly at: ReadonlyMap<TodoId, number>;
}

export function isOver({ state }: Todo): boolean {
  return state === "done" || state === "cancelled";
}

/** The same list is looked at many times in the same way, by each key and by each picture. */
const latest = new WeakMap<TodoList, { readonly look: Look; readonly shown: Shown }>();

export function shownRows(list: TodoList, look: Look): Shown {
  const known = latest.get(list);
  if (known !== undefined && isSameLook(known.look, look)) return known.shown;
  const shown = made(list, look);
  latest.set(list, { look, shown });
  return shown;
}

function isSameLook(a: Look, b: Look): boolean {
  return a.folded === b.folded && a.hidesDone === b.hidesDone && a.filter.input.text === b.filter.input.text;
}

function made(list: TodoList, { folded, filter, hidesDone }: Look): Shown {
  const words = filter.input.text.toLowerCase().split(/\s+/).filter(Boolean);
  const isFiltered = words.length > 0;
  const wanted = isFiltered || hidesDone ? wantedOf(list, words, hidesDone) : undefined;
  const rows: Row[] = [];
  const at = new Map<TodoId, number>();
  const visit = (ids: readonly TodoId[], depth: number): void => {
    for (const id of ids) {
      const todo = list.todos.get(id);
      if (todo === undefined || wanted?.all.has(id) === false) continue;
      const children = childrenOf(list, id);
      // What a filter has found is shown, folded or not.
      const isFolded = !isFiltered && children.length > 0 && folded.has(id);
      const isContext = isFiltered && wanted?.fitting.has(id) !== true;
      at.set(id, rows.length);
      rows.push({ todo, depth, children: children.length, isFolded, isContext });
      if (!isFolded) visit(children, depth + 1);
    }
  };
  visit(childrenOf(list, null), 0);
  return { rows, at };
}

interface Wanted {
  readonly fitting: ReadonlySet<TodoId>;
  /** With what those are a part of. */
  readonly all: ReadonlySet<TodoId>;
}

/** @param words every one of them is in it somewhere */
function wantedOf(list: TodoList, words: readonly string[], hidesDone: boolean): Wanted {
  const fitting = new Set<TodoId>();
  const all = new Set<TodoId>();
  for (const todo of list.todos.values()) {
    if (hidesDone && isOver(todo)) continue;
    const text = words.length === 0 ? "" : textOf(todo);
    if (!words.every((word) => text.includes(word))) continue;
    fitting.add(todo.id);
    for (const { id } of ancestors(list, todo.id)) {
      if (all.has(id)) break;
      all.add(id);
    }
  }
  return { fitting, all };
}

const texts = new WeakMap<Todo, string>();

/** What a filter is looked for in; made once, because each key that is typed looks for it everywhere. */
function textOf(todo: Todo): string {
  const known = texts.get(todo);
  if (known !== undefined) return known;
  const { title, state, priority, due, origin, notes } = todo;
  const all = [title, state, priority === "normal" ? "" : priority, due ?? "", origin ?? "", notes ?? ""];
  const text = all.join(" ").toLowerCase();
  texts.set(todo, text);
  return text;
}

interface Tally {
  readonly open: number;
  readonly over: number;
}

const tallies = new WeakMap<TodoList, Tally>();

export function tallyOf(list: TodoList): Tally {
  const known = tallies.get(list);
  if (known !== undefined) return known;
  let over = 0;
  for (const todo of list.todos.values()) if (isOver(todo)) over += 1;
  const tally = { open: list.todos.size - over, over };
  tallies.set(list, tally);
  return tally;
}
