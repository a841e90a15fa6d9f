/** What differs between two lists: enough to go from either one to the other, and no larger than what was changed. */
import type { Todo, TodoId } from "../../protocol/todo.ts";
import type { TodoList } from "./list.ts";

interface Changed<T> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

export interface Patch {
  readonly todos: ReadonlyMap<TodoId, Changed<Todo>>;
  readonly children: ReadonlyMap<TodoId | null, Changed<readonly TodoId[]>>;
}

export function isEmpty({ todos, children }: Patch): boolean {
  return todos.size === 0 && children.size === 0;
}

export function sizeOf({ todos, children }: Patch): number {
  return todos.size + children.size;
}

/** The same between the same lists, the other way round. */
export function inverse({ todos, children }: Patch): Patch {
  return { todos: swapped(todos), children: swapped(children) };
}

/** From `before` to `after`. The list must have what the patch says it had. */
export function patched(list: TodoList, patch: Patch): TodoList {
  return {
    todos: merged(list.todos, patch.todos),
    children: merged(list.children, patch.children),
    nextId: list.nextId,
  };
}

/** Notes what is about to change; the first note of a place is what it had before. */
export class PatchRecord {
  readonly #before: TodoList;
  readonly #todos = new Set<TodoId>();
  readonly #children = new Set<TodoId | null>();

  constructor(before: TodoList) {
    this.#before = before;
  }

  todo(id: TodoId): void {
    this.#todos.add(id);
  }

  children(parent: TodoId | null): void {
    this.#children.add(parent);
  }

  against(after: TodoList): Patch {
    return {
      todos: compared(this.#todos, this.#before.todos, after.todos),
      children: compared(this.#children, this.#before.children, after.children),
    };
  }
}

/** What was put back as it was has not changed. */
function compared<K, V>(
  keys: Iterable<K>,
  before: ReadonlyMap<K, V>,
  after: ReadonlyMap<K, V>,
): Map<K, Changed<V>> {
  const pairs = Array.from(keys, (key) => [key, { before: before.get(key), after: after.get(key) }] as const);
  return new Map(pairs.filter(([, pair]) => pair.before !== pair.after && !isSame(pair.before, pair.after)));
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function swapped<K, V>(changes: ReadonlyMap<K, Changed<V>>): Map<K, Changed<V>> {
  return new Map(Array.from(changes, ([key, { before, after }]) => [key, { before: after, after: before }]));
}

function merged<K, V>(values: ReadonlyMap<K, V>, changes: ReadonlyMap<K, Changed<V>>): Map<K, V> {
  const result = new Map(values);
  for (const [key, { after }] of changes) {
    if (after === undefined) result.delete(key);
    else result.set(key, after);
  }
  return result;
}
