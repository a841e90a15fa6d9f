import { expect, test } from "vitest";
import type { PluginStats } from "../../protocol/control-results.ts";
import type { Supervisor } from "../../src/supervisor/supervisor.ts";
import { withoutGuard } from "../helpers/guard.ts";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

const once = { restart: { when: "never" } } as const;

async function statsOf(supervisor: Supervisor, plugin = "one"): Promise<PluginStats> {
  const [stats] = await supervisor.stats(plugin);
  if (stats === undefined) throw new Error("no statistics");
  return stats;
}

test("answers, errors and timeouts are counted apart, and what the caller cancelled is no error", async () => {
  const supervisor = await supervise({ one: fixture() });
  await supervisor.wait("one", "ready");
  for (const n of [1, 2, 3]) await supervisor.call("one/fixture.echo", { n });
  await failure(supervisor.call("one/fixture.code", { code: 7 }));
  await failure(supervisor.call("one/fixture.hang", {}, { timeout: 20 }));
  const controller = new AbortController();
  const cancelled = failure(supervisor.call("one/fixture.hang", {}, { signal: controller.signal }));
  controller.abort();
  expect(await cancelled).toMatchObject({ code: "cancelled" });

  const { plugin, perSecond, recent } = await statsOf(supervisor);
  expect(plugin).toBe("one");
  expect(perSecond).toHaveLength(60);
  expect(recent).toMatchObject({ calls: 6, errors: 2 });
  expect(recent.p50).toBeGreaterThan(0);
  expect(recent.p99).toBeGreaterThanOrEqual(recent.p50 ?? Infinity);
  expect(supervisor.status("one").calls).toMatchObject({ answered: 3, failed: 3 });
});

test("latency is what the caller waits, for the start as well", async () => {
  const supervisor = await supervise({ one: fixture({}, { start: "lazy" }) });
  const startedAt = performance.now();
  const ready = event(supervisor, "session.state", ({ to }) => to === "ready").then(() => performance.now());
  await supervisor.call("one/fixture.late", { ms: 50 });
  const waited = performance.now() - startedAt;
  const { p50 } = (await statsOf(supervisor)).recent;
  expect(p50).toBeGreaterThan(((await ready) - startedAt + 50) * 0.9);
  expect(p50).toBeLessThan(waited * 1.1);
});

test("calls that a crash takes along are errors", async () => {
  const supervisor = await supervise({ one: fixture({}, once) });
  await supervisor.wait("one", "ready");
  const hanging = failure(supervisor.call("one/fixture.hang"));
  await failure(supervisor.call("one/fixture.die", { signal: "SIGKILL" }));
  await hanging;
  const { recent, process } = await statsOf(supervisor);
  expect(recent).toMatchObject({ calls: 2, errors: 2, p50: null });
  expect(process).toBeNull();
});

test("what was never called or started has nothing to tell", async () => {
  const supervisor = await supervise({ one: fixture({}, { start: "lazy" }) });
  expect(await supervisor.stats()).toEqual([
    {
      plugin: "one",
      perSecond: Array.from({ length: 60 }, () => 0),
      recent: { seconds: 60, calls: 0, errors: 0, p50: null, p99: null },
      process: null,
    },
  ]);
});

test("all plugins come in the order of the list, entries that can not be run among them", async () => {
  const supervisor = await supervise({
    two: fixture({}, { start: "lazy" }),
    one: fixture({}, { start: "lazy" }),
  });
  const specs = ["two", "one"].map((id) => supervisor.spec(id));
  await supervisor.apply(
    specs,
    new Map([
      ["broken", "its command is missing"],
      ["zzz", "so is its"],
    ]),
  );
  const names = (await supervisor.stats()).map(({ plugin }) => plugin);
  expect(names).toEqual(supervisor.list().map(({ id }) => id));
  expect(names).toEqual(["broken", "one", "two", "zzz"]);
  expect(await supervisor.stats("broken")).toMatchObject([{ plugin: "broken", process: null }]);
});

test("a plugin that there is not is refused, with the near miss", async () => {
  const supervisor = await supervise({ counter: fixture({}, { start: "lazy" }) });
  const error = await failure(supervisor.stats("conter"));
  expect(error).toMatchObject({ code: "plugin_not_found", message: expect.stringContaining("counter") });
});

test.skipIf(process.platform !== "linux")(
  "a process has memory, and its first sample no share of CPU",
  async () => {
    const supervisor = await supervise({ one: fixture() });
    await supervisor.wait("one", "ready");
    const [first, second] = await Promise.all([statsOf(supervisor), statsOf(supervisor)]);
    expect(first.process).toMatchObject({ count: 1, cpu: null });
    expect(first.process?.memoryBytes).toBeGreaterThan(10 * 1024 * 1024);
    expect(first.process?.cpuMicros).toBeGreaterThan(0);
    // One sample for both.
    expect(second.process).toEqual(first.process);
  },
);

test.skipIf(withoutGuard)(
  "with the guard, descendants that escaped are counted, and the guard is not",
  async () => {
    const supervisor = await supervise({ one: fixture() });
    await supervisor.call("one/fixture.escape");
    const { process: usage } = await statsOf(supervisor);
    expect(usage?.count).toBe(2);
    await supervisor.stop("one");
    expect((await statsOf(supervisor)).process).toBeNull();
  },
);
