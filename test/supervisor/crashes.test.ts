import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, test } from "vitest";
import type { SupervisorEvent } from "../../protocol/state.ts";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
afterAll(() => rmSync(directory, { recursive: true }));

const quick = { restart: { min_delay: "10ms" } };

test("a crash under 1,000 calls: each settles once, the neighbour notices nothing, the report lists what was lost", async () => {
  const supervisor = await supervise({ one: fixture({}, quick), two: fixture() });
  await Promise.all([supervisor.wait("one", "ready"), supervisor.wait("two", "ready")]);
  const settled: string[] = [];
  const calls = Array.from({ length: 1000 }, (_, n) =>
    supervisor.call(`one/fixture.hang`, { n }).then(
      () => settled.push("answered"),
      (error: { code: string; report: string }) => settled.push(`${error.code} ${error.report}`),
    ),
  );
  const neighbour = Array.from({ length: 200 }, (_, n) => supervisor.call("two/fixture.late", { ms: n }));
  await supervisor.call("one/fixture.echo", {});
  process.kill(supervisor.status("one").pid ?? 0, "SIGKILL");
  await Promise.all(calls);
  expect(settled).toHaveLength(1000);
  const [crash] = await supervisor.journal.crashes({ plugin: "one" });
  expect(new Set(settled)).toEqual(new Set([`plugin_crashed ${crash?.id}`]));
  expect(crash).toMatchObject({ lostCallCount: 1000, exit: { signal: "SIGKILL" } });
  expect(crash?.lostCalls).toHaveLength(100);
  expect(await Promise.all(neighbour)).toHaveLength(200);
  expect(supervisor.status("two")).toMatchObject({ generation: 1, restarts: 0 });
  await supervisor.wait("one", "ready");
  expect(await supervisor.call("one/fixture.echo", { back: true })).toEqual({ back: true });
});

test("nobody hears of a crash before its report is on disk: neither callers nor subscribers", async () => {
  const stateDir = path.join(directory, "heard");
  const supervisor = await supervise({ one: fixture({}, quick) }, { stateDir });
  await supervisor.wait("one", "ready");
  /** A reader of its own: what it finds is in the file, whatever the supervisor has in memory. */
  const onDisk = (id: string): unknown => {
    const database = new DatabaseSync(path.join(stateDir, "journal.db"), { readOnly: true });
    const row = database.prepare("SELECT body FROM crashes WHERE id = ?").get(id);
    database.close();
    return row === undefined ? undefined : JSON.parse(String(row["body"]));
  };
  const heard: { who: string; report: unknown }[] = [];
  supervisor.subscribe((each) => {
    if (each.type === "session.crash") heard.push({ who: each.type, report: onDisk(each.report) });
    if (each.type === "plugin.restart") heard.push({ who: each.type, report: onDisk(each.report ?? "") });
  });
  const crash = event(supervisor, "session.crash");
  const error = await failure(supervisor.call("one/fixture.die", { signal: "SIGSEGV" }));
  heard.push({ who: "caller", report: onDisk(error.report ?? "") });
  expect(error).toMatchObject({ code: "plugin_crashed", settlement: "maybe_executed" });
  expect(await crash).toMatchObject({ report: error.report, durable: true });
  expect(heard.map(({ who }) => who).sort()).toEqual(["caller", "plugin.restart", "session.crash"]);
  for (const { report } of heard) {
    expect(report).toMatchObject({ plugin: "one", exit: { signal: "SIGSEGV" }, lostCallCount: 1 });
  }
});

test("events come with positions that only grow, to subscribers and in the journal", async () => {
  const supervisor = await supervise({ one: fixture({}, quick) });
  const seen: SupervisorEvent[] = [];
  supervisor.subscribe((each) => seen.push(each));
  await supervisor.wait("one", "ready");
  await failure(supervisor.call("one/fixture.die", { signal: "SIGKILL" }));
  await supervisor.wait("one", "ready");
  const positions = seen.map(({ seq }) => seq);
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
  expect(new Set(positions).size).toBe(positions.length);
  const kept = await supervisor.journal.events({ limit: 1000 });
  expect(kept.slice(-seen.length).map(({ type }) => type)).toEqual(seen.map(({ type }) => type));
});

describe("a plugin that breaks the wire's rules costs only its own session", () => {
  const violations: [kind: string, reason: string][] = [
    ["negative", "bad_content_length"],
    ["letters", "bad_content_length"],
    ["huge", "bad_content_length"],
    ["limit", "frame_too_large"],
    ["utf8", "not_utf8"],
    ["deep", "too_deep"],
    ["json", "bad_json"],
    ["unknownId", "unknown_id"],
  ];

  test.each(violations)("%s", async (kind, reason) => {
    const supervisor = await supervise({ one: fixture({}, quick), two: fixture() });
    await Promise.all([supervisor.wait("one", "ready"), supervisor.wait("two", "ready")]);
    const before = process.memoryUsage.rss();
    const crash = event(supervisor, "session.crash");
    const lost = failure(supervisor.call("one/fixture.garbage", { kind }));
    const { report } = await crash;
    expect(await lost).toMatchObject({ code: "plugin_crashed", settlement: "maybe_executed", report });
    const [found] = await supervisor.journal.findCrash(report);
    expect(found).toMatchObject({ cause: { kind: "violation", reason }, exit: { signal: "SIGKILL" } });
    expect(found?.summary).toContain(reason);
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 * 64 * 1024 * 1024);
    expect(await supervisor.call("two/fixture.echo", { ok: true })).toEqual({ ok: true });
    await supervisor.wait("one", "ready");
  });

  test.each(["text", "header"])("%s between frames is noise: logged, and skipped", async (kind) => {
    const supervisor = await supervise({ one: fixture() });
    await supervisor.wait("one", "ready");
    const noise = event(supervisor, "session.noise");
    const controller = new AbortController();
    const call = failure(supervisor.call("one/fixture.garbage", { kind }, { signal: controller.signal }));
    await noise;
    controller.abort();
    await call;
    expect(await supervisor.call("one/fixture.echo", { alive: true })).toEqual({ alive: true });
    expect(supervisor.status("one").generation).toBe(1);
  });

  test("a stray print before the first frame is a log line", async () => {
    const supervisor = await supervise({ one: fixture({ first: "hello from printf\n" }) });
    await supervisor.wait("one", "ready");
    const lines = await supervisor.logs("one", {});
    expect(lines.map(({ text }) => text).join("\n")).toContain("hello from printf");
  });

  test("a closed stdout is named when no exit follows", async () => {
    const supervisor = await supervise({ one: fixture({}, quick) });
    await supervisor.wait("one", "ready");
    const error = await failure(supervisor.call("one/fixture.closeStdout", {}));
    const [found] = await supervisor.journal.findCrash(error.report ?? "");
    expect(found).toMatchObject({ cause: { kind: "violation", reason: "stdout_closed" } });
  });
});

test("a plugin that does not read is found out by the calls that time out", async () => {
  const supervisor = await supervise({
    one: fixture({}, { ...quick, limits: { in_flight: 8 } }),
    two: fixture(),
  });
  await supervisor.wait("one", "ready");
  await supervisor.call("one/fixture.deaf", {});
  const crash = event(supervisor, "session.crash");
  const filler = "x".repeat(256 * 1024);
  const errors = await Promise.all(
    Array.from({ length: 8 }, () =>
      failure(supervisor.call("one/fixture.echo", { filler }, { timeout: 100 })),
    ),
  );
  // Half of them are enough; the others may be lost in the crash that follows.
  expect(errors.filter(({ code }) => code === "timeout").length).toBeGreaterThanOrEqual(4);
  for (const { code } of errors) expect(["timeout", "plugin_crashed"]).toContain(code);
  // What never left our own queue was certainly not executed.
  expect(errors.some(({ settlement }) => settlement === "not_sent")).toBe(true);
  expect(await supervisor.call("two/fixture.echo", {})).toEqual({});
  const { report } = await crash;
  const [found] = await supervisor.journal.findCrash(report);
  expect(found).toMatchObject({ cause: { kind: "hung" } });
}, 20_000);

test("too many crashes are a loop, and a loop waits for an operator", async () => {
  const supervisor = await supervise({
    one: fixture({}, { restart: { min_delay: "5ms", max_failures: 2 } }),
  });
  for (let n = 0; n < 3; n++) {
    await supervisor.wait("one", "ready");
    const crash = event(supervisor, "session.crash");
    process.kill(supervisor.status("one").pid ?? 0, "SIGKILL");
    await crash;
  }
  const error = await failure(supervisor.wait("one", "ready"));
  expect(error.code).toBe("crash_loop");
  expect(supervisor.status("one")).toMatchObject({ state: "failed", restarts: 2 });
  expect(await supervisor.start("one")).toMatchObject({ state: "serving", error: null });
});

test("crashes, restarts and their counters outlive the supervisor", async () => {
  const stateDir = path.join(directory, "state");
  const entry = fixture({}, { restart: { min_delay: "5ms", max_failures: 2 } });
  const first = await supervise({ one: entry }, { stateDir });
  await first.wait("one", "ready");
  const error = await failure(first.call("one/fixture.die", { signal: "SIGABRT" }));
  await first.wait("one", "ready");
  await first.close();

  const second = await supervise({ one: entry }, { stateDir });
  await second.wait("one", "ready");
  const status = second.status("one");
  expect(status).toMatchObject({
    restarts: 1,
    recentFailures: 1,
    generation: 3,
    lastCrash: { id: error.report },
  });
  const [report] = await second.journal.findCrash(error.report ?? "");
  expect(report).toMatchObject({ durable: true, exit: { signal: "SIGABRT" } });
});

test("an unasked exit with status 0 waits for the next call", async () => {
  const supervisor = await supervise({ one: fixture() });
  await supervisor.wait("one", "ready");
  const idle = event(supervisor, "plugin.state", ({ to }) => to === "idle");
  await failure(supervisor.call("one/fixture.exit", { code: 0 }));
  await idle;
  expect(await supervisor.call("one/fixture.echo", { again: true })).toEqual({ again: true });
});
