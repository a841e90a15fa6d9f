import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { pluginEntry } from "../../protocol/config.ts";
import { specFrom } from "../../src/io/config/config.ts";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
afterAll(() => rmSync(directory, { recursive: true }));

const spec = (id: string, entry: Parameters<typeof pluginEntry.parse>[0]) =>
  specFrom(id, pluginEntry.parse(entry), { dir: directory, env: process.env, platform: process.platform });

const specs = (all: Record<string, Parameters<typeof pluginEntry.parse>[0]>) =>
  Object.entries(all).map(([id, entry]) => spec(id, entry));

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("an operator", () => {
  test("stops a plugin, which no call starts again, and starts it", async () => {
    const supervisor = await supervise({ one: fixture() });
    const { pid } = await supervisor.wait("one", "ready");
    expect(await supervisor.stop("one")).toMatchObject({ state: "stopped", pid: null });
    expect(alive(pid ?? 0)).toBe(false);
    const error = await failure(supervisor.call("one/fixture.echo", {}));
    expect(error).toMatchObject({ code: "plugin_unavailable", settlement: "not_sent" });
    expect(error.message).toContain("stopped by the operator");
    expect(await supervisor.start("one")).toMatchObject({ state: "serving", generation: 2 });
  });

  test("restarts a plugin in place: another process, and no crash", async () => {
    const supervisor = await supervise({ one: fixture() });
    const before = await supervisor.wait("one", "ready");
    const after = await supervisor.restart("one");
    expect(after).toMatchObject({ state: "serving", restarts: 0, lastCrash: null });
    expect(after.pid).not.toBe(before.pid);
    expect(alive(before.pid ?? 0)).toBe(false);
  });

  test("a stop lets the calls in flight finish", async () => {
    const supervisor = await supervise({ one: fixture() });
    await supervisor.wait("one", "ready");
    const call = supervisor.call("one/fixture.echo", { last: true });
    await supervisor.stop("one");
    expect(await call).toEqual({ last: true });
  });

  test("a call that outlasts the stop is told so", async () => {
    const supervisor = await supervise({ one: fixture({}, { timeouts: { drain: "50ms" } }) });
    await supervisor.wait("one", "ready");
    const call = failure(supervisor.call("one/fixture.hang", {}));
    await supervisor.call("one/fixture.echo", {});
    await supervisor.stop("one");
    expect(await call).toMatchObject({ code: "plugin_unavailable", settlement: "maybe_executed" });
    expect(await supervisor.journal.crashes({})).toEqual([]);
  });

  test("disables a plugin, and it stays disabled after a restart of the supervisor", async () => {
    const stateDir = path.join(directory, "disabled");
    const first = await supervise({ one: fixture() }, { stateDir });
    await first.wait("one", "ready");
    await first.disable("one");
    expect(await failure(first.start("one"))).toMatchObject({ code: "plugin_unavailable" });
    await first.close();
    const second = await supervise({ one: fixture() }, { stateDir });
    expect(second.status("one").state).toBe("disabled");
    second.enable("one");
    expect(await second.wait("one", "ready")).toMatchObject({ state: "serving" });
  });

  test("waits for a plugin that gets there after a crash, and not for one that can not", async () => {
    const supervisor = await supervise({
      one: fixture({}, { restart: { min_delay: "20ms" } }),
      off: fixture({}, { start: "lazy" }),
    });
    await supervisor.wait("one", "ready");
    await failure(supervisor.call("one/fixture.die", { signal: "SIGKILL" }));
    expect(await supervisor.wait("one", "ready")).toMatchObject({ state: "serving", generation: 2 });
    expect(await failure(supervisor.wait("off", "ready"))).toMatchObject({ code: "plugin_unavailable" });
    await expect(supervisor.wait("one", "stopped", AbortSignal.timeout(20))).rejects.toThrow(/timeout/i);
  });
});

describe("a changed configuration", () => {
  test("touches only what changed", async () => {
    const supervisor = await supervise({});
    const entries = { keep: fixture({ tag: "1" }), change: fixture({ tag: "1" }), drop: fixture() };
    await supervisor.apply(specs(entries), new Map());
    const before = await Promise.all(["keep", "change", "drop"].map((id) => supervisor.wait(id, "ready")));
    const serving = event(
      supervisor,
      "session.state",
      ({ plugin, to }) => plugin === "change" && to === "ready",
    );
    const change = await supervisor.apply(
      specs({ keep: entries.keep, change: fixture({ tag: "2" }), fresh: fixture() }),
      new Map([["typo", "command is missing"]]),
    );
    expect(change).toEqual({
      added: ["fresh"],
      removed: ["drop"],
      changed: ["change"],
      errors: ["typo: command is missing"],
    });
    expect(supervisor.status("keep").pid).toBe(before[0]?.pid);
    expect(alive(before[2]?.pid ?? 0)).toBe(false);
    await serving;
    expect(await supervisor.call("change/fixture.tag", {})).toBe("2");
    expect(supervisor.status("typo")).toMatchObject({ state: "failed", error: { code: "invalid_config" } });
    expect(await failure(supervisor.call("typo/fixture.echo", {}))).toMatchObject({
      code: "plugin_unavailable",
    });
  });

  test("replaces what serves without dropping a call", async () => {
    const supervisor = await supervise({});
    await supervisor.apply([spec("one", fixture({ tag: "old" }))], new Map());
    await supervisor.wait("one", "ready");
    const tags: unknown[] = [];
    const replaced = new AbortController();
    const old = event(supervisor, "session.state", ({ generation, to }) => generation === 1 && to === "gone");
    void old.then(() => replaced.abort());
    await supervisor.apply([spec("one", fixture({ tag: "new" }))], new Map());
    while (!replaced.signal.aborted) tags.push(await supervisor.call("one/fixture.tag", {}));
    expect(new Set(tags)).toEqual(new Set(["old", "new"]));
    expect(tags.indexOf("new")).toBeGreaterThan(tags.lastIndexOf("old"));
  });

  test("that can not start leaves the old process serving", async () => {
    const supervisor = await supervise({});
    await supervisor.apply([spec("one", fixture({ tag: "old" }))], new Map());
    await supervisor.wait("one", "ready");
    const crash = event(supervisor, "session.crash");
    await supervisor.apply([spec("one", fixture({ protocol: "7" }))], new Map());
    expect((await crash).summary).toContain("protocol 7");
    expect(await supervisor.call("one/fixture.tag", {})).toBe("old");
    expect(supervisor.status("one").why).toContain("still the old one");
  });
});

describe("a description", () => {
  test("of a lazy plugin comes from its first start, and then from the cache", async () => {
    const stateDir = path.join(directory, "described");
    const entry = fixture({}, { start: "lazy" });
    const first = await supervise({ one: entry }, { stateDir });
    expect((await first.describe("one")).apis[0]?.name).toBe("fixture");
    await first.close();
    const second = await supervise({ one: entry }, { stateDir });
    expect((await second.describe("one")).apis[0]?.name).toBe("fixture");
    expect(second.status("one").state).toBe("idle");
  });
});

describe("the environment", () => {
  test("of a plugin is what its entry says, and a handful of names", async () => {
    const env = { PATH: process.env["PATH"], HOME: "/home/x", SECRET_TOKEN: "hush", NAMED: "yes", LANG: "C" };
    const program = "process.stderr.write(JSON.stringify(process.env)); process.exit(1)";
    const supervisor = await supervise(
      {
        one: {
          command: process.execPath,
          args: ["-e", program],
          env: { SET: "1" },
          pass_env: ["NAMED"],
          restart: { when: "never" },
        },
      },
      { env },
    );
    await failure(supervisor.wait("one", "ready"));
    const lines = await supervisor.logs("one", {});
    const seen = JSON.parse(
      lines.find(({ kind, text }) => kind === "line" && text.startsWith("{"))?.text ?? "{}",
    );
    expect(seen).toEqual({ PATH: env.PATH, HOME: "/home/x", LANG: "C", NAMED: "yes", SET: "1" });
  });
});

test("without the guard a plugin runs all the same, and the status says what is lost", async () => {
  const supervisor = await supervise(
    { one: fixture({}, { restart: { min_delay: "10ms" } }) },
    { guard: null },
  );
  expect(await supervisor.call("one/fixture.echo", { bare: true })).toEqual({ bare: true });
  expect(supervisor.isolation).toMatchObject({ orphansKilled: false, resourceLimits: false });
  const error = await failure(supervisor.call("one/fixture.die", { signal: "SIGABRT" }));
  const [crash] = await supervisor.journal.findCrash(error.report ?? "");
  expect(crash).toMatchObject({ exit: { signal: "SIGABRT" } });
});

test("20 starts and stops leave no process and no descriptor", async () => {
  const { readdirSync } = await import("node:fs");
  const supervisor = await supervise({ one: fixture({}, { start: "lazy" }) });
  await supervisor.start("one");
  await supervisor.stop("one");
  const before = readdirSync("/proc/self/fd").length;
  for (let n = 0; n < 20; n++) {
    await supervisor.start("one");
    await supervisor.stop("one");
  }
  expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before + 1);
});

test("closing settles every call and leaves no process", async () => {
  const supervisor = await supervise({ one: fixture({}, { timeouts: { drain: "50ms" } }), two: fixture() });
  const pids = await Promise.all(
    ["one", "two"].map(async (id) => (await supervisor.wait(id, "ready")).pid ?? 0),
  );
  const hanging = failure(supervisor.call("one/fixture.hang", {}));
  await supervisor.call("two/fixture.echo", {});
  await supervisor.close();
  expect(await hanging).toMatchObject({ code: "plugin_unavailable" });
  expect(await failure(supervisor.call("one/fixture.echo", {}))).toMatchObject({
    code: "supervisor_stopping",
  });
  expect(pids.filter(alive)).toEqual([]);
});

/** Disables `off`, ends, and leaves the file to what happens to it. */
async function damaged(name: string, damage: (journal: Buffer) => Buffer) {
  const stateDir = path.join(directory, name);
  const entries = { off: fixture({}, { start: "lazy" }), other: fixture({}, { start: "lazy" }) };
  const first = await supervise(entries, { stateDir });
  await first.disable("off");
  await first.start("other");
  await first.close();
  const file = path.join(stateDir, "journal.db");
  writeFileSync(file, damage(readFileSync(file)));
  const problems: { message: string; ok: boolean }[] = [];
  const second = await supervise(entries, { stateDir, onProblem: (problem) => problems.push(problem) });
  return { second, problems };
}

describe("a journal that was damaged while nobody ran", () => {
  test("does not start what an operator had disabled", async () => {
    const { second, problems } = await damaged("headless", (journal) => journal.fill("gone", 0, 4096));
    expect(second.status("off").state).toBe("disabled");
    expect(second.status("other").state).toBe("idle");
    expect(problems).toMatchObject([{ ok: true, message: expect.stringContaining("journal could not be") }]);
  });

  test("and can not be read at all is no silence: each plugin that may have been disabled is named", async () => {
    const { second, problems } = await damaged("gone", (journal) => journal.fill("gone"));
    for (const id of ["off", "other"]) {
      expect(problems).toContainEqual({
        ok: false,
        message: expect.stringContaining(`bulkhead disable ${id}`),
      });
      const lines = await second.logs(id, {});
      expect(lines.at(-1)?.text).toContain(`${id} counts as enabled`);
    }
    const own = specs({ off: fixture({}, { start: "lazy" }), later: fixture({}, { start: "lazy" }) });
    await second.apply(own, new Map());
    expect(problems.filter(({ message }) => message.includes("later"))).toEqual([]);
  });
});
