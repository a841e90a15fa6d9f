import { expect, test } from "vitest";
import type { Action } from "../../../../protocol/description.ts";
import { offeredActions, syncAction } from "../../../../src/tui/screens/todos/actions.ts";

const taken = [{ keys: ["x"], label: "done" }];
const action = (id: string, key?: string): Action => ({
  id,
  method: id,
  ...(key === undefined ? {} : { key }),
});
const keysOf = (...actions: readonly Action[]) =>
  offeredActions([{ id: "p", actions, mirrors: false }], taken).map(({ key, conflict }) => key ?? conflict);

test("an action has the key that it suggests, unless that is taken: the first one has it", () => {
  const plugins = [
    { id: "one", actions: [action("a", "x"), action("b", "ctrl+g")], mirrors: false },
    { id: "two", actions: [action("c", "Ctrl+G"), action("d")], mirrors: false },
  ];
  expect(offeredActions(plugins, taken).map(({ action: id, key, conflict }) => [id, key, conflict])).toEqual([
    ["a", null, "x is taken by done"],
    ["b", "ctrl+g", null],
    ["c", null, "ctrl+g is taken by one: b"],
    ["d", null, null],
  ]);
});

test.each([
  ["ctrl+t", "ctrl+t"],
  ["C-t", "ctrl+t"],
  ["alt+t", "alt+t"],
  ["M-t", "alt+t"],
  ["shift+t", "T"],
  ["Tab", "tab"],
  ["é", "é"],
])("%s is the key %s", (wish, key) => {
  expect(keysOf(action("a", wish))).toEqual([key]);
});

test.each(["ctrl+c", "ctrl+m", "ctrl+1", "hyper+x", "ctrl+alt+x", "F99", "ctrl+", "\u001B"])(
  "%j is none",
  (wish) => {
    expect(keysOf(action("a", wish))).toEqual([expect.stringContaining("no key that a terminal tells")]);
  },
);

test("a plugin that mirrors something can be asked what is new, whether it offers that or not", () => {
  const mirrors = true;
  expect(offeredActions([{ id: "p", actions: [], mirrors }], [])).toMatchObject([{ action: syncAction }]);
  expect(offeredActions([{ id: "p", actions: [action("sync")], mirrors }], [])).toHaveLength(1);
});
