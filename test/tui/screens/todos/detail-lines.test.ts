import { expect, test } from "vitest";
import { detailLines, treeLines } from "../../../../src/tui/screens/todos/detail-lines.ts";
import { after } from "../../../todo/samples.ts";
import { plain } from "../../hostile.ts";
import { listOf, now } from "../../todos/samples.ts";

test("says where it stands, what it is, and what each plugin keeps with it", () => {
  const list = after(
    [
      { op: "update", id: "2", due: "2026-03-04", priority: "high", notes: "blue\n\tor green" },
      {
        op: "metadata",
        id: "2",
        key: "harbour",
        value: { file: "a.json", tags: ["x", "y"], more: { n: 1 } },
      },
    ],
    listOf("trip", "  paint"),
  );
  const todo = list.todos.get("2");
  expect(todo && detailLines(list, todo, 40, now).map(plain)).toEqual([
    "paint",
    "open, high priority, due today",
    "id 2, made by a person",
    "part of trip",
    "",
    "blue",
    "  or green",
    "",
    "harbour",
    "  file: a.json",
    '  tags: ["x","y"]',
    "  more:",
    "    n: 1",
  ]);
});

test("what is long goes on further in, and what is deep ends somewhere", () => {
  expect(treeLines({ key: "one two three four" }, 14)).toEqual(["key: one two", "  three four"]);
  const deep = Array.from({ length: 50 }).reduce<unknown>((inner) => ({ a: inner }), 1);
  expect(treeLines(deep, 80).length).toBeLessThan(20);
});
