/** Lists and batches for properties, and a list in a form that is easy to read. */
import * as fc from "fast-check";
import type { Command } from "../../protocol/todo.ts";
import { apply } from "../../src/todo/batch.ts";
import { emptyList, walk } from "../../src/todo/list.ts";
import type { TodoList } from "../../src/todo/list.ts";

/** `["one", "  two"]`: two below one. */
export function outline(list: TodoList): string[] {
  return Array.from(walk(list), ({ depth, title }) => `${"  ".repeat(depth)}${title}`);
}

export function create(tempId: string, more: Partial<Extract<Command, { op: "create" }>> = {}): Command {
  return { op: "create", tempId, title: tempId, ...more };
}

/** The list after these, which must fit. */
export function after(commands: readonly Command[], list: TodoList = emptyList): TodoList {
  const result = apply(list, commands, null);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.list;
}

/** Ids that may be there, and names that may have been given before. */
const temporary = fc.integer({ min: 0, max: 5 }).map((n) => `t${n}`);
const reference = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 8 }).map(String) },
  { weight: 2, arbitrary: temporary },
  { weight: 1, arbitrary: fc.constant("nobody") },
);
const place = {
  parent: fc.option(reference, { freq: 2 }),
  after: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(undefined, null) },
    { weight: 1, arbitrary: reference },
  ),
};
const state = fc.constantFrom("open" as const, "active" as const, "done" as const);
const title = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom("a", "b", "c") },
  { weight: 1, arbitrary: fc.constantFrom("", "a\nb") },
);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant("create" as const), tempId: temporary, title, state, ...place }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("update" as const), id: reference, title, state }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("delete" as const), id: reference }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("move" as const), id: reference, ...place }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("metadata" as const),
      id: reference,
      key: fc.constantFrom("a", "__proto__", "b"),
      value: fc.jsonValue(),
    }),
  },
);

/** A few commands of one batch. Many do not fit. */
const batch = fc.array(command, { maxLength: 6 });
/** Enough of them that many fit after all, and lists grow. */
export const batches = fc.array(fc.oneof({ weight: 3, arbitrary: command.map((one) => [one]) }, batch), {
  minLength: 20,
  maxLength: 60,
  size: "max",
});
