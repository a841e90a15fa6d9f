import { expect, test } from "vitest";
import type { TodoList } from "../../../../src/todo/list.ts";
import { inputOf } from "../../../../src/tui/parts/text-input.ts";
import { shownRows, tallyOf } from "../../../../src/tui/screens/todos/rows.ts";
import type { Look } from "../../../../src/tui/screens/todos/rows.ts";
import { initialTodos } from "../../../../src/tui/screens/todos/state.ts";
import { after } from "../../../todo/samples.ts";
import { listOf } from "../../todos/samples.ts";

const trip = listOf("trip", "  pack", "    socks", "  book", "shop");
const someDone = after(
  [
    { op: "update", id: "1", state: "done" },
    { op: "update", id: "4", state: "cancelled" },
  ],
  trip,
);

function titles(list: TodoList, look: Partial<Look>): string[] {
  return shownRows(list, { ...initialTodos.look, ...look }).rows.map(
    ({ todo, depth, isContext }) => `${"  ".repeat(depth)}${todo.title}${isContext ? "?" : ""}`,
  );
}

const filter = (text: string): Partial<Look> => ({ filter: { input: inputOf(text), isTyping: false } });

test("below what is folded nothing is shown", () => {
  expect(titles(trip, { folded: new Set(["2"]) })).toEqual(["trip", "  pack", "  book", "shop"]);
  expect(titles(trip, { folded: new Set(["1"]) })).toEqual(["trip", "shop"]);
});

test("what a filter finds is shown with all that it is a part of, folded or not", () => {
  const folded = new Set(["1"]);
  expect(titles(trip, { ...filter("sock"), folded })).toEqual(["trip?", "  pack?", "    socks"]);
  expect(titles(trip, filter("zebra"))).toEqual([]);
});

test("a filter finds states, days and plugins too", () => {
  expect(titles(someDone, filter("cancelled"))).toEqual(["trip?", "  book"]);
});

test("what is done is hidden, unless something below it is not", () => {
  expect(titles(someDone, { hidesDone: true })).toEqual(["trip", "  pack", "    socks", "shop"]);
});

test("counts what is open and what is over", () => {
  expect(tallyOf(someDone)).toEqual({ open: 3, over: 2 });
});
