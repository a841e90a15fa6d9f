import { describe, expect, test } from "vitest";
import { pluginEntry } from "../../protocol/config.ts";
import { specFrom } from "../../src/io/config/config.ts";
import type { Supervisor } from "../../src/supervisor/supervisor.ts";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

const spec = (entry: ReturnType<typeof fixture>) =>
  specFrom("one", pluginEntry.parse(entry), { dir: "/", env: process.env, platform: process.platform });

const entry = (tag: number) => fixture({ tag: String(tag) }, { timeouts: { drain: "200ms" } });

/** The most processes that lived at once, from now on. */
function mostAlive(supervisor: Supervisor, already: number): () => number {
  const alive = new Set([already]);
  let most = 1;
  supervisor.subscribe((each) => {
    if (each.type !== "session.state") return;
    if (each.to === "gone") alive.delete(each.generation);
    else alive.add(each.generation);
    most = Math.max(most, alive.size);
  });
  return () => most;
}

/** Nothing leaves beside what serves. */
async function settled(supervisor: Supervisor, generation: number): Promise<void> {
  await event(supervisor, "session.state", (each) => each.to === "gone" && each.generation === generation);
}

describe("replacements in quick succession", () => {
  test("are one at a time, the last configuration wins, and no call is dropped", async () => {
    const supervisor = await supervise({});
    await supervisor.apply([spec(fixture({ tag: "0" }))], new Map());
    await supervisor.wait("one", "ready");
    const most = mostAlive(supervisor, 1);
    const replaced = new AbortController();
    const callers = Array.from({ length: 4 }, async () => {
      for (;;) {
        const tag = await supervisor.call("one/fixture.tag", {});
        if (tag === "20") return replaced.abort();
      }
    });
    for (let n = 1; n <= 20; n++) {
      await supervisor.apply([spec(fixture({ tag: String(n) }))], new Map());
      // Some of them come before the process of the last one has begun, some while it shakes hands, some after.
      await supervisor.call("one/fixture.late", { ms: n });
    }
    await Promise.all(callers);
    expect(most()).toBe(2);
    expect(supervisor.status("one")).toMatchObject({ state: "serving", lastCrash: null });
    expect(supervisor.status("one").calls.failed).toBe(0);
  });

  test("wait for what is still leaving with calls of its own", async () => {
    const supervisor = await supervise({});
    await supervisor.apply([spec(entry(0))], new Map());
    await supervisor.wait("one", "ready");
    const most = mostAlive(supervisor, 1);
    const lost: Promise<unknown>[] = [];
    for (let n = 1; n <= 4; n++) {
      lost.push(failure(supervisor.call("one/fixture.hang", {})));
      const ready = event(supervisor, "session.state", ({ to }) => to === "ready");
      await supervisor.apply([spec(entry(n))], new Map());
      await ready;
    }
    await Promise.all(lost);
    expect(most()).toBe(2);
    expect(await supervisor.call("one/fixture.tag", {})).toBe("4");
  });

  test("by an operator all come to an end, with a process that was started after they were asked for", async () => {
    const supervisor = await supervise({ one: fixture() });
    await supervisor.wait("one", "ready");
    const most = mostAlive(supervisor, 1);
    const rolled = Array.from({ length: 20 }, () => supervisor.restart("one", { rolling: true }));
    for (const each of await Promise.all(rolled)) {
      expect(each.state).toBe("serving");
      expect(each.generation).toBeGreaterThan(1);
    }
    expect(most()).toBe(2);
  });

  test("give way to a stop, and to a crash", async () => {
    const supervisor = await supervise({ one: fixture({}, { restart: { min_delay: "5ms" } }) });
    await supervisor.wait("one", "ready");
    const rolled = Array.from({ length: 3 }, () => failure(supervisor.restart("one", { rolling: true })));
    expect(await supervisor.stop("one")).toMatchObject({ state: "stopped", pid: null });
    for (const each of await Promise.all(rolled)) expect(each.code).toBe("plugin_unavailable");

    await supervisor.start("one");
    const died = failure(supervisor.call("one/fixture.die", { signal: "SIGKILL" }));
    const again = Array.from({ length: 3 }, () => supervisor.restart("one", { rolling: true }));
    expect((await died).code).toBe("plugin_crashed");
    await Promise.allSettled(again);
    expect(await supervisor.wait("one", "ready")).toMatchObject({ state: "serving" });
    expect(await supervisor.call("one/fixture.echo", { n: 1 })).toEqual({ n: 1 });
  });

  test("are no excuse for a configuration: it is refused by the process that was to have it", async () => {
    const schema = JSON.stringify({ type: "object" });
    const picky = fixture({ config: schema, rejects: "bad" }, { timeouts: { drain: "200ms" } });
    const supervisor = await supervise({ one: picky });
    await supervisor.wait("one", "ready");
    const hanging = failure(supervisor.call("one/fixture.hang", {}));
    await supervisor.restart("one", { rolling: true });
    const gone = settled(supervisor, 1);
    const error = await failure(supervisor.configurations.configure("one", { word: "bad" }));
    expect(error.code).toBe("config_invalid");
    await gone;
    await hanging;
    await supervisor.configurations.configure("one", { word: "good" });
    expect(await supervisor.call("one/fixture.config", {})).toEqual({ word: "good" });
  });
});
