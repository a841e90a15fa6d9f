import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Command } from "../../protocol/todo.ts";
import { apply, bounds } from "../../src/todo/batch.ts";
import { ancestors, emptyList, walk } from "../../src/todo/list.ts";
import type { TodoList } from "../../src/todo/list.ts";
import { after, batches, create, outline } from "./samples.ts";

/** What must hold of every list. */
function sound(list: TodoList): void {
  const placed = [...list.children].flatMap(([parent, ids]) => ids.map((id) => [id, parent] as const));
  expect(new Map(placed).size).toBe(placed.length);
  expect(placed.length).toBe(list.todos.size);
  for (const [id, parent] of placed) expect(list.todos.get(id)?.parent).toBe(parent);
  for (const ids of list.children.values()) expect(ids.length).toBeGreaterThan(0);
  // From each todo the top is reached: no cycle. The walk meets each of them once.
  for (const id of list.todos.keys()) {
    const way = [...ancestors(list, id)].slice(0, list.todos.size + 1);
    expect(way.at(-1)?.parent).toBeNull();
    expect(Number(id)).toBeLessThan(list.nextId);
  }
  expect([...walk(list)].map(({ id }) => id).toSorted()).toEqual([...list.todos.keys()].toSorted());
}

function refusal(list: TodoList, ...commands: Command[]) {
  const result = apply(list, commands, null);
  if (result.ok) throw new Error(`it fits: ${outline(result.list).join()}`);
  return result.error;
}

describe("a batch", () => {
  test("creates trees whose parts refer to each other by names of its own", () => {
    const result = apply(
      emptyList,
      [
        create("b"),
        create("a", {
          after: null,
          state: "active",
          priority: "high",
          due: "2026-02-28",
          notes: "n",
          metadata: { k: [1] },
        }),
        create("a2", { parent: "a" }),
        create("a1", { parent: "a", after: null }),
        create("a15", { parent: "a", after: "a1" }),
      ],
      "plugin",
    );
    if (!result.ok) throw new Error(result.error.message);
    expect(outline(result.list)).toEqual(["a", "  a1", "  a15", "  a2", "b"]);
    expect(result.list.todos.get(result.created.get("a") ?? "")).toEqual({
      id: "2",
      parent: null,
      title: "a",
      state: "active",
      priority: "high",
      due: "2026-02-28",
      notes: "n",
      metadata: { k: [1] },
      origin: "plugin",
    });
  });

  test("updates what it names and leaves the rest, and takes away what is null", () => {
    const list = after([create("x", { due: "2026-01-01", notes: "n" })]);
    expect(list.todos.get("1")).toMatchObject({ state: "open", priority: "normal" });
    const updated = after([{ op: "update", id: "1", state: "done", due: null }], list);
    expect(updated.todos.get("1")).toMatchObject({ title: "x", state: "done", due: null, notes: "n" });
    const urgent = after([{ op: "update", id: "1", priority: "high" }], updated);
    expect(urgent.todos.get("1")).toMatchObject({ title: "x", state: "done", priority: "high" });
  });

  test("deletes a todo with all that is below it", () => {
    const list = after([
      create("a"),
      create("b", { parent: "a" }),
      create("c", { parent: "b" }),
      create("d"),
    ]);
    expect(outline(after([{ op: "delete", id: "1" }], list))).toEqual(["d"]);
  });

  test("moves a todo with all that is below it, within its siblings too", () => {
    const list = after([create("a"), create("b"), create("c"), create("b1", { parent: "b" })]);
    const under = after([{ op: "move", id: "2", parent: "1" }], list);
    expect(outline(under)).toEqual(["a", "  b", "    b1", "c"]);
    const first = after([{ op: "move", id: "3", parent: null, after: null }], under);
    expect(outline(first)).toEqual(["c", "a", "  b", "    b1"]);
    expect(outline(after([{ op: "move", id: "2", parent: null, after: "3" }], first))).toEqual([
      "c",
      "b",
      "  b1",
      "a",
    ]);
  });

  test("keeps metadata by key, of whatever name", () => {
    const list = after([create("a", { metadata: { k: 1 } })]);
    const more = after([{ op: "metadata", id: "1", key: "__proto__", value: { x: 1 } }], list);
    const metadata = more.todos.get("1")?.metadata ?? {};
    expect(Object.keys(metadata)).toEqual(["k", "__proto__"]);
    const less = after([{ op: "metadata", id: "1", key: "k", value: null }], more);
    expect(Object.keys(less.todos.get("1")?.metadata ?? {})).toEqual(["__proto__"]);
  });

  test.each<[why: string, commands: Command[], error: { index: number; path: string }]>([
    ["an unknown id", [create("x"), { op: "update", id: "nobody" }], { index: 1, path: "/id" }],
    [
      "a name that is given later",
      [create("x", { parent: "y" }), create("y")],
      { index: 0, path: "/parent" },
    ],
    ["a name that is given twice", [create("x"), create("x")], { index: 1, path: "/tempId" }],
    ["a name that is an id", [create("1")], { index: 0, path: "/tempId" }],
    ["no title", [create("x", { title: " " })], { index: 0, path: "/title" }],
    ["a title of two lines", [create("x", { title: "a\nb" })], { index: 0, path: "/title" }],
    ["a day that there is not", [create("x", { due: "2026-02-30" })], { index: 0, path: "/due" }],
    ["something that is no day", [create("x", { due: "tomorrow" })], { index: 0, path: "/due" }],
    ["an empty key", [{ op: "metadata", id: "1", key: "", value: 1 }], { index: 0, path: "/key" }],
    ["a sibling elsewhere", [create("x", { parent: "1", after: "3" })], { index: 0, path: "/after" }],
    ["a todo below itself", [{ op: "move", id: "1", parent: "2" }], { index: 0, path: "/parent" }],
    ["a todo below itself at once", [{ op: "move", id: "1", parent: "1" }], { index: 0, path: "/parent" }],
    [
      "what was deleted",
      [
        { op: "delete", id: "1" },
        { op: "delete", id: "2" },
      ],
      { index: 1, path: "/id" },
    ],
    ["a todo too large to tell", [create("x", { notes: "n".repeat(bounds.todo) })], { index: 0, path: "" }],
  ])("is refused for %s, and says where", (_, commands, error) => {
    const list = after([create("a"), create("b", { parent: "a" }), create("c")]);
    const before = outline(list);
    expect(refusal(list, ...commands)).toMatchObject(error);
    expect(outline(list)).toEqual(before);
  });

  test("is refused beyond the depth that a host shows, by moving as well", () => {
    const chain = Array.from({ length: bounds.depth }, (_, n) =>
      create(`t${n}`, n === 0 ? {} : { parent: `t${n - 1}` }),
    );
    const list = after([...chain, create("x"), create("y", { parent: "x" })]);
    const last = String(bounds.depth);
    expect(refusal(list, create("z", { parent: last }))).toMatchObject({ path: "/parent" });
    const beforeLast = String(bounds.depth - 1);
    const x = String(bounds.depth + 1);
    expect(refusal(list, { op: "move", id: x, parent: beforeLast })).toMatchObject({ path: "/parent" });
  });

  test("is refused when it is too long", () => {
    const commands = Array.from({ length: bounds.commands + 1 }, (_, n) => create(`t${n}`));
    expect(refusal(emptyList, ...commands)).toMatchObject({ index: 0 });
    expect(after(commands.slice(1)).todos.size).toBe(bounds.commands);
  });

  test("leaves a sound list, whatever it does, and changes nothing when it does not fit", () => {
    let fits = 0;
    fc.assert(
      fc.property(batches, (many) => {
        let list = emptyList;
        for (const commands of many) {
          const before = structuredClone(list);
          const result = apply(list, commands, null);
          expect(list).toEqual(before);
          if (!result.ok) {
            expect(result.error.index).toBeLessThan(commands.length);
            continue;
          }
          fits += commands.length;
          list = result.list;
          sound(list);
        }
      }),
      { numRuns: 200 },
    );
    expect(fits).toBeGreaterThan(1000);
  });
});
