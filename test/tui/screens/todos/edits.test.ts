import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Todo } from "../../../../protocol/todo.ts";
import type { TodoList } from "../../../../src/todo/list.ts";
import type { Edit } from "../../../../src/tui/screens/todos/edits.ts";
import {
  annotated,
  dated,
  deleted,
  indented,
  outdented,
  prioritised,
  retitled,
  shifted,
  toggled,
  urgent,
  withState,
} from "../../../../src/tui/screens/todos/edits.ts";
import { after, outline } from "../../../todo/samples.ts";
import { listOf } from "../../todos/samples.ts";

const trip = listOf("trip", "  pack", "    socks", "  book", "shop");
const allButB = (id: string): boolean => id !== "2";
const everything = (): boolean => true;

function todo(list: TodoList, title: string): Todo {
  const found = [...list.todos.values()].find((each) => each.title === title);
  if (found === undefined) throw new Error(`there is no ${title}`);
  return found;
}

const done = (list: TodoList, edit: Edit | null): TodoList =>
  edit === null ? list : after(edit.commands, list);

describe("moving", () => {
  test("goes past siblings that are shown, and jumps over the others", () => {
    const list = listOf("a", "b", "c");
    expect(outline(done(list, shifted(list, todo(list, "a"), "down", allButB)))).toEqual(["b", "c", "a"]);
    expect(outline(done(list, shifted(list, todo(list, "c"), "up", allButB)))).toEqual(["c", "a", "b"]);
    expect(shifted(list, todo(list, "c"), "down", everything)).toBeNull();
    expect(shifted(list, todo(list, "a"), "up", everything)).toBeNull();
  });

  test("in becomes the last part of the one above, out comes behind what it was a part of", () => {
    const inside = done(trip, indented(trip, todo(trip, "shop"), everything));
    expect(outline(inside)).toEqual(["trip", "  pack", "    socks", "  book", "  shop"]);
    const outside = done(trip, outdented(trip, todo(trip, "pack")));
    expect(outline(outside)).toEqual(["trip", "  book", "pack", "  socks", "shop"]);
    expect(indented(trip, todo(trip, "trip"), everything)).toBeNull();
    expect(outdented(trip, todo(trip, "shop"))).toBeNull();
  });

  test("down and up again leaves the list as it was, and every move can be done", () => {
    const lists = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 12 }).map((depths) => {
      let last = -1;
      const lines = depths.map((depth, at) => {
        last = Math.min(depth, last + 1);
        return `${"  ".repeat(last)}t${at}`;
      });
      return listOf(...lines);
    });
    fc.assert(
      fc.property(lists, fc.nat(), (list, nth) => {
        const ids = [...list.todos.keys()];
        const id = ids[nth % ids.length] ?? "1";
        const at = (now: TodoList): Todo => now.todos.get(id) ?? todo(list, "t0");
        const down = shifted(list, at(list), "down", everything);
        const below = done(list, down);
        if (down !== null) {
          expect(outline(done(below, shifted(below, at(below), "up", everything)))).toEqual(outline(list));
        }
        for (const move of [
          indented(list, at(list), everything),
          outdented(list, at(list)),
          shifted(list, at(list), "up", everything),
        ]) {
          expect(done(list, move).todos.size).toBe(list.todos.size);
        }
      }),
    );
  });
});

test("what is deleted with its parent is not deleted twice, and all that goes is counted", () => {
  const deletion = deleted(trip, [todo(trip, "pack"), todo(trip, "socks"), todo(trip, "trip")]);
  expect(deletion).toMatchObject({ count: 4, open: 4, label: "delete “trip”" });
  expect(outline(done(trip, deletion))).toEqual(["shop"]);
});

describe("several at once", () => {
  const [a, b] = [todo(trip, "pack"), todo(trip, "book")];

  test("are done, or open again when all of them were", () => {
    const one = done(trip, toggled([a]));
    const both = done(one, toggled([todo(one, "pack"), todo(one, "book")]));
    expect([todo(both, "pack").state, todo(both, "book").state]).toEqual(["done", "done"]);
    expect(toggled([todo(both, "pack"), todo(both, "book")])?.commands).toHaveLength(2);
    expect(toggled([a, b])).toMatchObject({ label: "complete 2 todos" });
  });

  test("what would change nothing is no step to undo", () => {
    expect(withState([a], "open")).toBeNull();
    expect(prioritised([{ ...a, priority: "high" }], 1)).toBeNull();
    expect(dated([a], null)).toBeNull();
    expect(retitled(a, " pack ")).toBeNull();
    expect(annotated(a, "  \n")).toBeNull();
  });

  test("get a priority by steps, or at once", () => {
    expect(prioritised([a], 1)?.commands).toEqual([{ op: "update", id: "2", priority: "high" }]);
    expect(prioritised([a], -1)?.commands).toEqual([{ op: "update", id: "2", priority: "low" }]);
    expect(urgent([{ ...a, priority: "high" }])?.commands).toEqual([
      { op: "update", id: "2", priority: "normal" },
    ]);
  });
});
