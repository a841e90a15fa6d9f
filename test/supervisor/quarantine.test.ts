import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Supervisor } from "../../src/supervisor/supervisor.ts";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
afterAll(() => rmSync(directory, { recursive: true }));

const quick = { restart: { min_delay: "5ms", max_failures: 100 } };
const killer = { signal: "SIGKILL" } as const;

/** Lets it kill the plugin; resolves with the report's id once the plugin serves again. */
async function kill(supervisor: Supervisor, params: object = killer, beside: object[] = []): Promise<string> {
  await supervisor.wait("one", "ready");
  const crash = event(supervisor, "session.crash");
  const others = beside.map((each) => failure(supervisor.call("one/fixture.hang", each)));
  const error = await failure(supervisor.call("one/fixture.die", params));
  expect(error.code).toBe("plugin_crashed");
  await Promise.all(others);
  const { report } = await crash;
  await supervisor.wait("one", "ready");
  return report;
}

test("a call that kills the plugin three times alone is refused unsent, with the reports", async () => {
  const supervisor = await supervise({ one: fixture({}, quick) });
  const reports = [await kill(supervisor), await kill(supervisor)];
  expect(supervisor.quarantine.list()).toMatchObject([
    { standing: "suspect", method: "fixture.die", reports },
  ]);
  reports.push(await kill(supervisor));
  const [entry] = supervisor.quarantine.list();
  expect(entry).toMatchObject({ standing: "guilty", plugin: "one", crashes: 3, reports });
  const error = await failure(supervisor.call("one/fixture.die", killer));
  expect(error).toMatchObject({ code: "quarantined", settlement: "not_sent" });
  expect(error.data).toMatchObject({ detail: { reports, id: entry?.id } });
  // However the params are written, they are the same; and others are others.
  expect(await failure(supervisor.call("one/fixture.die", { signal: "SIGKILL", extra: 1 }))).toMatchObject({
    code: "plugin_crashed",
  });
  await supervisor.wait("one", "ready");
  expect(await supervisor.call("one/fixture.echo", killer)).toEqual(killer);
});

test("bystanders go free: the killer is tried alone, and what was beside it is answered", async () => {
  const supervisor = await supervise({ one: fixture({}, quick) });
  for (let n = 0; n < 3; n++) await kill(supervisor, killer, [{ n }]);
  expect(supervisor.quarantine.list()).toMatchObject([{ standing: "trial", method: "fixture.die" }]);
  // On trial it has the plugin for itself: what comes meanwhile waits, and is not lost with it.
  const before = supervisor.call("one/fixture.late", { ms: 50 });
  const crash = event(supervisor, "session.crash");
  const trial = failure(supervisor.call("one/fixture.die", killer));
  const beside = failure(supervisor.call("one/fixture.echo", { beside: true }));
  expect(await before).toBe("late");
  expect((await trial).code).toBe("plugin_crashed");
  expect(await beside).toMatchObject({ settlement: "not_sent" });
  const [report] = await supervisor.journal.findCrash((await crash).report);
  expect(report?.lostCalls).toMatchObject([{ method: "fixture.die" }]);
  expect(supervisor.quarantine.list()).toMatchObject([{ standing: "guilty" }]);
  await supervisor.wait("one", "ready");
  expect((await failure(supervisor.call("one/fixture.die", killer))).code).toBe("quarantined");
});

test("a call on trial that hangs does not keep the plugin from the others", async () => {
  const supervisor = await supervise({ one: fixture({}, quick) });
  const hanging = { hanging: true };
  for (let n = 0; n < 3; n++) await kill(supervisor, { ...killer, n }, [hanging]);
  expect(supervisor.quarantine.list()).toMatchObject([{ standing: "trial", method: "fixture.hang" }]);
  const given = new AbortController();
  const trial = failure(
    supervisor.call("one/fixture.hang", hanging, { timeout: 3_600_000, signal: given.signal }),
  );
  expect(await supervisor.call("one/fixture.echo", { beside: true })).toEqual({ beside: true });
  expect(supervisor.status("one").calls).toMatchObject({ inFlight: 1, waiting: 0 });
  given.abort();
  expect((await trial).code).toBe("cancelled");
});

test("suspects run one at a time, and one that is answered is none any more", async () => {
  const record = path.join(directory, "record");
  const supervisor = await supervise({ one: fixture({ record }, quick) });
  const late = [
    { ms: 100, n: 1 },
    { ms: 100, n: 2 },
  ];
  for (let n = 0; n < 2; n++) {
    await supervisor.wait("one", "ready");
    const lost = late.map((params) => failure(supervisor.call("one/fixture.late", { ...params, ms: 100 })));
    await supervisor.call("one/fixture.echo", {});
    process.kill(supervisor.status("one").pid ?? 0, "SIGKILL");
    await Promise.all(lost);
    await supervisor.wait("one", "ready");
  }
  expect(supervisor.quarantine.list()).toMatchObject([{ standing: "suspect" }, { standing: "suspect" }]);
  const first = supervisor.call("one/fixture.late", late[0]);
  const second = supervisor.call("one/fixture.late", late[1]);
  expect(supervisor.status("one").calls).toMatchObject({ inFlight: 1, waiting: 1 });
  expect(await supervisor.call("one/fixture.echo", { free: true })).toEqual({ free: true });
  expect(await first).toBe("late");
  expect(await second).toBe("late");
  expect(supervisor.quarantine.list()).toEqual([]);
});

/** Ends the plugin twice while these are in flight; resolves when they are suspects and it serves again. */
async function suspect(supervisor: Supervisor, calls: readonly [method: string, params: object][]) {
  for (let n = 0; n < 2; n++) {
    await supervisor.wait("one", "ready");
    const lost = calls.map(([method, params]) => failure(supervisor.call(`one/fixture.${method}`, params)));
    await supervisor.call("one/fixture.echo", {});
    process.kill(supervisor.status("one").pid ?? 0, "SIGKILL");
    await Promise.all(lost);
  }
  await supervisor.wait("one", "ready");
  expect(supervisor.quarantine.list().map(({ standing }) => standing)).toEqual(calls.map(() => "suspect"));
}

test("a suspect that hangs keeps the others from their turn for a while, and not for as long as its caller likes", async () => {
  const supervisor = await supervise({ one: fixture({}, quick) });
  await suspect(supervisor, [
    ["hang", {}],
    ["late", { ms: 1000 }],
  ]);
  const given = new AbortController();
  const hanging = failure(
    supervisor.call("one/fixture.hang", {}, { timeout: 3_600_000, signal: given.signal }),
  );
  const late = supervisor.call("one/fixture.late", { ms: 1000 });
  expect(supervisor.status("one").calls).toMatchObject({ inFlight: 1, waiting: 1 });
  expect(await late).toBe("late");
  expect(supervisor.status("one").calls).toMatchObject({ inFlight: 1, waiting: 0 });
  // Nobody has seen it answered.
  expect(supervisor.quarantine.list()).toMatchObject([{ method: "fixture.hang", standing: "suspect" }]);
  given.abort();
  expect((await hanging).code).toBe("cancelled");
});

test("one that was answered after its turn is none any more, and one that only hangs is never refused", async () => {
  const supervisor = await supervise({ one: fixture({}, quick) });
  await suspect(supervisor, [
    ["late", { ms: 3000 }],
    ["hang", {}],
    ["die", { signal: "SIGCONT" }],
  ]);
  const slow = supervisor.call("one/fixture.late", { ms: 3000 });
  const hanging = failure(supervisor.call("one/fixture.hang", {}));
  expect(await slow).toBe("late");
  expect(supervisor.quarantine.list()).toMatchObject([{ method: "fixture.hang" }, { method: "fixture.die" }]);
  // A killer's turn comes beside what hangs: neither is convicted.
  const died = failure(supervisor.call("one/fixture.die", { signal: "SIGCONT" }, { timeout: 5000 }));
  await supervisor.call("one/fixture.echo", {});
  while (supervisor.status("one").calls.waiting > 0) await supervisor.call("one/fixture.echo", {});
  process.kill(supervisor.status("one").pid ?? 0, "SIGKILL");
  expect((await hanging).code).toBe("plugin_crashed");
  expect((await died).code).toBe("plugin_crashed");
  expect(supervisor.quarantine.list()).toMatchObject([
    { method: "fixture.hang", standing: "suspect", crashes: 3 },
    { method: "fixture.die", standing: "suspect", crashes: 3 },
  ]);
}, 20_000);

test("it outlives the supervisor, an operator lets it go, and another executable begins afresh", async () => {
  const stateDir = path.join(directory, "state");
  const command = path.join(directory, "launch");
  const build = (text: string): void =>
    writeFileSync(command, `#!/bin/sh\n# ${text}\nexec "${process.execPath}" "$@"\n`, { mode: 0o755 });
  build("the first build");
  const entry = { ...fixture({}, quick), command };
  const first = await supervise({ one: entry }, { stateDir });
  for (let n = 0; n < 3; n++) await kill(first);
  await first.close();

  const second = await supervise({ one: entry }, { stateDir });
  await second.wait("one", "ready");
  expect((await failure(second.call("one/fixture.die", killer))).code).toBe("quarantined");
  const id = second.quarantine.list()[0]?.id ?? "";
  expect(second.quarantine.release(id.slice(0, 6))).toMatchObject([{ id }]);
  expect((await failure(Promise.resolve().then(() => second.quarantine.release(id)))).code).toBe(
    "crash_not_found",
  );
  for (let n = 0; n < 3; n++) await kill(second);
  await second.close();

  build("the second build");
  const third = await supervise({ one: entry }, { stateDir });
  await third.wait("one", "ready");
  expect(third.quarantine.list()).toEqual([]);
  await kill(third);
});

test.each([
  ["a script that an interpreter is given", "plugin.mjs"],
  ["one without such a name, which says itself what it is", "plugin"],
])("%s is the program: another one begins afresh", async (_what, name) => {
  const stateDir = mkdtempSync(path.join(directory, "state-"));
  const script = path.join(stateDir, name);
  const { command, args = [] } = fixture();
  const [real = ""] = args;
  const write = (text: string): void =>
    writeFileSync(script, `#!/usr/bin/env node\n// ${text}\nimport(${JSON.stringify(real)});\n`);
  const data = path.join(stateDir, "items.txt");
  writeFileSync(data, "of the plugin's own");
  write("the first version");
  const entry = { ...quick, command, args: [script, `--tag=1`, data] };
  const first = await supervise({ one: entry }, { stateDir });
  await kill(first);
  // What it writes to is no part of what it is.
  writeFileSync(data, "and changed by it");
  await kill(first);
  await kill(first);
  await first.close();

  const second = await supervise({ one: entry }, { stateDir });
  await second.wait("one", "ready");
  expect((await failure(second.call("one/fixture.die", killer))).code).toBe("quarantined");
  write("the second version");
  expect((await failure(second.call("one/fixture.die", killer))).code).toBe("quarantined");
  await second.restart("one");
  expect(second.quarantine.list()).toEqual([]);
  await kill(second);
});

test("no id tells the params to who guesses them, for they may be secret", async () => {
  const pin = { type: "object", properties: { pin: { writeOnly: true } } };
  const ids = new Set<string | undefined>();
  for (let n = 0; n < 2; n++) {
    const supervisor = await supervise({ one: fixture({ params: JSON.stringify(pin) }, quick) });
    await kill(supervisor, { ...killer, pin: "4711" });
    await kill(supervisor, { ...killer, pin: "4711" });
    ids.add(supervisor.quarantine.list()[0]?.id);
  }
  expect(ids.size).toBe(2);
});

test("`quarantine = false` lets everything through", async () => {
  const supervisor = await supervise({ one: fixture({}, { ...quick, quarantine: false }) });
  for (let n = 0; n < 4; n++) await kill(supervisor);
  expect(supervisor.quarantine.list()).toEqual([]);
});
