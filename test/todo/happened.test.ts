import { expect, test } from "vitest";
import { todo2 } from "../../protocol/todo.ts";
import type { Command } from "../../protocol/todo.ts";
import { apply } from "../../src/todo/batch.ts";
import { happened, mostEvents } from "../../src/todo/happened.ts";
import { emptyList } from "../../src/todo/list.ts";
import type { TodoList } from "../../src/todo/list.ts";
import { after, create } from "./samples.ts";

function events(list: TodoList, ...commands: Command[]) {
  const result = apply(list, commands, null);
  if (!result.ok) throw new Error(result.error.message);
  const told = happened(result.patch, result.list, "plugin");
  for (const { event, params } of told) {
    const declared = Object.entries(todo2.events).find(([name]) => event === `todo.${name}`);
    expect(declared?.[1].safeParse(params)).toMatchObject({ success: true });
  }
  return told.map(({ event, params }) => [event, params["changed"]]);
}

test("plugins are told of what became different, as the contract declares it", () => {
  const list = after([create("a"), create("b", { parent: "a" }), create("c")]);
  expect(events(list, create("d"))).toEqual([["todo.added", undefined]]);
  expect(
    events(
      list,
      { op: "update", id: "1", title: "x", priority: "low" },
      { op: "metadata", id: "1", key: "k", value: 1 },
    ),
  ).toEqual([["todo.modified", ["title", "priority", "metadata"]]]);
  expect(events(list, { op: "update", id: "1", state: "done" })).toEqual([["todo.completed", undefined]]);
  expect(events(list, { op: "update", id: "1", state: "done", notes: "n" })).toEqual([
    ["todo.completed", undefined],
    ["todo.modified", ["notes"]],
  ]);
  expect(events(list, { op: "move", id: "3", parent: "1" })).toEqual([["todo.modified", ["parent"]]]);
  expect(events(list, { op: "delete", id: "1" })).toEqual([
    ["todo.deleted", undefined],
    ["todo.deleted", undefined],
  ]);
});

test("what a batch takes back itself has not happened", () => {
  const list = after([create("a")]);
  expect(events(list, create("x"), { op: "delete", id: "x" })).toEqual([]);
  expect(events(list, { op: "update", id: "1", title: "x" }, { op: "update", id: "1", title: "a" })).toEqual(
    [],
  );
});

test("much at once is told as one", () => {
  const many = Array.from({ length: mostEvents + 1 }, (_, n) => create(`t${n}`));
  expect(events(emptyList, ...many)).toEqual([["todo.loaded", undefined]]);
  expect(events(emptyList, ...many.slice(1))).toHaveLength(mostEvents);
});
