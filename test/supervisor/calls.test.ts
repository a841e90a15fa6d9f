import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

test("a value comes back as it went", async () => {
  const supervisor = await supervise({ one: fixture() });
  const value = { text: "Grüße, 世界 🌍\n", number: 9007199254740991, none: null, list: [1, [2]], "": {} };
  expect(await supervisor.call("one/fixture.echo", value)).toEqual(value);
});

test("calls wait while the plugin starts", async () => {
  const supervisor = await supervise({ one: fixture() });
  expect(supervisor.status("one").state).toBe("starting");
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) => supervisor.call("one/fixture.echo", { n })),
  );
  expect(answers).toEqual(Array.from({ length: 100 }, (_, n) => ({ n })));
});

test("a lazy plugin starts with its first call, and stops when it is idle", async () => {
  const supervisor = await supervise({ one: fixture({}, { start: "lazy", idle_stop: "50ms" }) });
  expect(supervisor.status("one").state).toBe("idle");
  const idle = event(supervisor, "plugin.state", ({ to }) => to === "idle");
  await supervisor.call("one/fixture.echo", {});
  await idle;
  expect(supervisor.status("one").why).toBe("stopped for want of calls");
  expect(await supervisor.call("one/fixture.echo", { again: true })).toEqual({ again: true });
});

test("a slow call does not block a fast one", async () => {
  const supervisor = await supervise({ one: fixture() });
  const order: string[] = [];
  await Promise.all([
    supervisor.call("one/fixture.late", { ms: 100 }).then(() => order.push("slow")),
    supervisor.call("one/fixture.echo", {}).then(() => order.push("fast")),
  ]);
  expect(order).toEqual(["fast", "slow"]);
});

test("a plugin's own error keeps its code", async () => {
  const supervisor = await supervise({ one: fixture() });
  const error = await failure(supervisor.call("one/fixture.code", { code: 1234 }));
  expect(error).toMatchObject({ code: "own_code", number: 1234 });
});

test("a plugin that uses the supervisor's codes is not believed", async () => {
  const supervisor = await supervise({ one: fixture() });
  const error = await failure(supervisor.call("one/fixture.code", { code: -31900 }));
  expect(error).toMatchObject({ code: "plugin_error", settlement: "answered" });
});

test("a method that is not described is refused unsent, with the near miss", async () => {
  const supervisor = await supervise({ one: fixture() });
  const error = await failure(supervisor.call("one/fixture.ecko", {}));
  expect(error).toMatchObject({ code: "method_not_found", settlement: "not_sent" });
  expect(error.message).toContain("did you mean fixture.echo?");
});

test("an unknown plugin is refused, with the near miss", async () => {
  const supervisor = await supervise({ counter: fixture() });
  const error = await failure(supervisor.call("conter/fixture.echo", {}));
  expect(error).toMatchObject({ code: "plugin_not_found", settlement: "not_sent" });
  expect(error.message).toContain("did you mean counter?");
});

test("a call without an answer ends at its deadline, and its late answer is no violation", async () => {
  const supervisor = await supervise({ one: fixture() });
  await supervisor.wait("one", "ready");
  const error = await failure(supervisor.call("one/fixture.late", { ms: 200 }, { timeout: 50 }));
  expect(error).toMatchObject({ code: "timeout", settlement: "maybe_executed" });
  expect(await supervisor.call("one/fixture.late", { ms: 200 })).toBe("late");
  expect(supervisor.status("one").generation).toBe(1);
});

test("progress extends the idle deadline and not the total one", async () => {
  const supervisor = await supervise({ one: fixture() });
  await supervisor.wait("one", "ready");
  const seen: unknown[] = [];
  const onProgress = (value: unknown): void => void seen.push(value);
  const params = { steps: 10, ms: 40 };
  expect(await supervisor.call("one/fixture.progress", params, { idleTimeout: 300, onProgress })).toBe(
    "done",
  );
  expect(seen).toEqual(Array.from({ length: 10 }, (_, n) => ({ done: n + 1, total: 10 })));
  const error = await failure(
    supervisor.call("one/fixture.progress", params, { idleTimeout: 300, timeout: 200 }),
  );
  expect(error.code).toBe("timeout");
});

test("an aborted call settles at once", async () => {
  const supervisor = await supervise({ one: fixture() });
  await supervisor.wait("one", "ready");
  const controller = new AbortController();
  const call = supervisor.call("one/fixture.hang", {}, { signal: controller.signal });
  await supervisor.call("one/fixture.echo", {});
  controller.abort();
  expect(await failure(call)).toMatchObject({ code: "cancelled", settlement: "maybe_executed" });
});

test("a call that is cancelled while it waits for a start was not sent", async () => {
  const supervisor = await supervise({ one: fixture() });
  const controller = new AbortController();
  const call = supervisor.call("one/fixture.echo", {}, { signal: controller.signal });
  controller.abort();
  expect(await failure(call)).toMatchObject({ code: "cancelled", settlement: "not_sent" });
});

test("the window is a bound: one call more is refused unsent", async () => {
  const supervisor = await supervise({ one: fixture({}, { limits: { in_flight: 4 } }) });
  await supervisor.wait("one", "ready");
  const controller = new AbortController();
  const hanging = Array.from({ length: 4 }, () =>
    failure(supervisor.call("one/fixture.hang", {}, { signal: controller.signal })),
  );
  expect(await failure(supervisor.call("one/fixture.echo", {}))).toMatchObject({
    code: "plugin_busy",
    settlement: "not_sent",
  });
  controller.abort();
  await Promise.all(hanging);
});

test("so are the calls that wait for a start", async () => {
  const supervisor = await supervise({ one: fixture({ initialize: "never" }, { limits: { waiting: 2 } }) });
  const waiting = [1, 2].map(() => failure(supervisor.call("one/fixture.echo", {})));
  expect(await failure(supervisor.call("one/fixture.echo", {}))).toMatchObject({ code: "plugin_busy" });
  await supervisor.stop("one");
  for (const error of await Promise.all(waiting)) {
    expect(error).toMatchObject({ code: "plugin_unavailable", settlement: "not_sent" });
  }
});

test("params over the frame limit are refused unsent", async () => {
  const supervisor = await supervise({ one: fixture({}, { limits: { frame: "64KiB" } }) });
  const error = await failure(supervisor.call("one/fixture.echo", { text: "x".repeat(70_000) }));
  expect(error).toMatchObject({ code: "too_large", settlement: "not_sent" });
});

test("half a window of calls that were given up is a hang, and a hang is killed", async () => {
  const supervisor = await supervise({ one: fixture({}, { limits: { in_flight: 4 } }) });
  await supervisor.wait("one", "ready");
  const crash = event(supervisor, "session.crash");
  const errors = await Promise.all(
    [1, 2].map(() => failure(supervisor.call("one/fixture.hang", {}, { timeout: 30 }))),
  );
  expect(errors.map(({ code }) => code)).toEqual(["timeout", "timeout"]);
  const { report } = await crash;
  const [found] = await supervisor.journal.findCrash(report);
  expect(found).toMatchObject({ cause: { kind: "hung" }, class: "transient" });
});

test("a call that was reported as not sent was not executed, and one that was answered was", async () => {
  const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
  const record = path.join(directory, "record");
  appendFileSync(record, "");
  const supervisor = await supervise({ one: fixture({ record }) });
  await supervisor.wait("one", "ready");
  const pid = supervisor.status("one").pid ?? 0;
  const settlements = new Map<number, string>();
  const calls = Array.from({ length: 300 }, async (_, n) => {
    const call = supervisor.call("one/fixture.late", { ms: n % 50, n });
    settlements.set(
      n,
      await call.then(
        () => "answered",
        (error: { settlement: string }) => error.settlement,
      ),
    );
  });
  await calls[20];
  process.kill(pid, "SIGKILL");
  await Promise.all(calls);
  const executed = new Set(
    readFileSync(record, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line.slice(line.indexOf("{"))) as { n: number }).n),
  );
  expect(settlements.size).toBe(300);
  for (const [n, settlement] of settlements) {
    if (settlement === "answered") expect(executed.has(n)).toBe(true);
    if (settlement === "not_sent") expect(executed.has(n)).toBe(false);
  }
  rmSync(directory, { recursive: true });
});
