/** Each rule about streams is broken once, in records made by hand. */
import { expect, test } from "vitest";
import { brokenIn, executedBy, sent, settled, sound } from "./hand-made.ts";

const opened = (more: object = {}) => sent("1-7", { kind: "stream", credit: 2, ...more });
const item = (n: number, more: object = {}) => ({ item: "1-7", seq: n, key: "1-7", n, ...more });
const granted = (n: number) => ({ granted: "1-7", n });
const ended = (as: string) => settled("1-7", as);

/** A plugin that has executed the call, and was about to send so many items. */
const recorded = (count: number): string => {
  const items = Array.from({ length: count }, (_, n) => `item 1-7 ${n} 100\n`);
  return `${executedBy("1-0", "1-2", "9-0", "1-7")}${items.join("")}`;
};
const brokenBy = (executed: string, ...lines: object[]): string[] =>
  brokenIn({ client: [...sound.client, ...lines], executed });

const inOrder = "the items of a stream come in order, each once and none left out";

test("a stream that brings what was recorded breaks no rule", () => {
  const lines = [opened(), item(0), item(1), granted(2), item(2), ended("answered")];
  expect(brokenBy(recorded(3), ...lines)).toEqual([]);
});

test("one that was lost may have brought less than was recorded", () => {
  expect(brokenBy(recorded(3), opened(), item(0), ended("maybe_executed"))).toEqual([]);
});

test("so may one that its reader left", () => {
  expect(brokenBy(recorded(3), opened({ leaveAfter: 1 }), item(0), ended("answered"))).toEqual([]);
});

const wrong: [rule: string, executed: string, lines: object[]][] = [
  [inOrder, recorded(3), [opened(), item(0), item(2), ended("maybe_executed")]],
  [inOrder, recorded(3), [opened(), item(1), item(0), ended("maybe_executed")]],
  [inOrder, recorded(3), [opened(), item(0), item(0), ended("maybe_executed")]],
  [inOrder, recorded(3), [opened(), item(0, { seq: 1 }), ended("maybe_executed")]],
  [
    "an item is of the stream that it comes to",
    recorded(1),
    [opened(), item(0, { key: "1-2" }), ended("answered")],
  ],
  ["an item was recorded before it came", recorded(1), [opened(), item(0), item(1), ended("answered")]],
  [
    "a stream that was answered has brought all its items",
    recorded(2),
    [opened(), item(0), ended("answered")],
  ],
  [
    "a stream that was answered has brought all its items",
    recorded(2),
    [opened({ leaveAfter: 2 }), item(0), ended("answered")],
  ],
  ["after the end of a stream nothing comes", recorded(2), [opened(), ended("maybe_executed"), item(0)]],
  ["no item comes beyond the credit", recorded(3), [opened(), item(0), item(1), item(2), ended("answered")]],
];
test.each(wrong)("%s", (rule, executed, lines) => {
  expect(brokenBy(executed, ...lines)).toEqual([rule]);
});

test("of a stream that was not sent nothing comes", () => {
  const executed = `${sound.executed}item 1-7 0 100\n`;
  const rule = "of a stream that was not sent nothing comes";
  expect(brokenBy(executed, opened(), item(0), ended("not_sent"))).toEqual([rule]);
});

test("a library that sees to the credit itself is not asked for it", () => {
  const lines = [opened({ credit: null }), item(0), item(1), item(2), ended("answered")];
  expect(brokenBy(recorded(3), ...lines)).toEqual([]);
});

test("a stream is a call as well: it ends once, and is executed once", () => {
  const twice = [opened(), ended("answered"), ended("maybe_executed")];
  expect(brokenBy(recorded(0), ...twice)).toEqual(["a call is settled once"]);
  const again = `${recorded(0)}call 1-7 101\n`;
  expect(brokenBy(again, opened(), ended("answered"))).toEqual(["what was answered was executed once"]);
});
