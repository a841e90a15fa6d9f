/** What a proposed batch would do to the list, todo by todo, and the batch without some of it. Pure. */
import type { Change, Command, Todo, TodoId } from "../../../../protocol/todo.ts";
import { apply } from "../../../todo/batch.ts";
import type { BatchError, BatchResult } from "../../../todo/batch.ts";
import { ancestors, childrenOf, walk } from "../../../todo/list.ts";
import type { TodoList } from "../../../todo/list.ts";

/** Its own name for a todo, as commands use it: the `tempId` of a new one, or the id. */
export type Reference = string;

export type Effect = "new" | "changed" | "moved" | "deleted" | "context";

export interface PreviewRow {
  readonly reference: Reference;
  readonly todo: Todo;
  readonly depth: number;
  readonly effect: Effect;
  /** Of a changed one: what is different. */
  readonly details: string;
}

export type Preview =
  | { readonly ok: true; readonly rows: readonly PreviewRow[] }
  | { readonly ok: false; readonly error: BatchError; readonly command: Command | undefined };

const previews = new WeakMap<Change, { readonly list: TodoList; readonly preview: Preview }>();

/** How the list would look with it, as the list is now. */
export function previewOf(list: TodoList, change: Change, plugin: string): Preview {
  const known = previews.get(change);
  if (known?.list === list) return known.preview;
  const result = apply(list, change.commands, plugin);
  const preview: Preview = result.ok
    ? { ok: true, rows: rowsOf(list, change, result) }
    : { ok: false, error: result.error, command: change.commands[result.error.index] };
  previews.set(change, { list, preview });
  return preview;
}

function rowsOf(
  before: TodoList,
  { commands }: Change,
  { list, patch, created }: Extract<BatchResult, { ok: true }>,
): PreviewRow[] {
  const tempIds = new Map(Array.from(created, ([tempId, id]) => [id, tempId]));
  const reordered = new Set<TodoId>();
  for (const command of commands) {
    if (command.op === "move" && list.todos.has(command.id)) reordered.add(command.id);
  }
  const affected = [...patch.todos.keys(), ...reordered].filter((id) => list.todos.has(id));
  const wanted = new Set(affected.flatMap((id) => Array.from(ancestors(list, id), (each) => each.id)));
  const rows: PreviewRow[] = [];
  const visit = (ids: readonly TodoId[], depth: number): void => {
    for (const id of ids) {
      const todo = list.todos.get(id);
      if (todo === undefined || !wanted.has(id)) continue;
      const old = before.todos.get(id);
      const details = old === undefined ? "" : differences(old, todo);
      const effect =
        old === undefined ? "new" : details !== "" ? "changed" : reordered.has(id) ? "moved" : "context";
      rows.push({ reference: tempIds.get(id) ?? id, todo, depth, effect, details });
      visit(childrenOf(list, id), depth + 1);
    }
  };
  visit(childrenOf(list, null), 0);
  return [...rows, ...deletedRows(before, list, patch.todos.keys())];
}

function deletedRows(before: TodoList, list: TodoList, ids: Iterable<TodoId>): PreviewRow[] {
  const gone = new Set([...ids].filter((id) => before.todos.has(id) && !list.todos.has(id)));
  const roots = [...gone].filter((id) => !gone.has(before.todos.get(id)?.parent ?? ""));
  return roots.flatMap((root) =>
    Array.from(walk(before, root), ({ depth, ...todo }): PreviewRow => {
      // What is below a deleted one goes with it.
      return { reference: root, todo, depth, effect: "deleted", details: "" };
    }),
  );
}

/** `title, state` */
function differences(before: Todo, after: Todo): string {
  const words: string[] = [];
  if (before.title !== after.title) words.push(`was “${before.title}”`);
  if (before.state !== after.state) words.push(`${before.state} → ${after.state}`);
  if (before.priority !== after.priority) words.push(`${after.priority} priority`);
  if (before.due !== after.due) words.push(after.due === null ? "no due day" : `due ${after.due}`);
  if (before.notes !== after.notes) words.push("notes");
  if (before.parent !== after.parent) words.push("moved");
  if (JSON.stringify(before.metadata) !== JSON.stringify(after.metadata)) words.push("metadata");
  return words.join(", ");
}

export interface Tally {
  readonly added: number;
  readonly changed: number;
  readonly deleted: number;
}

export function tallied(rows: readonly PreviewRow[], isDropped: (row: PreviewRow) => boolean): Tally {
  const kept = rows.filter((row) => !isDropped(row));
  const count = (...effects: readonly Effect[]): number =>
    kept.filter(({ effect }) => effects.includes(effect)).length;
  return { added: count("new"), changed: count("changed", "moved"), deleted: count("deleted") };
}

/** All that goes with what is dropped: a new todo can not stand below one that is not created. */
export function droppedWith(change: Change, dropped: ReadonlySet<Reference>): ReadonlySet<Reference> {
  const all = new Set(dropped);
  const names = namesOf(change);
  for (const command of change.commands) {
    if (command.op !== "create") continue;
    const { parent } = command;
    if (typeof parent === "string" && names.has(parent) && all.has(parent)) all.add(command.tempId);
  }
  return all;
}

/** The batch without what is dropped. What was dropped is not named any more by what stays. */
export function without(change: Change, dropped: ReadonlySet<Reference>): Change {
  if (dropped.size === 0) return change;
  const all = droppedWith(change, dropped);
  const places = new Map(
    change.commands.flatMap((command) =>
      command.op === "create" ? [[command.tempId, command.after] as const] : [],
    ),
  );
  const isCreated = (reference: Reference): boolean => places.has(reference);
  /** The nearest sibling before it that stays. */
  const behind = (after: Reference | null | undefined): Reference | null | undefined => {
    let at = after;
    while (typeof at === "string" && all.has(at) && isCreated(at)) at = places.get(at);
    return at;
  };
  const commands = change.commands.flatMap((command): Command[] => {
    const reference = command.op === "create" ? command.tempId : command.id;
    if (all.has(reference)) return [];
    if (command.op !== "create" && command.op !== "move") return [command];
    const { after: _, ...rest } = command;
    if (typeof rest.parent === "string" && all.has(rest.parent) && isCreated(rest.parent)) return [];
    const after = behind(command.after);
    return [after === undefined ? rest : { ...rest, after }];
  });
  // A part of a batch is not the batch that the plugin knows.
  const { batch: _, ...rest } = change;
  return { ...rest, summary: `${change.summary || "a batch"}, in part`, commands };
}

/** Of those that it creates. */
function namesOf({ commands }: Change): ReadonlySet<Reference> {
  return new Set(commands.flatMap((command) => (command.op === "create" ? [command.tempId] : [])));
}
