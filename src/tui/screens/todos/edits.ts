/** What a person's keys make of the list, as commands of one batch. Pure. */
import type { Command, Todo, TodoId, TodoPriority, TodoState } from "../../../../protocol/todo.ts";
import { plural } from "../../../text/words.ts";
import { ancestors, childrenOf, walk } from "../../../todo/list.ts";
import type { TodoList } from "../../../todo/list.ts";
import { cut } from "../../parts/fit.ts";
import { isOver } from "./rows.ts";

export interface Edit {
  readonly commands: readonly Command[];
  /** What undo calls it. */
  readonly label: string;
}

/** Where a new todo goes. */
export interface Place {
  readonly parent: TodoId | null;
  /** The sibling that it comes behind; undefined: last. */
  readonly after?: TodoId | null;
}

/** The tempId of the one todo that an edit creates. */
export const newTodo = "new";

export function created(title: string, { parent, after }: Place): Edit {
  const place = after === undefined ? { parent } : { parent, after };
  const command: Command = { op: "create", tempId: newTodo, title: title.trim(), ...place };
  return { commands: [command], label: `add ${quoted(title.trim())}` };
}

export function retitled(todo: Todo, title: string): Edit | null {
  const text = title.trim();
  if (text === todo.title) return null;
  const command: Command = { op: "update", id: todo.id, title: text };
  return { commands: [command], label: `rename ${quoted(todo.title)}` };
}

export function annotated(todo: Todo, text: string): Edit | null {
  const notes = text.trim() === "" ? null : text.trimEnd();
  if (notes === todo.notes) return null;
  return { commands: [{ op: "update", id: todo.id, notes }], label: `notes of ${quoted(todo.title)}` };
}

export function withState(todos: readonly Todo[], state: TodoState): Edit | null {
  const others = todos.filter((todo) => todo.state !== state);
  return updated(others, stateWords[state], () => ({ state }));
}

const stateWords = {
  open: "open",
  active: "begin",
  blocked: "block",
  done: "complete",
  cancelled: "cancel",
} as const satisfies Record<TodoState, string>;

/** Done, or open again when all of them are. */
export function toggled(todos: readonly Todo[]): Edit | null {
  return withState(todos, todos.every(({ state }) => state === "done") ? "open" : "done");
}

const priorities: readonly TodoPriority[] = ["low", "normal", "high"];

export function prioritised(todos: readonly Todo[], by: 1 | -1): Edit | null {
  const next = ({ priority }: Todo): TodoPriority =>
    priorities[Math.min(2, Math.max(0, priorities.indexOf(priority) + by))] ?? priority;
  const others = todos.filter((todo) => next(todo) !== todo.priority);
  return updated(others, by === 1 ? "raise" : "lower", (todo) => ({ priority: next(todo) }));
}

/** High, or normal again when all of them are. */
export function urgent(todos: readonly Todo[]): Edit | null {
  const priority = todos.every((todo) => todo.priority === "high") ? "normal" : "high";
  const others = todos.filter((todo) => todo.priority !== priority);
  return updated(others, priority === "high" ? "high priority for" : "normal priority for", () => ({
    priority,
  }));
}

export function dated(todos: readonly Todo[], due: string | null): Edit | null {
  const others = todos.filter((todo) => todo.due !== due);
  return updated(others, due === null ? "no due day for" : `due ${due}:`, () => ({ due }));
}

type Update = Omit<Extract<Command, { op: "update" }>, "op" | "id">;

function updated(todos: readonly Todo[], verb: string, change: (todo: Todo) => Update): Edit | null {
  if (todos.length === 0) return null;
  const commands = todos.map((todo): Command => ({ op: "update", id: todo.id, ...change(todo) }));
  return { commands, label: `${verb} ${named(todos)}` };
}

export interface Deletion extends Edit {
  /** With all that is below. */
  readonly count: number;
  /** Of these, those that are neither done nor cancelled. */
  readonly open: number;
}

export function deleted(list: TodoList, todos: readonly Todo[]): Deletion | null {
  const chosen = new Set(todos.map(({ id }) => id));
  // What goes with its parent can not be deleted once more.
  const roots = todos.filter(({ parent }) => ![...ancestors(list, parent)].some(({ id }) => chosen.has(id)));
  if (roots.length === 0) return null;
  const gone = roots.flatMap(({ id }) => [...walk(list, id)]);
  return {
    commands: roots.map(({ id }): Command => ({ op: "delete", id })),
    label: `delete ${named(roots)}`,
    count: gone.length,
    open: gone.filter((todo) => !isOver(todo)).length,
  };
}

/** @param isShown those that are not shown are jumped over */
export function shifted(
  list: TodoList,
  todo: Todo,
  by: "up" | "down",
  isShown: (id: TodoId) => boolean,
): Edit | null {
  const siblings = childrenOf(list, todo.parent);
  const at = siblings.indexOf(todo.id);
  const neighbour =
    by === "down"
      ? siblings.findIndex((id, index) => index > at && isShown(id))
      : siblings.findLastIndex((id, index) => index < at && isShown(id));
  if (neighbour === -1) return null;
  const after = by === "down" ? siblings[neighbour] : (siblings[neighbour - 1] ?? null);
  return moved(todo, { parent: todo.parent, after: after ?? null }, by);
}

/** Becomes the last part of the sibling before it. */
export function indented(list: TodoList, todo: Todo, isShown: (id: TodoId) => boolean): Edit | null {
  const siblings = childrenOf(list, todo.parent);
  const at = siblings.indexOf(todo.id);
  const parent = siblings.findLast((id, index) => index < at && isShown(id));
  return parent === undefined ? null : moved(todo, { parent }, "in");
}

/** Comes behind what it was a part of. */
export function outdented(list: TodoList, todo: Todo): Edit | null {
  const parent = todo.parent === null ? undefined : list.todos.get(todo.parent);
  return parent === undefined ? null : moved(todo, { parent: parent.parent, after: parent.id }, "out");
}

function moved(todo: Todo, { parent, after }: Place, where: string): Edit {
  const place = after === undefined ? { parent } : { parent, after };
  return { commands: [{ op: "move", id: todo.id, ...place }], label: `move ${quoted(todo.title)} ${where}` };
}

function named(todos: readonly Todo[]): string {
  const [only] = todos;
  return todos.length === 1 && only !== undefined ? quoted(only.title) : plural(todos.length, "todo");
}

export function quoted(title: string): string {
  return `“${cut(title, 40)}”`;
}
