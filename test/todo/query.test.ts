import { expect, test } from "vitest";
import { todoService } from "../../protocol/todo.ts";
import { answer } from "../../src/todo/query.ts";
import type { Query } from "../../src/todo/query.ts";
import { apply } from "../../src/todo/batch.ts";
import { after, create } from "./samples.ts";

const mine = after([
  create("Harbour"),
  create("Paint the boat", { parent: "Harbour", state: "active", metadata: { k: { a: 1 } } }),
  create("Rope", { parent: "Harbour", notes: "for the BOAT", metadata: { k: 2 }, priority: "high" }),
]);
const both = apply(mine, [create("Theirs", { state: "done" })], "plugin");
if (!both.ok) throw new Error(both.error.message);
const { list } = both;

function ids(query: Query): string[] {
  const { todos } = todoService.methods.query.result.parse(answer(list, query));
  return todos.map(({ id }) => id);
}

test.each<[what: string, query: Query, expected: string[]]>([
  ["everything, in the order of the tree", {}, ["1", "2", "3", "4"]],
  ["ids", { ids: ["3", "1", "nobody"] }, ["1", "3"]],
  ["a tree", { under: "1" }, ["1", "2", "3"]],
  ["a tree that is not there", { under: "nobody" }, []],
  ["text in titles and notes", { text: "boat" }, ["2", "3"]],
  ["states", { states: ["active", "done"] }, ["2", "4"]],
  ["priorities", { priorities: ["high", "low"] }, ["3"]],
  ["a key of metadata", { metadata: { key: "k" } }, ["2", "3"]],
  ["a value of metadata", { metadata: { key: "k", value: { a: 1 } } }, ["2"]],
  ["a key that every object has", { metadata: { key: "constructor" } }, []],
  ["a plugin", { origin: "plugin" }, ["4"]],
  ["all of it together", { under: "1", text: "boat", states: ["active"] }, ["2"]],
])("finds by %s", (_, query, expected) => {
  expect(ids(query)).toEqual(expected);
});

test("says where in the tree each todo stands", () => {
  expect(answer(list, {}).todos.map(({ depth, parent }) => [depth, parent])).toEqual([
    [0, null],
    [1, "1"],
    [1, "1"],
    [0, null],
  ]);
});

test("answers in pages", () => {
  expect(answer(list, { limit: 3 })).toMatchObject({ more: true });
  const [first, second] = [ids({ limit: 3 }), ids({ limit: 3, after: "3" })];
  expect([first, second]).toEqual([["1", "2", "3"], ["4"]]);
  expect(answer(list, { limit: 3, after: "3" })).toMatchObject({ more: false });
});

test("an answer stays small enough to send", () => {
  const large = after(Array.from({ length: 400 }, (_, n) => create(`t${n}`, { notes: "n".repeat(16_000) })));
  const page = answer(large, {});
  expect(page.more).toBe(true);
  expect(page.todos.length).toBeGreaterThan(0);
  expect(JSON.stringify(page).length).toBeLessThan(5 * 1024 * 1024);
});
