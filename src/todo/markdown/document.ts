/** A file as it was read: what list it says, and how it says it. */
import type { TodoId } from "../../../protocol/todo.ts";
import type { TodoList } from "../list.ts";
import type { Line } from "./text.ts";

export interface MarkdownDocument {
  readonly list: TodoList;
  /** Those whose line has their id. The others are new, and have ids that follow those of the file. */
  readonly known: ReadonlySet<TodoId>;
  readonly layout: Layout;
}

export interface Layout {
  readonly hasMark: boolean;
  /** Of lines that are added. */
  readonly end: "\n" | "\r\n" | "\r";
  readonly hasFrontMatter: boolean;
  readonly blocks: readonly Block[];
}

export type Block = ItemBlock | OtherBlock;

export interface ItemBlock {
  readonly kind: "item";
  readonly id: TodoId;
  /** Whether its line has an id, and which. */
  readonly written: TodoId | null;
  readonly indent: string;
  readonly bullet: string;
  readonly line: Line;
  readonly notes: readonly Line[];
}

/** Between two items, before the first or behind the last: kept as it is. */
export interface OtherBlock {
  readonly kind: "other";
  readonly lines: readonly Line[];
  /** What ends the todos above it: the lines that are not blank, nor within code or a comment. */
  readonly marks: readonly { readonly column: number; readonly isBullet: boolean }[];
  /** Directly below a todo that is further out than this, it would be its notes. Null: nothing there but blank lines. */
  readonly notesColumn: number | null;
  /** Below anything that is further out than this, what is indented code here would be a todo. Null: there is no such code. */
  readonly codeColumn: number | null;
}

/** The same where these ids stand for others. */
export function withIds(document: MarkdownDocument, ids: ReadonlyMap<TodoId, TodoId>): MarkdownDocument {
  const { list, known, layout } = document;
  const idOf = (id: TodoId): TodoId => ids.get(id) ?? id;
  const parentOf = (id: TodoId | null): TodoId | null => (id === null ? null : idOf(id));
  const todos = [...list.todos.values()].map((todo) => {
    const id = idOf(todo.id);
    return [id, { ...todo, id, parent: parentOf(todo.parent) }] as const;
  });
  const children = Array.from(
    list.children,
    ([parent, below]) => [parentOf(parent), below.map(idOf)] as const,
  );
  const blocks = layout.blocks.map((block) =>
    block.kind === "item" ? { ...block, id: idOf(block.id) } : block,
  );
  return {
    list: { todos: new Map(todos), children: new Map(children), nextId: list.nextId },
    known: new Set(Array.from(known, idOf)),
    layout: { ...layout, blocks },
  };
}
