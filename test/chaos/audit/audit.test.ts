/** An auditor that finds nothing has to be one that would: each rule is broken once, in records made by hand. */
import { describe, expect, test } from "vitest";
import {
  brokenIn,
  crash,
  executedBy,
  facts,
  operatorStart,
  report,
  restart,
  sent,
  session,
  settled,
  sound,
  start,
  state,
} from "./hand-made.ts";
import type { Made } from "./hand-made.ts";

/** Those of a run in which nothing was decided about the end of this life. */
const brokenByNone = (why: string, generation: number, states: object[]): string[] =>
  brokenIn({
    reports: [report("one-1-aaaa", generation, start + 1000, { action: "none", why })],
    events: [...states, crash(9, "one-1-aaaa", start + 1000)],
  });

test("a sound run breaks no rule", () => {
  expect(brokenIn({})).toEqual([]);
});

const one = (...lines: object[]) => [sent("1-0"), ...lines];

describe("calls", () => {
  const cases: [rule: string, wrong: Partial<Made>][] = [
    ["every call is settled", { client: [...sound.client, sent("1-3")] }],
    [
      "a call is settled once",
      {
        client: one(settled("1-0", "answered"), settled("1-0", "answered")),
        executed: executedBy("1-0", "9-0"),
      },
    ],
    [
      "a call is settled as answered, not_sent or maybe_executed",
      { client: one(settled("1-0", "nothing")), executed: executedBy() },
    ],
    [
      "a plugin that is configured is found",
      {
        client: [sent("1-1"), settled("1-1", "not_sent", { code: "plugin_not_found" })],
        executed: executedBy(),
      },
    ],
    ["what was answered was executed once", { executed: executedBy("1-2") }],
    ["what was answered was executed once", { executed: executedBy("1-0", "1-0", "1-2") }],
    ["what was not sent was not executed", { executed: `${sound.executed}call 1-1 100\n` }],
    ["what may have been executed was at most once", { executed: `${sound.executed}call 1-2 101\n` }],
    ["what nobody settled was executed at most once", { executed: `${sound.executed}call 9-0 101\n` }],
    ["what was executed had been called", { executed: `${sound.executed}call 1-77 100\n` }],
    [
      "a call is executed by the plugin that it was sent to",
      { client: [{ ...sent("1-0"), plugin: "two" }, settled("1-0", "answered"), ...sound.client.slice(2)] },
    ],
    [
      "a call is settled in time",
      { client: [sent("1-0"), settled("1-0", "answered", { at: start + 20_000 }), ...sound.client.slice(2)] },
    ],
    [
      "a call that was lost with its plugin names the report",
      {
        client: [sent("1-2"), settled("1-2", "maybe_executed", { code: "plugin_hung" })],
        executed: executedBy("1-2"),
      },
    ],
    ["every client that is asked to leave leaves", { facts: { ...facts, stuck: ["1"] } }],
  ];
  test.each(cases)("%s", (rule, wrong) => {
    expect(brokenIn(wrong)).toEqual([rule]);
  });
});

describe("reports", () => {
  const lost = { found: [{ report: "one-1-aaaa", found: false }] };
  const rule = "a report that a client was told of can be read after the end";

  test("one that was durable may not be lost", () => {
    expect(brokenIn(lost)).toEqual([rule]);
  });

  test("nor one of which only a client knows", () => {
    expect(brokenIn({ ...lost, witness: [] })).toEqual([rule]);
  });

  test("one that was not durable may be", () => {
    expect(brokenIn({ ...lost, witness: [{ report: "one-1-aaaa", plugin: "one", durable: false }] })).toEqual(
      [],
    );
  });

  test("nor is one promised that was told while the disk was away", () => {
    const deeds = [
      { at: start, deed: "disk taken" },
      { at: start + 1000, deed: "disk given back" },
    ];
    expect(brokenIn({ ...lost, witness: [], deeds })).toEqual([]);
  });

  test("one without its events was not written in one transaction", () => {
    expect(brokenIn({ events: sound.events.filter((_, n) => n !== 1) })).toEqual([
      "a report and its events are one transaction",
    ]);
  });
});

/** Its restart came when an operator asked for it. */
const restartedBy = (at: number) => [
  ...sound.events.slice(0, 4),
  operatorStart(5, at),
  state(6, at + 1, "backoff", "starting"),
];

/** An end for which the third attempt was decided. */
const after = (delayMs: number) => [report("one-1-aaaa", 1, start + 1000, restart(3, delayMs))];

describe("restarts", () => {
  const decided = "each end is decided as the policy says";
  const due = "restarts come when they are due";
  const decisions: [what: string, decision: object][] = [
    ["the attempt is not the next one", restart(2, 200)],
    ["the delay is too short", restart(1, 79)],
    ["the delay is too long", restart(1, 121)],
    ["it gives up too early", { action: "give_up", code: "crash_loop" }],
    ["it does nothing", { action: "none" }],
  ];
  test.each(decisions)("%s", (_, decision) => {
    expect(brokenIn({ reports: [report("one-1-aaaa", 1, start + 1000, decision)] })).toEqual([decided]);
  });

  test("what can not be retried does not happen in this run", () => {
    const cause = { kind: "start_failure", failure: { code: "not_executable" } };
    const permanent = { class: "permanent", cause, readyMs: null };
    const reports = [
      report("one-1-aaaa", 1, start + 1000, { action: "give_up", code: "not_executable" }, permanent),
    ];
    expect(brokenIn({ reports })).toEqual(["nothing here can not be retried"]);
  });

  test("an operator's start forgives what was", () => {
    const forgiven = {
      reports: [
        report("one-1-aaaa", 1, start + 1000, restart(1, 100)),
        report("one-2-bbbb", 2, start + 1300, restart(1, 100)),
      ],
      events: [...sound.events, operatorStart(6, start + 1200), crash(7, "one-2-bbbb", start + 1300)],
    };
    expect(brokenIn(forgiven)).toEqual([]);
    expect(brokenIn({ ...forgiven, events: forgiven.events.filter((_, n) => n !== 5) })).toEqual([decided]);
  });

  test("a restart comes too early", () => {
    expect(
      brokenIn({ events: [...sound.events.slice(0, 4), state(5, start + 1050, "backoff", "starting")] }),
    ).toEqual([due]);
  });

  test("a restart never comes", () => {
    expect(brokenIn({ events: sound.events.slice(0, 4) })).toEqual([due]);
  });

  test("a restart comes only when somebody asks", () => {
    expect(brokenIn({ events: restartedBy(start + 1050) })).toEqual([]);
    expect(brokenIn({ events: restartedBy(start + 9000) })).toEqual([due]);
  });

  test("a daemon that was killed meanwhile owes none", () => {
    const deeds = [{ at: start + 1050, deed: "daemon killed" }];
    expect(brokenIn({ events: sound.events.slice(0, 4), deeds })).toEqual([]);
  });

  test("one that was leaving, or beside which the old one served on, is left alone", () => {
    const ready = session(1, 1, "handshaking", "ready");
    expect(brokenByNone("it was being stopped", 1, [ready, session(2, 1, "ready", "draining")])).toEqual([]);
    expect(brokenByNone("it was being stopped", 1, [ready, state(2, start, "serving", "stopped")])).toEqual(
      [],
    );
    expect(brokenByNone("it was being stopped", 1, [ready])).toEqual([decided]);
    expect(brokenByNone("the old process serves on", 2, [ready])).toEqual([]);
    expect(brokenByNone("the old process serves on", 2, [ready, session(2, 1, "ready", "gone")])).toEqual([
      decided,
    ]);
  });

  test("a number is given to two lives", () => {
    expect(
      brokenIn({
        events: [
          ...sound.events,
          session(6, 2, "spawning", "handshaking"),
          session(7, 3, "spawning", "handshaking"),
        ],
      }),
    ).toEqual([]);
    expect(
      brokenIn({
        events: [
          ...sound.events,
          session(6, 2, "spawning", "handshaking"),
          session(7, 2, "spawning", "handshaking"),
        ],
      }),
    ).toEqual(["each life of a plugin has a number of its own"]);
  });

  test("where rows went with a disk, an attempt may be another one, and its delay not", () => {
    const deeds = [
      { at: start + 100, deed: "disk taken" },
      { at: start + 200, deed: "daemon killed" },
      { at: start + 300, deed: "disk given back" },
    ];
    expect(brokenIn({ reports: after(400), deeds })).toEqual([]);
    expect(brokenIn({ reports: after(100), deeds })).toEqual([decided]);
    expect(brokenIn({ reports: after(400), deeds: deeds.filter((_, n) => n !== 1) })).toEqual([decided]);
  });

  test("what was left alone at such a time does not count as a failure later", () => {
    const deeds = [
      { at: start + 100, deed: "disk taken" },
      { at: start + 1100, deed: "daemon killed" },
      { at: start + 1200, deed: "disk given back" },
    ];
    const reports = [
      report("one-1-aaaa", 1, start + 1000, { action: "none", why: "it was being stopped" }),
      report("one-2-bbbb", 2, start + 2000, restart(1, 100)),
      report("one-3-cccc", 3, start + 3000, restart(2, 200)),
    ];
    const events = reports.map(({ id, at }, n) => crash(n + 1, id, at));
    expect(brokenIn({ reports, events, deeds })).not.toContain(decided);
    expect(brokenIn({ reports, events, deeds: [] })).toContain(decided);
  });

  test("a position is given twice", () => {
    const events = [start, start - 5000].map((at, n) => ({ seq: n + 1, at, type: "supervisor.started" }));
    expect(brokenIn({ events, reports: [], found: [] })).toEqual(["time and positions go forward together"]);
  });
});

const samplesOf = (bytes: (n: number) => number) =>
  sound.held.map((sample, n) => ({ ...sample, bytes: bytes(n) }));

describe("memory", () => {
  test("that grows", () => {
    expect(brokenIn({ held: samplesOf((n) => n * 2_000_000) })).toEqual(["the daemon's memory is flat"]);
  });

  test("that grows while the daemon begins says nothing", () => {
    expect(brokenIn({ held: samplesOf((n) => Math.min(n, 5) * 10_000_000) })).toEqual([]);
  });

  test("beyond its bound", () => {
    const resident = [{ at: start, pid: 6, bytes: 500_000_000 }];
    expect(brokenIn({ resident })).toEqual(["the daemon's memory is bounded"]);
  });
});

describe("the daemon", () => {
  const cases: [rule: string, deed: object][] = [
    ["the daemon dies of nothing but what is done to it", { deed: "daemon died", detail: "SIGABRT" }],
    ["the daemon starts where it has a disk", { deed: "daemon refused", detail: "1: no [daemon_failed]" }],
    ["the daemon leaves with status 0 when it is asked to", { deed: "daemon left", detail: "1" }],
  ];
  test.each(cases)("%s", (rule, deed) => {
    expect(brokenIn({ deeds: [{ at: start, ...deed }] })).toEqual([rule]);
  });

  test("leaves at once when it is asked a second time", () => {
    const asked = { at: start, deed: "daemon stopped", detail: 7 };
    const left = { at: start + 5, deed: "daemon left", detail: "130" };
    expect(brokenIn({ deeds: [asked, asked, left] })).toEqual([]);
    const other = { ...asked, detail: 6 };
    expect(brokenIn({ deeds: [other, asked, left] })).toEqual([
      "the daemon leaves with status 0 when it is asked to",
    ]);
  });

  test("says by name why it does not start", () => {
    const deeds = [
      { at: start, deed: "disk taken", detail: "full" },
      { at: start + 1, deed: "daemon refused", detail: "1: Error: ENOSPC" },
    ];
    expect(brokenIn({ deeds })).toEqual(["the daemon says by name why it does not start"]);
  });
});

test("a process that is left, and a plugin that is silent", () => {
  const broken = brokenIn({ facts: { ...facts, orphans: ["worker 7"], silent: ["one: timeout"] } });
  expect(broken).toEqual(["no process is left", "every plugin answers when nothing is broken any more"]);
});
