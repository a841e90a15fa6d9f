import { expect, test } from "vitest";
import { accepts } from "../../src/core/schema/compare.ts";
import { todo1, todo2, todoService } from "../../protocol/todo.ts";

test.each([
  ["todo 1.x", todo1],
  ["todo 2.x", todo2],
  ["the service", todoService],
])("%s can be said in JSON Schema, and what one side may write the other reads", (_, contract) => {
  const { methods, events = {} } = contract.document();
  const schemas = [
    ...Object.values(methods).flatMap(({ params, result }) => [params, result]),
    ...Object.values(events),
  ];
  for (const schema of schemas) expect(accepts(schema, schema)).toEqual({ decided: "yes" });
});

test("2.x requires a generator, and leaves the other groups to plugins that have them", () => {
  const { methods, actions, range } = todo2.document();
  const groups = Object.entries(methods).map(([name, { group }]) => [name, group]);
  expect(groups).toEqual([
    ["generate", undefined],
    ["preview", "preview"],
    ["sync", "mirror"],
    ["applied", "mirror"],
  ]);
  expect([Object.keys(actions ?? {}), range]).toEqual([["generate"], "^2.0.0"]);
});

const parse = (value: unknown) =>
  todo2.methods.generate.result.shape.commands.element.safeParse(value).success;

test("a command says all that it needs, and nothing else is one", () => {
  expect(parse({ op: "create", tempId: "t", title: "x" })).toBe(true);
  expect(parse({ op: "move", id: "1", parent: null })).toBe(true);
  expect(parse({ op: "move", id: "1" })).toBe(false);
  expect(parse({ op: "update", id: "1", state: "later" })).toBe(false);
  expect(parse({ op: "update", id: "1", priority: "highest" })).toBe(false);
  expect(parse({ op: "rename", id: "1" })).toBe(false);
});
