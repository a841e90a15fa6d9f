/** From what a batch has changed to the events that plugins are told. */
import type { Todo } from "../../protocol/todo.ts";
import type { TodoList } from "./list.ts";
import type { Patch } from "./patch.ts";

export interface TodoEvent {
  /** `todo.added` and so on, as `todo2` declares them. */
  readonly event: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** More changes at once than this are told as one `todo.loaded`: each plugin's queue holds 256. */
export const mostEvents = 100;

/** Those that may change. */
const members = ["parent", "title", "state", "priority", "due", "notes", "metadata"] as const;

/** @param by the plugin whose batch it was; null: a person's */
export function happened(patch: Patch, list: TodoList, by: string | null): TodoEvent[] {
  const events: TodoEvent[] = [];
  for (const { before, after } of patch.todos.values()) {
    if (before === undefined && after !== undefined) events.push(told("added", { todo: after, by }));
    else if (before !== undefined && after === undefined) events.push(told("deleted", { todo: before, by }));
    else if (before !== undefined && after !== undefined) events.push(...modified(before, after, by));
    if (events.length > mostEvents) return [loaded(list, by)];
  }
  return events;
}

export function loaded(list: TodoList, by: string | null): TodoEvent {
  return told("loaded", { count: list.todos.size, by });
}

function modified(before: Todo, after: Todo, by: string | null): TodoEvent[] {
  const isCompleted = after.state === "done" && before.state !== "done";
  const changed = members.filter(
    (member) => !isSame(before[member], after[member]) && !(isCompleted && member === "state"),
  );
  return [
    ...(isCompleted ? [told("completed", { todo: after, by })] : []),
    ...(changed.length > 0 ? [told("modified", { todo: after, changed, by })] : []),
  ];
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function told(name: string, params: TodoEvent["params"]): TodoEvent {
  return { event: `todo.${name}`, params };
}
