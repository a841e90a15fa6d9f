import { describe, expect, test } from "vitest";
import type { CrashReport } from "../../../../protocol/state.ts";
import {
  countsByPlugin,
  histogram,
  nextWords,
  timeline,
} from "../../../../src/tui/screens/crashes/timeline.ts";
import type { Entry } from "../../../../src/tui/screens/crashes/timeline.ts";
import { crashReport, happened, now, pluginStatus } from "../../samples.ts";

const crash = (report: string, at = now) =>
  happened(
    7,
    {
      type: "session.crash",
      plugin: "chaos",
      generation: 3,
      report,
      summary: "killed by SIGSEGV",
      class: "transient",
      lostCalls: 2,
      durable: true,
    },
    at,
  );

describe("the timeline", () => {
  test("has one entry for a crash, its event and what was decided", () => {
    const report = crashReport("chaos-3-a");
    const restart = { type: "plugin.restart", plugin: "chaos", generation: 3 } as const;
    const events = [
      crash("chaos-3-a"),
      happened(8, { ...restart, delayMs: 500, attempt: 1, why: "first failure", report: "chaos-3-a" }),
    ];
    expect(timeline([report], events)).toMatchObject([
      { key: "chaos-3-a", report, decision: report.decision },
    ]);
  });

  test("knows a crash by its events before its report was read", () => {
    const gaveUp = {
      type: "plugin.gave_up",
      plugin: "chaos",
      code: "crash_loop",
      why: "9 failures",
    } as const;
    expect(timeline([], [crash("chaos-3-a"), happened(8, { ...gaveUp, report: "chaos-3-a" })])).toEqual([
      {
        kind: "crash",
        key: "chaos-3-a",
        at: now,
        plugin: "chaos",
        generation: 3,
        summary: "killed by SIGSEGV",
        class: "transient",
        lost: 2,
        decision: { action: "give_up", code: "crash_loop", why: "9 failures" },
        report: null,
      },
    ]);
  });

  test("has what operators did, the daemon's own starts and restarts for a changed file, newest first", () => {
    const state = { type: "plugin.state", plugin: "min" } as const;
    const events = [
      happened(1, { type: "supervisor.started", pid: 1, version: "1.2.3" }, now - 9),
      happened(2, { ...state, from: "idle", to: "starting", why: "started by a call" }, now - 8),
      happened(3, { type: "operator.action", plugin: "min", action: "restart" }, now - 7),
      happened(4, { ...state, from: "serving", to: "starting", why: "restarted by the operator" }, now - 6),
      happened(5, { ...state, from: "backoff", to: "starting", why: "1st failure" }, now - 5),
      happened(6, { ...state, from: "failed", to: "starting", why: "its file has changed" }, now - 4),
      happened(7, { type: "operator.action", plugin: "min", action: "stop" }, now - 3),
    ];
    const told = timeline([crashReport("chaos-1-a", { at: now - 5 })], events);
    expect(told.map(({ plugin, summary }) => `${plugin ?? "-"}: ${summary}`)).toEqual([
      "min: stopped by the operator",
      "min: started again: its file has changed",
      "chaos: panicked at src/main.rs:12:5: on request",
      "min: restarted by the operator",
      "-: the daemon started, version 1.2.3",
    ]);
  });
});

const entryOf = (decision: CrashReport["decision"]): Entry => {
  const [entry] = timeline([crashReport("chaos-3-a", { generation: 3, at: now - 1000, decision })], []);
  if (entry === undefined) throw new Error("no entry");
  return entry;
};

const chaos = (more: Parameters<typeof pluginStatus>[1]) => pluginStatus("chaos", { generation: 3, ...more });

describe("what comes next", () => {
  const restart = entryOf({ action: "restart", delayMs: 2500, attempt: 1, why: "" });
  test.each([
    ["restart in 1s", restart, chaos({ state: "backoff", retryAt: now + 1500 })],
    ["stopped", restart, chaos({ state: "stopped" })],
    ["failed", restart, chaos({ state: "failed" })],
    ["restarted after 2s", restart, chaos({ generation: 4 })],
    ["restarted after 2s", restart, chaos({ generation: 4, state: "backoff", retryAt: now + 9 })],
    ["restart after 2s", restart, undefined],
    ["given up", entryOf({ action: "give_up", code: "crash_loop", why: "" }), chaos({})],
    ["no restart", entryOf({ action: "none", why: "" }), chaos({})],
  ])("is %s", (text, entry, status) => {
    expect(nextWords(entry, status, now).text).toMatch(new RegExp(`^${text}`));
  });
});

test("the histogram counts the crashes of each span, the latest last", () => {
  const reports = [0, 1, 10, 11, 999].map((ago, at) => crashReport(`chaos-${at}-a`, { at: now - ago }));
  const action = happened(1, { type: "operator.action", plugin: "min", action: "stop" });
  expect(histogram(timeline(reports, [action]), now, 10, 3)).toEqual([0, 2, 2]);
  // A clock that was put back.
  expect(histogram(timeline([crashReport("a", { at: now + 99 })], []), now, 10, 3)).toEqual([0, 0, 1]);
});

const counted = (...plugins: readonly string[]) =>
  countsByPlugin(
    timeline(
      plugins.map((plugin, at) => crashReport(`x-${at}`, { plugin })),
      [],
    ),
  );

test("plugins are counted, the worst first", () => {
  expect(counted("b", "a", "c", "c")).toEqual([
    ["c", 2],
    ["a", 1],
    ["b", 1],
  ]);
});
