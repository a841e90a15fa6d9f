/** A tree of todos that never changes: whatever changes it makes another one. */
import type { Todo, TodoId, TodoRow } from "../../protocol/todo.ts";

export interface TodoList {
  readonly todos: ReadonlyMap<TodoId, Todo>;
  /** Siblings in their order, by their parent; null: the top level. Who has no children does not stand here. */
  readonly children: ReadonlyMap<TodoId | null, readonly TodoId[]>;
  /** Only grows, through undoing as well: plugins remember ids, and an id must not come to mean another todo. */
  readonly nextId: number;
}

export const emptyList: TodoList = { todos: new Map(), children: new Map(), nextId: 1 };

/** The subtree of a todo, itself first, or the whole list: each parent before its children. */
export function* walk(list: TodoList, under?: TodoId): Generator<TodoRow> {
  const rest: { readonly id: TodoId; readonly depth: number }[] = [];
  const push = (ids: readonly TodoId[], depth: number): void => {
    for (const id of ids.toReversed()) rest.push({ id, depth });
  };
  push(under === undefined ? childrenOf(list, null) : [under], 0);
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const todo = list.todos.get(next.id);
    if (todo === undefined) continue;
    yield { ...todo, depth: next.depth };
    push(childrenOf(list, next.id), next.depth + 1);
  }
}

export function childrenOf(list: Pick<TodoList, "children">, parent: TodoId | null): readonly TodoId[] {
  return list.children.get(parent) ?? [];
}

/** From a todo up to the top level, itself first. */
export function* ancestors({ todos }: Pick<TodoList, "todos">, id: TodoId | null): Generator<Todo> {
  for (let at = id; at !== null;) {
    const todo = todos.get(at);
    if (todo === undefined) return;
    yield todo;
    at = todo.parent;
  }
}
