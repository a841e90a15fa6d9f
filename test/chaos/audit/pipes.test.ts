/** Each rule about pipes is broken once, in records made by hand. */
import { describe, expect, test } from "vitest";
import { brokenIn, executedBy, facts, sound } from "./hand-made.ts";
import type { Made } from "./hand-made.ts";

const take = (n: number, how: "first" | "again" = "first"): string => `take p0 ${n} ${how} 101\n`;
const row = (more: object = {}) => ({
  id: "p0",
  state: "paused",
  cursor: "2",
  dispatched: null,
  delivered: 2,
  ...more,
});

const inOrder = "what flows through a pipe comes in order, and nothing is left out";
const saysSo = "what comes through a pipe once more says so";
const ofItself = "a pipe says of itself what its sink took";

const wrong: [rule: string, wrong: Partial<Made>][] = [
  [inOrder, { taken: take(2) }],
  [inOrder, { taken: take(1) + take(2) + take(1, "again") + take(2, "again") }],
  [saysSo, { taken: take(1) + take(1) + take(2) }],
  [
    "what comes through a pipe was offered by its source",
    { taken: take(1) + take(2) + take(3), pipes: [row({ cursor: "3", delivered: 3 })] },
  ],
  ["a pipe outlives the daemon", { pipes: [] }],
  ["every pipe goes on when nothing is broken any more", { facts: { ...facts, stalled: ["p0: waiting"] } }],
];
test.each(wrong)("%s", (rule, records) => {
  expect(brokenIn(records)).toEqual([rule]);
});

test("a sink is only called through its pipe", () => {
  const executed = `${sound.executed}take p0 1 first 100\n`;
  expect(brokenIn({ executed })).toEqual(["a sink is only called through its pipe", saysSo]);
});

describe("a pipe that says of itself", () => {
  const untrue: [what: string, more: object][] = [
    ["less than its sink took", { cursor: "1", delivered: 1 }],
    ["more than that", { cursor: "3", delivered: 3 }],
    ["one item twice", { delivered: 3 }],
    ["that one is on its way while it is paused", { dispatched: "3" }],
    ["that it runs though it was paused", { state: "running" }],
  ];
  test.each(untrue)("%s", (_, more) => {
    expect(brokenIn({ pipes: [row(more)] })).toEqual([ofItself]);
  });
});

test("another plugin's offer is none of its source", () => {
  const records = { executed: executedBy("1-0", "1-2", "9-0").replace(/offer.*\n/g, "") };
  const taken = `offer p0 1 101\noffer p0 2 101\n${sound.taken}`;
  expect(brokenIn({ ...records, taken })).toEqual(["what comes through a pipe was offered by its source"]);
});

test("an item that may have been delivered, and was not, says that it may have been", () => {
  expect(brokenIn({ taken: take(1, "again") + take(2) })).toEqual([]);
});
