import { expect, test } from "vitest";
import type { PluginStats } from "../../protocol/control-results.ts";
import { callRate, cpuShare, latency, memory, rate } from "../../src/text/stats-words.ts";

test.each([
  [null, "-"],
  [0.0123, "12µs"],
  [0.9994, "999µs"],
  [0.9996, "1.0ms"],
  [1.24, "1.2ms"],
  [9.96, "10ms"],
  [340.4, "340ms"],
  [999.6, "1.0s"],
  [1240, "1.2s"],
  [125_000, "2m 5s"],
])("%s milliseconds are %s", (ms, words) => {
  expect(latency(ms)).toBe(words);
});

test.each([
  [0, "0"],
  [0.04, "0"],
  [0.25, "0.3"],
  [3, "3"],
  [9.96, "10"],
  [1234.5, "1235"],
])("%s calls in a second are %s", (perSecond, words) => {
  expect(rate(perSecond)).toBe(words);
});

const stats = (process: PluginStats["process"]): PluginStats => ({
  plugin: "min",
  perSecond: [],
  recent: { seconds: 30, calls: 60, errors: 0, p50: null, p99: null },
  process,
});

test("calls in a second are the mean over what is recent", () => {
  expect(callRate(stats(null))).toBe("2");
});

test("what nobody knows is a dash", () => {
  const none = stats(null);
  expect([memory(none), cpuShare(none)]).toEqual(["-", "-"]);
  const first = stats({ count: 1, memoryBytes: 3 * 1024 * 1024, cpuMicros: 1, cpu: null });
  expect([memory(first), cpuShare(first)]).toEqual(["3 MiB", "-"]);
});

test("a share of CPU is of one core, and may be more than all of it", () => {
  expect(cpuShare(stats({ count: 1, memoryBytes: 1, cpuMicros: 1, cpu: 2.5 }))).toBe("250%");
});
