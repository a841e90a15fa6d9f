import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { apply } from "../../src/todo/batch.ts";
import { longest, noHistory, recorded, redone, undone } from "../../src/todo/history.ts";
import type { History } from "../../src/todo/history.ts";
import { emptyList } from "../../src/todo/list.ts";
import type { TodoList } from "../../src/todo/list.ts";
import { after, batches, create, outline } from "./samples.ts";

/** Ids are not given twice, so their count is no part of what is undone. */
const shown = ({ todos, children }: TodoList) => ({ todos, children });

function done(history: History, list: TodoList, ...commands: Parameters<typeof apply>[1]) {
  const result = apply(list, commands, null);
  if (!result.ok) throw new Error(result.error.message);
  return { history: recorded(history, { label: "", patch: result.patch }), list: result.list };
}

describe("undo", () => {
  test("restores exactly what was there before each batch, and redo what was there after it", () => {
    fc.assert(
      fc.property(batches, (many) => {
        let [list, history] = [emptyList, noHistory];
        const seen: TodoList[] = [list];
        for (const commands of many) {
          const result = apply(list, commands, null);
          if (!result.ok) continue;
          const next = recorded(history, { label: "", patch: result.patch });
          list = result.list;
          if (next === history) expect(shown(list)).toEqual(shown(seen.at(-1) ?? emptyList));
          else seen.push(list);
          history = next;
        }
        for (const expected of seen.slice(0, -1).toReversed()) {
          const turn = undone(history, list);
          if (turn === null) throw new Error("nothing to undo");
          ({ history, list } = turn);
          expect(shown(list)).toEqual(shown(expected));
        }
        expect(undone(history, list)).toBeNull();
        for (const expected of seen.slice(1)) {
          const turn = redone(history, list);
          if (turn === null) throw new Error("nothing to redo");
          ({ history, list } = turn);
          expect(shown(list)).toEqual(shown(expected));
        }
        expect(redone(history, list)).toBeNull();
      }),
      { numRuns: 100 },
    );
  });

  test("never gives an id twice", () => {
    const one = done(noHistory, emptyList, create("a"));
    const turn = undone(one.history, one.list);
    const list = after([create("b")], turn?.list);
    expect([...list.todos.keys()]).toEqual(["2"]);
  });

  test("is over for what was undone once something else is done", () => {
    const one = done(noHistory, emptyList, create("a"));
    const turn = undone(one.history, one.list);
    if (turn === null) throw new Error("nothing to undo");
    const other = done(turn.history, turn.list, create("b"));
    expect(redone(other.history, other.list)).toBeNull();
    expect(outline(other.list)).toEqual(["b"]);
  });

  test("goes back a bounded number of steps", () => {
    let at = done(noHistory, emptyList, create("a"));
    for (let n = 0; n < longest.steps + 5; n += 1) {
      at = done(at.history, at.list, { op: "update", id: "1", title: `title ${n}` });
    }
    expect(at.history.past).toHaveLength(longest.steps);
    const large = Array.from({ length: 10_000 }, (_, n) => create(`t${n}`));
    for (let n = 0; n < 6; n += 1) {
      at = done(at.history, at.list, ...large);
      at = done(
        at.history,
        at.list,
        ...large.map((_, i) => ({ op: "delete" as const, id: String(n * 10_000 + i + 2) })),
      );
    }
    const changes = at.history.past.reduce(
      (sum, { patch }) => sum + patch.todos.size + patch.children.size,
      0,
    );
    expect(changes).toBeLessThanOrEqual(longest.changes);
  });

  test("does not count what changed nothing", () => {
    const one = done(noHistory, emptyList, create("a"), create("b"));
    const same = done(
      one.history,
      one.list,
      { op: "update", id: "1", title: "a" },
      { op: "move", id: "2", parent: null },
    );
    expect(same.history).toBe(one.history);
  });
});
