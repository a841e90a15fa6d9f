/** Each rule about calls that are sent again is broken once, in records made by hand. */
import { expect, test } from "vitest";
import { brokenIn, executedBy, sent, settled, sound, start } from "./hand-made.ts";

const called = sent("1-7", { kind: "retried" });
const brokenBy = (times: number, ...lines: object[]): string[] => {
  const executed = executedBy("1-0", "1-2", "9-0", ...Array.from({ length: times }, () => "1-7"));
  return brokenIn({ client: [...sound.client, called, ...lines], executed });
};
const ended = (as: string, more: object = {}) => settled("1-7", as, more);
const lost = (attempts: number | null) =>
  ended("maybe_executed", { code: "plugin_crashed", report: "one-1-aaaa", attempts });

test("one that was answered at its second execution breaks no rule", () => {
  expect(brokenBy(2, ended("answered"))).toEqual([]);
});

test("nor does one that was lost as often as it was sent", () => {
  expect(brokenBy(4, lost(4))).toEqual([]);
});

test("nor one that its plugin did not get to each time", () => {
  expect(brokenBy(1, lost(3))).toEqual([]);
});

const wrong: [rule: string, times: number, lines: object[]][] = [
  ["what was answered with retries was executed at least once", 0, [ended("answered")]],
  ["a call is executed no more often than it was sent", 3, [lost(2)]],
  ["a call is executed no more often than it was sent", 5, [ended("answered")]],
  ["a call is executed no more often than it was sent", 5, [ended("maybe_executed", { code: "cancelled" })]],
  ["a call is sent four times at most", 4, [lost(5)]],
  ["a call that was lost in spite of retries says how often it was sent", 1, [lost(null)]],
  ["a call that was lost in spite of retries says how often it was sent", 0, [lost(0)]],
  ["what was not sent was not executed", 1, [ended("not_sent", { code: "plugin_unavailable" })]],
  ["every call is settled", 1, []],
  ["a call is settled once", 1, [ended("answered"), ended("answered")]],
  ["a call is settled in time", 1, [ended("answered", { at: start + 20_000 })]],
];
test.each(wrong)("%s", (rule, times, lines) => {
  expect(brokenBy(times, ...lines)).toEqual([rule]);
});
