/** The answer to a plugin's `todo.query`. Pure. */
import type { z } from "zod";
import type { TodoRow, todoService } from "../../protocol/todo.ts";
import { walk } from "./list.ts";
import type { TodoList } from "./list.ts";

type Definition = (typeof todoService)["methods"]["query"];
export type Query = z.output<Definition["params"]>;
export type Answer = z.input<Definition["result"]>;

const usualLimit = 1000;
/** Of all todos of one answer as JSON, in characters. */
const largestAnswer = 4 * 1024 * 1024;

export function answer(list: TodoList, query: Query): Answer {
  const fits = filterOf(query);
  const limit = query.limit ?? usualLimit;
  const todos: TodoRow[] = [];
  let size = 0;
  let isPast = query.after === undefined;
  for (const row of walk(list, query.under)) {
    if (isPast && fits(row)) {
      size += JSON.stringify(row).length;
      if (todos.length >= limit || (size > largestAnswer && todos.length > 0)) return { todos, more: true };
      todos.push(row);
    }
    isPast ||= row.id === query.after;
  }
  return { todos, more: false };
}

function filterOf({ ids, text, states, priorities, metadata, origin }: Query): (row: TodoRow) => boolean {
  const wanted = ids && new Set(ids);
  const part = text?.toLowerCase();
  const has = (whole: string | null): boolean => whole?.toLowerCase().includes(part ?? "") === true;
  const value = metadata && "value" in metadata ? JSON.stringify(metadata.value) : undefined;
  return (row) =>
    (wanted === undefined || wanted.has(row.id)) &&
    (states === undefined || states.includes(row.state)) &&
    (priorities === undefined || priorities.includes(row.priority)) &&
    (origin === undefined || row.origin === origin) &&
    (part === undefined || has(row.title) || has(row.notes)) &&
    (metadata === undefined ||
      (Object.hasOwn(row.metadata, metadata.key) &&
        (value === undefined || JSON.stringify(row.metadata[metadata.key]) === value)));
}
