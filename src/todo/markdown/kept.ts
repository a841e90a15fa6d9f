/**
 * What a person does not type. Ids stand behind their todos, where they stay with them whatever happens to the line. The
 * rest is one comment at the end of the file: a file beside it would be left behind when somebody moves or copies the first.
 */
import { z } from "zod";
import { todo } from "../../../protocol/todo.ts";
import type { Todo, TodoId } from "../../../protocol/todo.ts";
import { walk } from "../list.ts";
import type { TodoList } from "../list.ts";

export interface Kept {
  readonly origin: string | null;
  readonly metadata: Todo["metadata"];
}

export interface KeptBlock {
  readonly nextId: number;
  readonly kept: ReadonlyMap<TodoId, Kept>;
  /** How many lines it has. */
  readonly lines: number;
}

const head = /^<!-- bulkhead: next id (\d{1,15})( -->)?[ \t]*$/;

const record = z.object({
  id: z.string(),
  origin: todo.shape.origin.default(null),
  // As it is: zod leaves keys such as `__proto__` out.
  metadata: z.custom<Todo["metadata"]>((value) => isObject(value)).default({}),
});

/** The block that begins at this line. It ends where a person has made something else of it. */
export function keptAt(lines: readonly string[], start: number): KeptBlock | null {
  const [, next, isWhole] = head.exec(lines[start] ?? "") ?? [];
  if (next === undefined) return null;
  const nextId = Number(next);
  const kept = new Map<TodoId, Kept>();
  if (isWhole !== undefined) return { nextId, kept, lines: 1 };
  let at = start + 1;
  for (; at < lines.length; at += 1) {
    const found = recordOf(lines[at] ?? "");
    if (found === null) break;
    if (!kept.has(found.id)) kept.set(found.id, found);
  }
  const isEnd = /^-->[ \t]*$/.test(lines[at] ?? "");
  return { nextId, kept, lines: at - start + (isEnd ? 1 : 0) };
}

export function keptLines(list: TodoList): string[] {
  const records = Array.from(walk(list)).flatMap(({ id, origin, metadata }) => {
    const more = Object.keys(metadata).length > 0;
    if (origin === null && !more) return [];
    const written = { id, ...(origin === null ? {} : { origin }), ...(more ? { metadata } : {}) };
    // Within a comment nothing may look like its end.
    return [JSON.stringify(written).replaceAll(">", String.raw`\u003e`)];
  });
  const first = `<!-- bulkhead: next id ${list.nextId}`;
  if (records.length > 0) return [first, ...records, "-->"];
  return list.nextId === 1 ? [] : [`${first} -->`];
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function recordOf(line: string): z.output<typeof record> | null {
  try {
    return record.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
