/** What careful readers of the code found: each was a bug once. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Supervisor } from "../../src/supervisor/supervisor.ts";
import { withoutGuard } from "../helpers/guard.ts";
import { alive } from "../helpers/daemon.ts";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe("a caller's mistake costs that call and nothing else", () => {
  test.each([
    ["half a surrogate pair", { text: "\ud800" }],
    ["a number", 5],
    ["null", null],
    ["a bigint inside", { n: 1n }],
  ])("params: %s", async (_what, params) => {
    const supervisor = await supervise({ one: fixture() });
    await supervisor.wait("one", "ready");
    expect(await failure(supervisor.call("one/fixture.echo", params))).toMatchObject({
      code: "invalid_params",
      settlement: "not_sent",
    });
    expect(supervisor.status("one").generation).toBe(1);
  });

  test("timeouts: infinite is none, and nonsense is refused", async () => {
    const supervisor = await supervise({ one: fixture() });
    expect(await supervisor.call("one/fixture.echo", {}, { timeout: Infinity })).toEqual({});
    expect(await failure(supervisor.call("one/fixture.echo", {}, { timeout: Number.NaN }))).toMatchObject({
      code: "invalid_params",
    });
    expect(await failure(supervisor.call("one/fixture.echo", {}, { idleTimeout: -1 }))).toMatchObject({
      code: "invalid_params",
    });
  });

  test("many calls that are cancelled at once are no hang, if the plugin answers them", async () => {
    const supervisor = await supervise({ one: fixture({}, { limits: { in_flight: 8 } }) });
    await supervisor.wait("one", "ready");
    const controller = new AbortController();
    const calls = Array.from({ length: 6 }, () =>
      failure(supervisor.call("one/fixture.late", { ms: 300 }, { signal: controller.signal })),
    );
    const neighbour = supervisor.call("one/fixture.late", { ms: 600 });
    controller.abort();
    await Promise.all(calls);
    expect(await neighbour).toBe("late");
    expect(supervisor.status("one").generation).toBe(1);
  });
});

const python = execFileSync("sh", ["-c", "command -v python3 || true"], { encoding: "utf8" }).trim();

test.skipIf(python === "" && process.env["CI"] === undefined)(
  "a plugin that closes its stdin is found out",
  async () => {
    const script = path.join(import.meta.dirname, "../fixtures/plugin/closes_stdin.py");
    const supervisor = await supervise({
      one: { command: python, args: [script], restart: { when: "never" } },
    });
    const closed = new Promise<void>((resolve) => {
      supervisor.onLog(({ text }) => text === "closed" && resolve());
    });
    await supervisor.wait("one", "ready");
    await closed;
    const crash = event(supervisor, "session.crash");
    await failure(supervisor.call("one/fixture.echo"));
    const [report] = await supervisor.journal.findCrash((await crash).report);
    expect(report).toMatchObject({ cause: { kind: "violation", reason: "stdin_closed" } });
  },
);

test("calls in the moment of a crash are refused as not sent, or have the report", async () => {
  const supervisor = await supervise({ one: fixture({}, { restart: { min_delay: "10ms" } }) });
  await supervisor.wait("one", "ready");
  const over = new AbortController();
  const crash = event(supervisor, "session.crash").then(() => over.abort());
  const dying = failure(supervisor.call("one/fixture.closeStdout"));
  const seen = [];
  while (!over.signal.aborted) {
    const outcome = await Promise.race([
      failure(supervisor.call("one/fixture.echo")).catch(() => null),
      crash,
    ]);
    if (typeof outcome === "object" && outcome !== null) seen.push(outcome);
  }
  expect((await dying).report).toBeDefined();
  for (const error of seen) {
    if (error.code === "plugin_crashed") expect(error.report).toBeDefined();
    else expect(error).toMatchObject({ code: "plugin_unavailable", settlement: "not_sent" });
  }
});

test.skipIf(withoutGuard)("a stop resolves when the descendants are gone as well", async () => {
  const supervisor = await supervise({ one: fixture() });
  await supervisor.wait("one", "ready");
  const escaped = Number(await supervisor.call("one/fixture.escape"));
  expect(alive(escaped)).toBe(true);
  await supervisor.stop("one");
  expect(alive(escaped)).toBe(false);
});

test("a start after a stop waits for the old process", async () => {
  const supervisor = await supervise({ one: fixture({}, { timeouts: { drain: "300ms" } }) });
  const old = await supervisor.wait("one", "ready");
  void failure(supervisor.call("one/fixture.hang"));
  await supervisor.call("one/fixture.echo");
  const stopped = supervisor.stop("one");
  const status = await supervisor.start("one");
  await stopped;
  expect(status).toMatchObject({ state: "serving", generation: 2 });
  expect(alive(old.pid ?? 0)).toBe(false);
});

test("nothing is started while the supervisor closes", async () => {
  const supervisor = await supervise({ one: fixture() });
  await supervisor.wait("one", "ready");
  const closed = supervisor.close();
  expect(await failure(supervisor.start("one"))).toMatchObject({ code: "supervisor_stopping" });
  await closed;
});

test("one plugin whose data directory can not be made does not stop the rest", async () => {
  const stateDir = path.join(directory, "blocked");
  mkdirSync(path.join(stateDir, "data"), { recursive: true, mode: 0o700 });
  writeFileSync(path.join(stateDir, "data", "bad"), "");
  const supervisor = await supervise({ bad: fixture(), good: fixture() }, { stateDir });
  expect(await supervisor.call("good/fixture.echo", { ok: true })).toEqual({ ok: true });
  expect(supervisor.status("bad")).toMatchObject({ state: "failed" });
});

test("a state directory has one supervisor at a time", async () => {
  const stateDir = path.join(directory, "shared");
  const first = await supervise({ one: fixture() }, { stateDir });
  expect(await failure(Supervisor.open({ stateDir }))).toMatchObject({ code: "already_running" });
  await first.close();
  await supervise({ one: fixture() }, { stateDir });
});

test("a plugin's configuration is in no report", async () => {
  const stateDir = path.join(directory, "secret");
  const entry = fixture({}, { config: { token: "hush-hush" }, restart: { when: "never" } });
  const supervisor = await supervise({ one: entry }, { stateDir });
  await supervisor.wait("one", "ready");
  const error = await failure(supervisor.call("one/fixture.die", { signal: "SIGKILL" }));
  const [report] = await supervisor.journal.findCrash(error.report ?? "");
  expect(JSON.stringify(report?.messages)).toContain('\\"method\\":\\"activate\\"');
  expect(JSON.stringify(report)).not.toContain("hush-hush");
  await supervisor.close();
  expect(readFileSync(path.join(stateDir, "journal.db")).includes("hush-hush")).toBe(false);
});

test("calls that waited for a start that failed are told when to try again", async () => {
  const entry = fixture({ exit: "3" }, { restart: { min_delay: "10s" } });
  const supervisor = await supervise({ one: entry });
  const error = await failure(supervisor.call("one/fixture.echo"));
  expect(error).toMatchObject({ code: "plugin_unavailable", settlement: "not_sent" });
  expect(error.data).toMatchObject({ retryAfterMs: expect.any(Number) });
});

test("the time that a call waits for a start counts towards the plugin's total", async () => {
  const entry = fixture({ initialize: "never" }, { timeouts: { total: "50ms", call: "20s" } });
  const supervisor = await supervise({ one: entry });
  expect(await failure(supervisor.call("one/fixture.echo"))).toMatchObject({
    code: "timeout",
    settlement: "not_sent",
  });
});

test("a configuration without a JSON form fails its plugin, not the program", async () => {
  const supervisor = await supervise({ one: fixture({}, { config: { n: 1n } }) });
  expect(await failure(supervisor.wait("one", "ready"))).toMatchObject({ code: "config_invalid" });
});

test("a configuration larger than a frame is named as that, at once", async () => {
  const config = { text: "x".repeat(70_000) };
  const supervisor = await supervise({ one: fixture({}, { config, limits: { frame: "64KiB" } }) });
  const error = await failure(supervisor.wait("one", "ready"));
  expect(error).toMatchObject({ code: "config_invalid" });
  expect(error.message).toContain("limits.frame");
});

test("half a surrogate pair in a log line is repaired, and the report of a crash can be read", async () => {
  const supervisor = await supervise({ one: fixture({}, { restart: { when: "never" } }) });
  await supervisor.wait("one", "ready");
  await supervisor.call("one/fixture.say", { text: '{"level":"info","msg":"\\ud800 half"}' });
  await failure(supervisor.call("one/fixture.die", { signal: "SIGKILL" }));
  const [report] = await supervisor.journal.crashes({});
  expect(report?.stderrTail.join("\n").isWellFormed()).toBe(true);
  expect(report?.stderrTail.join("\n")).toContain("half");
});
