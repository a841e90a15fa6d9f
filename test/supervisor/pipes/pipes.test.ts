import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { PipeState } from "../../../protocol/pipe.ts";
import type { SupervisorEvent } from "../../../protocol/state.ts";
import { Supervisor } from "../../../src/supervisor/supervisor.ts";
import { account, keptIn, upTo } from "../../helpers/pipes.ts";
import { event, failure, fixture, supervise } from "../../helpers/supervisor.ts";

const root = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
let directory = "";
let file = "";

beforeEach(() => {
  directory = mkdtempSync(path.join(root, "test-"));
  file = path.join(directory, "kept.jsonl");
});

// Not after each: its supervisors are not closed by then.
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const quick = { restart: { min_delay: "10ms" } };
const plugins = (sink: Record<string, string> = {}, source: Parameters<typeof fixture>[1] = {}) => ({
  from: fixture({}, { ...quick, ...source }),
  to: fixture({ keep: file, ...sink }, quick),
});

const ends = { source: "from/fixture.count", sink: "to/fixture.keep" };

function reaches(supervisor: Supervisor, state: PipeState): Promise<SupervisorEvent> {
  return event(supervisor, "pipe.state", ({ to }) => to === state);
}

/** The sink has kept this number. */
function kept(supervisor: Supervisor, n: number): Promise<void> {
  return new Promise((resolve) => {
    const end = supervisor.onLog(({ text }) => {
      if (text !== `kept ${n}`) return;
      end();
      resolve();
    });
  });
}

async function endless(): Promise<Supervisor> {
  const supervisor = await supervise(plugins());
  const middle = kept(supervisor, 30);
  await supervisor.pipes.create(ends);
  await middle;
  return supervisor;
}

/** When some more have come: whether all that have are in order, and what came twice is marked. */
async function goesOn(supervisor: Supervisor): Promise<boolean> {
  await kept(supervisor, account(keptIn(file)).numbers.length + 100);
  const { numbers, unmarked } = account(keptIn(file));
  return unmarked.length === 0 && numbers.every((n, index) => n === index);
}

const statusOf = async (supervisor: Supervisor) => (await supervisor.pipes.list())[0];

function kill(supervisor: Supervisor, plugin: string): void {
  process.kill(supervisor.status(plugin).pid ?? 0, "SIGKILL");
}

describe("a pipe", () => {
  test("hands every item of the source to the sink, in order, and is done when the source is", async () => {
    const supervisor = await supervise(plugins());
    const done = reaches(supervisor, "done");
    const created = await supervisor.pipes.create({ ...ends, params: { to: 100 } });
    expect(created).toMatchObject({ id: "from-to", state: "running", ...ends, params: { to: 100 } });
    await done;
    const expected = upTo(100).map((n) => ({ value: { n }, cursor: String(n + 1), redelivered: false }));
    expect(keptIn(file)).toEqual(expected);
    expect(await statusOf(supervisor)).toMatchObject({
      state: "done",
      delivered: 100,
      redelivered: 0,
      cursor: "100",
      dispatched: null,
      durable: true,
    });
  });

  test("starts plugins that wait for their first call", async () => {
    const { from, to } = plugins();
    const supervisor = await supervise({ from: { ...from, start: "lazy" }, to: { ...to, start: "lazy" } });
    const done = reaches(supervisor, "done");
    await supervisor.pipes.create({ ...ends, params: { to: 3 } });
    await done;
    expect(account(keptIn(file)).numbers).toEqual([0, 1, 2]);
  });

  test("goes on after a cursor that it is given", async () => {
    const supervisor = await supervise(plugins());
    const done = reaches(supervisor, "done");
    await supervisor.pipes.create({ ...ends, params: { to: 5, cursor: "3" } });
    await done;
    expect(account(keptIn(file)).numbers).toEqual([3, 4]);
  });

  test("is not ended for a source that has nothing to say", async () => {
    const supervisor = await supervise(plugins({}, { timeouts: { call: "50ms" } }));
    const all = kept(supervisor, 1);
    await supervisor.pipes.create({ ...ends, params: { to: 2, hang: true } });
    await all;
    // Another call of it, made later, has been silent for too long.
    expect((await failure(supervisor.call("from/fixture.hang"))).code).toBe("timeout");
    expect(await statusOf(supervisor)).toMatchObject({ state: "running", delivered: 2 });
  });

  test("does without cursors, and says what that means", async () => {
    const supervisor = await supervise(plugins());
    const done = reaches(supervisor, "done");
    await supervisor.pipes.create({ ...ends, params: { to: 20, bare: true } });
    await done;
    expect(keptIn(file)[7]).toEqual({ value: { n: 7 }, cursor: null, redelivered: false });
    expect(await statusOf(supervisor)).toMatchObject({ durable: false, delivered: 20, cursor: null });
  });
});

describe("whoever is killed", () => {
  test("the sink before and after it kept an item: both come again, marked, and nothing else", async () => {
    const supervisor = await supervise(plugins({ killBefore: "5", killAfter: "9" }));
    const told: (string | null)[] = [];
    supervisor.subscribe((each) => each.type === "pipe.redelivered" && told.push(each.cursor));
    const done = reaches(supervisor, "done");
    await supervisor.pipes.create({ ...ends, params: { to: 20 } });
    await done;
    const all = keptIn(file);
    expect(account(all)).toEqual({ numbers: upTo(20), unmarked: [] });
    expect(all.filter(({ redelivered }) => redelivered).map(({ cursor }) => cursor)).toEqual(["5", "9"]);
    expect(all).toHaveLength(21);
    expect(told).toEqual(["5", "9"]);
    expect(await statusOf(supervisor)).toMatchObject({ delivered: 20, redelivered: 2 });
    const waiting = (await supervisor.journal.events({ limit: 1000 })).find(
      (each) => each.type === "pipe.state" && each.to === "waiting",
    );
    expect(waiting).toMatchObject({ from: "running", why: expect.stringContaining("to crashed") });
  });

  test("the source, again and again: each item comes once", async () => {
    const supervisor = await supervise(plugins());
    const done = reaches(supervisor, "done");
    const kills = [50, 120, 200].map((n) => kept(supervisor, n).then(() => kill(supervisor, "from")));
    await supervisor.pipes.create({ ...ends, params: { to: 600 } });
    await Promise.all(kills);
    await done;
    expect(keptIn(file).map(({ value }) => value.n)).toEqual(upTo(600));
    expect(await statusOf(supervisor)).toMatchObject({ delivered: 600, redelivered: 0 });
  });

  test("both at once", async () => {
    const supervisor = await supervise(plugins());
    const done = reaches(supervisor, "done");
    const middle = kept(supervisor, 100);
    await supervisor.pipes.create({ ...ends, params: { to: 400 } });
    await middle;
    kill(supervisor, "from");
    kill(supervisor, "to");
    await done;
    expect(account(keptIn(file))).toEqual({ numbers: upTo(400), unmarked: [] });
  });
});

describe("a pipe whose plugin", () => {
  test.each(["from", "to"])(
    "%s is stopped waits, keeps nobody, and goes on when it serves",
    async (plugin) => {
      const supervisor = await endless();
      const waits = reaches(supervisor, "waiting");
      const left = event(supervisor, "session.state", (each) => each.plugin === plugin && each.to === "gone");
      expect(await supervisor.stop(plugin)).toMatchObject({ state: "stopped", calls: { inFlight: 0 } });
      expect(await left).toMatchObject({ exit: { code: 0 } });
      await waits;
      expect(await statusOf(supervisor)).toMatchObject({
        state: "waiting",
        why: `${plugin} is stopped: stopped by the operator`,
      });
      expect(supervisor.status(plugin).state).toBe("stopped");
      const more = goesOn(supervisor);
      await supervisor.start(plugin);
      expect(await more).toBe(true);
    },
  );

  test("is replaced without a pause goes on with the new process", async () => {
    const supervisor = await endless();
    for (const plugin of ["from", "to"]) {
      await supervisor.restart(plugin, { rolling: true });
      expect(await goesOn(supervisor)).toBe(true);
    }
  });

  test("is not configured any more waits until it is", async () => {
    const supervisor = await endless();
    const { from, to } = { from: supervisor.spec("from"), to: supervisor.spec("to") };
    const waits = reaches(supervisor, "waiting");
    await supervisor.apply([to], new Map());
    await waits;
    const more = goesOn(supervisor);
    await supervisor.apply([from, to], new Map());
    expect(await more).toBe(true);
  });
});

describe("an item that the sink refuses", () => {
  const error = { end: "sink", code: "own_code", message: "it was told to reject it", cursor: "4" };

  async function failed(): Promise<Supervisor> {
    const supervisor = await supervise(plugins({ reject: "4" }), { stateDir: directory });
    const fails = reaches(supervisor, "failed");
    await supervisor.pipes.create({ ...ends, params: { to: 6 } });
    await fails;
    expect(await statusOf(supervisor)).toMatchObject({ state: "failed", cursor: "3", delivered: 3, error });
    return supervisor;
  }

  test("is tried once, and again when the pipe is resumed", async () => {
    const supervisor = await failed();
    const done = reaches(supervisor, "done");
    expect(await supervisor.pipes.resume("from-to")).toMatchObject({ error: null });
    await done;
    expect(account(keptIn(file)).numbers).toEqual(upTo(6));
  });

  test("is left out when the pipe is told so, also by a supervisor that was not there", async () => {
    await (await failed()).close();
    const supervisor = await supervise(plugins(), { stateDir: directory });
    expect(await statusOf(supervisor)).toMatchObject({ state: "failed", error });
    const done = reaches(supervisor, "done");
    await supervisor.pipes.resume("from-to", { skip: true });
    await done;
    expect(account(keptIn(file)).numbers).toEqual([0, 1, 2, 4, 5]);
    expect((await failure(supervisor.pipes.resume("from-to", { skip: true }))).code).toBe("invalid_params");
  });
});

test("a source that refuses is tried again, and then no more", async () => {
  const supervisor = await supervise(plugins());
  const fails = reaches(supervisor, "failed");
  await supervisor.pipes.create({ ...ends, params: { reject: true } });
  await fails;
  expect(await statusOf(supervisor)).toMatchObject({
    error: { end: "source", code: "own_code", cursor: null },
  });
});

describe("an operator", () => {
  test("pauses and resumes", async () => {
    const supervisor = await supervise(plugins());
    const middle = kept(supervisor, 30);
    await supervisor.pipes.create({ ...ends, params: { to: 1000 } });
    await middle;
    expect(await supervisor.pipes.pause("from-to")).toMatchObject({ state: "paused" });
    // What the sink had is answered before this is.
    await supervisor.call("to/fixture.echo");
    const { delivered = 0 } = (await statusOf(supervisor)) ?? {};
    expect(keptIn(file)).toHaveLength(delivered);
    expect(await supervisor.call("from/fixture.streams")).toMatchObject({ open: 0, left: 1 });
    const done = reaches(supervisor, "done");
    expect(await supervisor.pipes.resume("from-to")).toMatchObject({ state: "running" });
    await done;
    expect(keptIn(file).map(({ value }) => value.n)).toEqual(upTo(1000));
  });

  test("removes one, and may use its name again", async () => {
    const supervisor = await supervise(plugins());
    const middle = kept(supervisor, 5);
    await supervisor.pipes.create({ ...ends, name: "mine" });
    await middle;
    const gone = event(supervisor, "pipe.state", ({ to }) => to === null);
    expect(await supervisor.pipes.remove("mine")).toMatchObject({ id: "mine", state: "running" });
    expect(await gone).toMatchObject({ pipe: "mine", from: "running" });
    expect(await supervisor.pipes.list()).toEqual([]);
    expect((await failure(supervisor.pipes.pause("mine"))).code).toBe("pipe_not_found");
    const done = reaches(supervisor, "done");
    await supervisor.pipes.create({ ...ends, name: "mine", params: { to: 1 } });
    await done;
  });

  test.each([
    [{ source: "nobody/fixture.count" }, "plugin_not_found", 'no plugin is called "nobody"'],
    [{ sink: "nobody/fixture.keep" }, "plugin_not_found", 'no plugin is called "nobody"'],
    [{ source: "from/fixture.counts" }, "method_not_found", "did you mean fixture.count?"],
    [{ source: "from/fixture.echo" }, "invalid_params", "from/fixture.echo is no stream"],
    [{ sink: "to/fixture.count" }, "invalid_params", "to/fixture.count is a stream itself"],
    [{ sink: "to.keep" }, "invalid_params", "must be plugin/api.method"],
    [{ name: "Mine" }, "invalid_params", "lower-case"],
    [{ params: { text: "x".repeat(64 * 1024) } }, "invalid_params", "65536 bytes"],
  ])("is told what is wrong: %#", async (wrong, code, message) => {
    const supervisor = await supervise(plugins());
    await Promise.all(["from", "to"].map((plugin) => supervisor.wait(plugin, "ready")));
    const error = await failure(supervisor.pipes.create({ ...ends, ...wrong }));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
    expect(await supervisor.pipes.list()).toEqual([]);
  });

  test("has at most 64 of them, each with a name of its own", async () => {
    const supervisor = await supervise(plugins());
    for (let n = 0; n < 64; n++) {
      await supervisor.pipes.create({ ...ends, params: { to: 0 }, name: `pipe-${n}` });
    }
    const named = await failure(supervisor.pipes.create({ ...ends, name: "pipe-3" }));
    expect(named.message).toBe("there is a pipe pipe-3 already");
    const more = await failure(supervisor.pipes.create(ends));
    expect(more.message).toBe("there are 64 pipes already");
  });
});

describe("a supervisor that comes back", () => {
  test("goes on with what ran, and leaves alone what was paused", async () => {
    const first = await supervise(plugins(), { stateDir: directory });
    const middle = kept(first, 30);
    await first.pipes.create({ ...ends, params: { to: 1000 } });
    await first.pipes.create({ ...ends, params: { to: 7 }, name: "paused" });
    await first.pipes.pause("paused");
    await middle;
    await first.close();
    const kinds = (await statusOf(first))?.state;
    expect(kinds).toBe("running");
    const second = await Supervisor.open({ plugins: plugins(), stateDir: directory });
    const done = event(second, "pipe.state", ({ to, pipe }) => to === "done" && pipe === "from-to");
    await done;
    expect(await second.pipes.list()).toMatchObject([
      { id: "from-to", state: "done", cursor: "1000" },
      { id: "paused", state: "paused" },
    ]);
    await second.close();
    const all = keptIn(file).filter(({ value }) => value.n >= 7);
    // What the sink had was answered while it was stopped: nothing came twice.
    expect(all.map(({ value }) => value.n)).toEqual(upTo(1000).slice(7));
  });
});
