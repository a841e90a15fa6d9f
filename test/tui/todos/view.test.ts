import { expect, test } from "vitest";
import { keptActivity, withActivity } from "../../../src/tui/todos/view.ts";
import type { Activity } from "../../../src/tui/todos/view.ts";

test("what is kept is bounded, and many events do not drive out the problems", () => {
  const problem: Activity = { kind: "problem", plugin: null, message: "no harbour", seq: 0, at: 0 };
  let all: readonly Activity[] = [problem];
  for (let seq = 1; seq <= 3 * keptActivity.event; seq += 1) {
    all = withActivity(all, {
      kind: "event",
      event: "todo.added",
      title: null,
      by: null,
      told: null,
      seq,
      at: 0,
    });
  }
  expect(all).toHaveLength(keptActivity.event + 1);
  expect([all[0], all[1]?.seq, all.at(-1)?.seq]).toEqual([
    problem,
    2 * keptActivity.event + 1,
    3 * keptActivity.event,
  ]);
});
