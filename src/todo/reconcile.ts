/** What a person has done to a file, as commands on the list, which may have gone on meanwhile. */
import type { Command, Todo, TodoId, TodoRow } from "../../protocol/todo.ts";
import { childrenOf, walk } from "./list.ts";
import type { TodoList } from "./list.ts";
import type { MarkdownDocument } from "./markdown.ts";
import { longestRise } from "./rising.ts";

type Update = Extract<Command, { op: "update" }>;

/** The name in the batch of what is new in the file. */
export function newName(id: TodoId): string {
  return `new:${id}`;
}

/**
 * One batch of the person's. Where both have changed the same, the file's text wins; what a person has changed and the list
 * has lost is there again. Ids and metadata stay with the lines that carry an id.
 * @param list as it is now
 * @param base as the file said it before the person's change; absent: the list has not changed since
 */
export function reconcile(list: TodoList, edited: MarkdownDocument, base: TodoList = list): Command[] {
  return new Merge(list, edited, base).commands();
}

class Merge {
  readonly #list: TodoList;
  readonly #edited: MarkdownDocument;
  readonly #base: TodoList;
  readonly #commands: Command[] = [];
  /** What the edited file's todos are in the batch: ids of the list, or names. Those that are gone are not here. */
  readonly #references = new Map<TodoId, string>();
  /** Parents, where the batch has changed them. */
  readonly #parents = new Map<string, string | null>();

  constructor(list: TodoList, edited: MarkdownDocument, base: TodoList) {
    this.#list = list;
    this.#edited = edited;
    this.#base = base;
  }

  commands(): Command[] {
    const settled = this.#settled();
    for (const row of walk(this.#edited.list)) {
      const before = this.#before(row.id);
      const now = before === undefined ? undefined : this.#list.todos.get(row.id);
      if (before === undefined) this.#create(row);
      else if (now === undefined) {
        if (isChanged(before, row)) this.#create(row);
      } else {
        this.#references.set(row.id, row.id);
        this.#change(before, row, now);
        if (!settled.has(row.id)) this.#move(row);
      }
    }
    this.#delete();
    return this.#commands;
  }

  /** As the file had it before; undefined: the line is new. */
  #before(id: TodoId): Todo | undefined {
    return this.#edited.known.has(id) ? this.#base.todos.get(id) : undefined;
  }

  /** Those that a person has left where they were, among those that are with them. */
  #settled(): Set<TodoId> {
    const settled = new Set<TodoId>();
    for (const [parent, ids] of this.#edited.list.children) {
      const isSameParent = parent === null || this.#before(parent) !== undefined;
      const places = new Map(childrenOf(this.#base, parent).map((id, place) => [id, place] as const));
      const stayed = ids.filter((id) => isSameParent && this.#before(id) !== undefined && places.has(id));
      for (const at of longestRise(stayed.map((id) => places.get(id) ?? 0))) settled.add(stayed[at] ?? "");
    }
    return settled;
  }

  #create(row: TodoRow): void {
    const { title, state, priority, due, notes, metadata } = row;
    const tempId = newName(row.id);
    const { parent, after } = this.#place(row);
    this.#commands.push({
      op: "create",
      tempId,
      parent,
      after,
      title,
      state,
      priority,
      due,
      notes,
      metadata,
    });
    this.#references.set(row.id, tempId);
    this.#parents.set(tempId, parent);
  }

  #change(before: Todo, row: Todo, now: Todo): void {
    const update: Update = { op: "update", id: row.id };
    if (row.title !== before.title && row.title !== now.title) update.title = row.title;
    if (row.state !== before.state && row.state !== now.state) update.state = row.state;
    if (row.priority !== before.priority && row.priority !== now.priority) update.priority = row.priority;
    if (row.due !== before.due && row.due !== now.due) update.due = row.due;
    if (row.notes !== before.notes && row.notes !== now.notes) update.notes = row.notes;
    if (Object.keys(update).length > 2) this.#commands.push(update);
  }

  #move(row: TodoRow): void {
    const { parent, after } = this.#place(row);
    this.#free(row.id, parent);
    this.#commands.push({ op: "move", id: row.id, parent, after });
    this.#parents.set(row.id, parent);
  }

  /** Below the nearest one that is there, behind the nearest one that is there. */
  #place(row: TodoRow): { parent: string | null; after: string | null } {
    const { todos } = this.#edited.list;
    let above = row.parent;
    while (above !== null && !this.#references.has(above)) above = todos.get(above)?.parent ?? null;
    const parent = above === null ? null : (this.#references.get(above) ?? null);
    const siblings = childrenOf(this.#edited.list, row.parent);
    for (let at = siblings.indexOf(row.id) - 1; at >= 0; at -= 1) {
      const reference = this.#references.get(siblings[at] ?? "");
      if (reference !== undefined && this.#parentOf(reference) === parent)
        return { parent, after: reference };
    }
    return { parent, after: null };
  }

  #parentOf(reference: string): string | null {
    const parent = this.#parents.get(reference);
    return parent === undefined ? (this.#list.todos.get(reference)?.parent ?? null) : parent;
  }

  /** Whoever is to be above a todo, and stands below it in the list by now, goes where the file has it first. */
  #free(id: TodoId, parent: string | null): void {
    const isBelow = (): boolean => {
      for (let at = parent; at !== null; at = this.#parentOf(at)) if (at === id) return true;
      return false;
    };
    if (!isBelow()) return;
    const { todos } = this.#edited.list;
    const above: TodoRow[] = [];
    for (let at = todos.get(id)?.parent ?? null; at !== null; at = todos.get(at)?.parent ?? null) {
      const todo = todos.get(at);
      if (todo !== undefined && this.#references.get(at) === at) above.unshift({ ...todo, depth: 0 });
    }
    for (const each of above) {
      const place = this.#place(each);
      if (this.#parentOf(each.id) === place.parent) continue;
      this.#commands.push({ op: "move", id: each.id, ...place });
      this.#parents.set(each.id, place.parent);
    }
  }

  /** What is not in the file any more. What else stands below it by now goes up: a person did not see it there. */
  #delete(): void {
    const isGone = (id: TodoId): boolean =>
      this.#base.todos.has(id) && this.#list.todos.has(id) && this.#references.get(id) !== id;
    const gone = [...walk(this.#list)].filter(({ id }) => isGone(id));
    for (const { id } of gone) {
      let after = id;
      let parent = this.#parentOf(id);
      for (; parent !== null && isGone(parent); parent = this.#parentOf(parent)) after = parent;
      for (const child of childrenOf(this.#list, id)) {
        if (isGone(child) || this.#parentOf(child) !== id) continue;
        this.#commands.push({ op: "move", id: child, parent, after });
        this.#parents.set(child, parent);
        after = child;
      }
    }
    for (const { id } of gone.toReversed()) this.#commands.push({ op: "delete", id });
  }
}

function isChanged(before: Todo, row: Todo): boolean {
  return (["title", "state", "priority", "due", "notes"] as const).some(
    (member) => before[member] !== row[member],
  );
}
