/** Every transition of both machines, driven with real processes; what is missing is named. */
import { afterEach, describe, expect, test, vi } from "vitest";
import type * as PluginState from "../../../src/core/plugin-state.ts";
import type { PluginEvent } from "../../../src/core/plugin-state.ts";
import type * as SessionState from "../../../src/core/session-state.ts";
import type { SpawnResult } from "../../../src/io/process/plugin-process.ts";
import type * as Process from "../../../src/io/process/process.ts";
import { impossible, unasked } from "./impossible.ts";
import { labelOf } from "./plugin-labels.ts";
import { table as pluginTable } from "./plugin.model.ts";
import type { EventLabel, Label } from "./plugin.model.ts";
import { Stage } from "./stage.ts";
import type { Puppet } from "./stage.ts";
import { transitions } from "./transitions.ts";

/** What the machines have done, and who waits for them to do it. */
const record = vi.hoisted(() => ({
  taken: new Set<string>(),
  awaited: new Map<string, () => void>(),
  take(transition: string) {
    this.taken.add(transition);
    this.awaited.get(transition)?.();
  },
}));

/** Between the moment when a process is there and the one when its life hears of it. */
const doorway = vi.hoisted(() => ({ passing: null as (() => void) | null }));

vi.mock("../../../src/core/session-state.ts", async (original) => {
  const real = await original<typeof SessionState>();
  const labels = await import("./session-labels.ts");
  const sessionStep: typeof real.sessionStep = (session, event) => {
    record.take(`session, ${labels.labelOf(session)}: ${labels.eventLabel(event)}`);
    return real.sessionStep(session, event);
  };
  return { ...real, sessionStep };
});

vi.mock("../../../src/core/plugin-state.ts", async (original) => {
  const real = await original<typeof PluginState>();
  const labels = await import("./plugin-labels.ts");
  const pluginStep: typeof real.pluginStep = (plugin, event) => {
    record.take(`plugin, ${labels.labelOf(plugin)}: ${labels.eventLabel(plugin, event) ?? "nobody's"}`);
    return real.pluginStep(plugin, event);
  };
  return { ...real, pluginStep };
});

vi.mock("../../../src/io/process/process.ts", async (original) => {
  const real = await original<typeof Process>();
  const spawnProcess = async (...args: Parameters<typeof real.spawnProcess>): Promise<SpawnResult> => {
    const result = await real.spawnProcess(...args);
    if (result.ok) doorway.passing?.();
    return result;
  };
  return { ...real, spawnProcess };
});

const open: Stage[] = [];

/** So that leaving takes no time where it is not what the test is about. */
const quick = { timeouts: { drain: "50ms", terminate: "50ms" } } as const;

async function stage(entry: Parameters<typeof Stage.open>[0] = {}): Promise<Stage> {
  const opened = await Stage.open({
    ...entry,
    restart: { min_delay: "1h", max_delay: "1h", ...entry.restart },
    timeouts: { ...quick.timeouts, ...entry.timeouts },
  });
  open.push(opened);
  return opened;
}

afterEach(async () => {
  doorway.passing = null;
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** Resolves when the machines do it, from now on. */
function takes(transition: string): Promise<true> {
  return new Promise((resolve) => {
    record.awaited.set(transition, () => {
      record.awaited.delete(transition);
      resolve(true);
    });
  });
}

const at = ({ lives }: Stage, label: Label): Promise<void> =>
  lives.until(() => labelOf(lives.machine) === label);

const starts = ({ lives }: Stage): void => lives.dispatch({ type: "start", by: "call" });

interface Scene {
  readonly stage: Stage;
  /** The process that serves, or did. */
  readonly current: Puppet | null;
  /** The process on its way to ready. */
  readonly candidate: Puppet | null;
}

async function serving(entry?: Parameters<typeof stage>[0]): Promise<Scene & { current: Puppet }> {
  const on = await stage(entry);
  starts(on);
  const current = await on.puppet();
  await current.getsReady();
  await at(on, "serving");
  return { stage: on, current, candidate: null };
}

/** How a plugin gets there. */
const reach: Record<Label, (entry?: Parameters<typeof stage>[0]) => Promise<Scene>> = {
  async idle(entry) {
    return { stage: await stage(entry), current: null, candidate: null };
  },
  async starting(entry) {
    const on = await stage(entry);
    starts(on);
    return { stage: on, current: null, candidate: await on.puppet() };
  },
  async waiting(entry) {
    const scene = await serving(entry);
    scene.stage.lives.dispatch({ type: "restart" });
    return scene;
  },
  serving,
  async replacing(entry) {
    const scene = await serving(entry);
    scene.stage.lives.replace("changed");
    return { ...scene, candidate: await scene.stage.puppet() };
  },
  async backoff(entry) {
    const scene = await serving(entry);
    void scene.current.does("exit", 1);
    await at(scene.stage, "backoff");
    return scene;
  },
  async failed(entry) {
    const on = await stage(entry);
    const { command } = on.lives.spec;
    on.rename("/nowhere/at/all");
    starts(on);
    await at(on, "failed");
    on.rename(command);
    return { stage: on, current: null, candidate: null };
  },
  async stopped(entry) {
    const scene = await reach.idle(entry);
    scene.stage.lives.dispatch({ type: "stop", by: "operator" });
    return scene;
  },
  async disabled(entry) {
    const scene = await reach.idle(entry);
    scene.stage.lives.dispatch({ type: "disable" });
    return scene;
  },
};

/** What an operator, a call, a clock or a reload can do at any time. */
const asked: Partial<Record<EventLabel, PluginEvent>> = {
  "start by operator": { type: "start", by: "operator" },
  "start by supervisor": { type: "start", by: "supervisor" },
  "start by call": { type: "start", by: "call" },
  "stop by operator": { type: "stop", by: "operator" },
  "stop by idle": { type: "stop", by: "idle" },
  "stop by supervisor": { type: "stop", by: "supervisor" },
  restart: { type: "restart" },
  enable: { type: "enable" },
  disable: { type: "disable" },
  replace: { type: "replace", exclusive: false, why: "changed" },
  "replace, exclusive": { type: "replace", exclusive: true, why: "changed" },
};

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a Record of them
const labels = Object.keys(pluginTable) as Label[];

describe.each(labels)("a plugin that is %s", (label) => {
  test.each(Object.keys(pluginTable[label]).filter((name) => name in asked))("%s", async (name) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it stands in the table
    const event = asked[name as EventLabel];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it stands in the table
    const row = pluginTable[label][name as EventLabel];
    const { stage: on } = await reach[label]();
    expect(labelOf(on.lives.machine)).toBe(label);
    if (event !== undefined) on.lives.dispatch(event);
    const leaves = on.lives.machine.retiring.length > 0;
    expect(labelOf(on.lives.machine)).toBe(row?.to === "begin" ? (leaves ? "waiting" : "starting") : row?.to);
    // Whoever was asked to leave is gone in the end, and what was to begin has begun.
    if (row?.to === "begin") {
      await on.puppet();
      expect(labelOf(on.lives.machine)).toBe("starting");
    }
  });
});

describe("a process that is starting", () => {
  test("gets ready", async () => {
    const { stage: on } = await serving();
    expect(on.lives.machine).toMatchObject({ state: "serving", current: 1, candidate: null });
  });

  test("leaves before that, and is tried again later", async () => {
    const { stage: on, candidate } = await reach.starting();
    void candidate?.does("exit", 0);
    await at(on, "backoff");
    expect(on.lives.lastCrash?.cause).toMatchObject({ failure: { code: "exited_in_handshake" } });
  });

  test("does not describe itself, and is given up", async () => {
    const { stage: on, candidate } = await reach.starting();
    await candidate?.answers("initialize", {});
    await at(on, "failed");
    expect(on.lives.machine.failure).toMatchObject({ code: "bad_description" });
  });
});

describe("a process that serves", () => {
  test.each([
    ["crashes, and is to be tried again", 1, {}, "backoff"],
    ["crashes once too often", 1, { max_failures: 0 }, "failed"],
    ["leaves by itself", 0, {}, "idle"],
  ] as const)("%s", async (_, status, restart, label) => {
    const { stage: on, current } = await serving({ restart });
    void current.does("exit", status);
    await at(on, label);
    expect(on.lives.machine.current).toBeNull();
  });

  test("is tried again after the delay", async () => {
    const { stage: on, current } = await serving({ restart: { min_delay: "1ms", max_delay: "1ms" } });
    void current.does("exit", 1);
    await (await on.puppet()).getsReady();
    await at(on, "serving");
    expect(on.lives).toMatchObject({ restarts: 1, machine: { current: 2 } });
  });
});

describe("a process that is to replace another one", () => {
  test("gets ready", async () => {
    const { stage: on, candidate } = await reach.replacing();
    await candidate?.getsReady();
    await on.lives.until(() => on.lives.machine.current === 2);
    expect(on.lives.machine).toMatchObject({ state: "serving", retiring: [1] });
  });

  test("does not get there, and the old one serves on", async () => {
    const { stage: on, candidate } = await reach.replacing();
    void candidate?.does("exit", 1);
    await at(on, "serving");
    expect(on.lives.machine.current).toBe(1);
  });

  test.each([
    ["restart", {}, "backoff"],
    ["give_up", { max_failures: 0 }, "failed"],
  ] as const)("dies while the old one is dying: %s", async (action, restart, label) => {
    const { stage: on, current, candidate } = await reach.replacing({ restart });
    const dying = takes("session, ready: stream ended");
    await current?.closesStdout();
    await dying;
    const died = takes(`plugin, replacing: candidate gone: ${action}`);
    void candidate?.does("exit", 1);
    expect(await died).toBe(true);
    await at(on, label);
  });

  test.each([
    ["crashes, and would be tried again", 1, {}],
    ["crashes once too often", 1, { max_failures: 0 }],
    ["leaves by itself", 0, {}],
  ] as const)("is waited for when the old one %s", async (_, status, restart) => {
    const { stage: on, current, candidate } = await reach.replacing({ restart });
    void current?.does("exit", status);
    await at(on, "starting");
    await candidate?.getsReady();
    await at(on, "serving");
    expect(on.lives.machine.current).toBe(2);
  });
});

/** A life that has come so far, and what can happen to it there. */
const lifeAt = {
  async initialize(entry?: Parameters<typeof stage>[0]) {
    const on = await stage(entry);
    starts(on);
    const puppet = await on.puppet();
    await puppet.hears("initialize");
    return { stage: on, puppet };
  },
  async "initialize~"(entry?: Parameters<typeof stage>[0]) {
    const scene = await lifeAt.initialize(entry);
    return withoutStdin(scene, "initialize");
  },
  async activate(entry?: Parameters<typeof stage>[0]) {
    const scene = await lifeAt.initialize(entry);
    const there = takes("session, initialize: initialized");
    await scene.puppet.describesItself();
    await there;
    await scene.puppet.hears("activate");
    return scene;
  },
  async "activate~"(entry?: Parameters<typeof stage>[0]) {
    const scene = await lifeAt.activate(entry);
    return withoutStdin(scene, "activate");
  },
  async ready(entry?: Parameters<typeof stage>[0]) {
    const { stage: on, current } = await serving(entry);
    return { stage: on, puppet: current };
  },
  async "ready~"(entry?: Parameters<typeof stage>[0]) {
    return withoutStdin(await lifeAt.ready(entry), "ready");
  },
  async draining(entry?: Parameters<typeof stage>[0]) {
    const { stage: on, current } = await serving({ ...entry, timeouts: { drain: "1h" } });
    on.lives.dispatch({ type: "stop", by: "operator" });
    return { stage: on, puppet: current };
  },
  async closed() {
    const scene = await lifeAt.ready();
    const there = takes("session, draining: drained");
    scene.stage.lives.dispatch({ type: "stop", by: "operator" });
    await scene.puppet.answers("shutdown");
    await there;
    return scene;
  },
};

interface LifeScene {
  readonly stage: Stage;
  readonly puppet: Puppet;
}

async function withoutStdin(scene: LifeScene, label: string): Promise<LifeScene> {
  const there = takes(`session, ${label}: stream ended`);
  await scene.puppet.closesStdin();
  await there;
  return scene;
}

const stops = ({ stage: on }: LifeScene): void => on.lives.dispatch({ type: "stop", by: "operator" });
const exits = ({ puppet }: LifeScene, status: number): Promise<void> => puppet.does("exit", status);
/** Before its pipes end. */
const exitsFirst = async ({ puppet }: LifeScene, status: number): Promise<void> => {
  await puppet.does("leaveChild");
  await puppet.does("exit", status);
};

/** What a process can do in all of these, and what can be done to it. */
const common: readonly (readonly [string, (scene: LifeScene) => Promise<void> | void])[] = [
  ["exit 0", (scene) => exitsFirst(scene, 0)],
  ["exit", (scene) => exitsFirst(scene, 1)],
  ["violation", ({ puppet }) => puppet.lies()],
  ["stream ended", ({ puppet }) => puppet.closesStdout()],
];

describe.each(["initialize", "initialize~", "activate", "activate~", "ready", "ready~", "draining"] as const)(
  "a life at %s",
  (label) => {
    const stopping = label === "draining" ? [] : [["stop", stops] as const];
    test.each([...common, ...stopping])("%s", async (name, happen) => {
      const scene = await lifeAt[label]();
      const taken = takes(`session, ${label}: ${name}`);
      await happen(scene);
      expect(await taken).toBe(true);
    });

    test.skipIf(process.platform !== "linux")("over limit", async () => {
      const taken = takes(`session, ${label}: over limit`);
      // It is looked at once a second, and one that can not be reached has no more than that to live.
      for (let done = false; !done;) {
        const { stage: on, puppet } = await lifeAt[label]({ limits: { max_files: 300 } });
        await puppet.does("openFiles", 500);
        done = await Promise.race([taken, on.lives.until(() => on.lives.quiet).then(() => false)]);
      }
      expect(await taken).toBe(true);
    });
  },
);

describe("a life", () => {
  test("has nothing to start", async () => {
    const { stage: on } = await reach.failed();
    expect(on.lives.machine.failure).toMatchObject({ code: "executable_not_found" });
  });

  test.each([
    ["before there is a process", "start failed"],
    ["when its process has just been made", "spawned"],
  ])("is stopped %s", async (_, name) => {
    const on = await stage();
    const stop = (): void => on.lives.dispatch({ type: "stop", by: "operator" });
    if (name === "spawned") doorway.passing = stop;
    const taken = takes(`session, spawning, unwanted: ${name}`);
    starts(on);
    if (name !== "spawned") stop();
    expect(await taken).toBe(true);
    await on.lives.until(() => on.lives.quiet);
    expect(on.lives.machine.state).toBe("stopped");
  });

  test.each(["initialize", "initialize~", "activate", "activate~"] as const)(
    "answers %s with a refusal",
    async (label) => {
      const { puppet } = await lifeAt[label]();
      const taken = takes(`session, ${label}: start failed`);
      await puppet.refuses(label.replace("~", ""));
      expect(await taken).toBe(true);
    },
  );

  test("describes itself, and can not be reached any more", async () => {
    const { puppet } = await lifeAt["initialize~"]();
    const taken = takes("session, initialize~: initialized");
    await puppet.describesItself();
    expect(await taken).toBe(true);
  });

  test("that can not be reached any more is not ready, whatever it answers", async () => {
    const { stage: on, puppet } = await lifeAt.activate();
    const activate = await puppet.got("activate");
    await withoutStdin({ stage: on, puppet }, "activate");
    await puppet.does("send", { id: activate.id, result: {} });
    await takes("session, activate~: late: stream_end");
    await at(on, "backoff");
    expect(on.lives.lastCrash?.cause).toMatchObject({ kind: "violation", reason: "stdin_closed" });
    expect(record.taken).toContain("session, activate~: activated");
  });

  test.each(["initialize~", "ready~"] as const)(
    "at %s is not explained by an exit in time",
    async (label) => {
      const taken = takes(`session, ${label}: late: stream_end`);
      await lifeAt[label]();
      expect(await taken).toBe(true);
    },
  );

  test.each(["initialize", "activate"] as const)("does not answer %s in time", async (label) => {
    // Enough for a process to be made on a busy machine.
    const on = await stage({ timeouts: { handshake: "3s" } });
    const taken = takes(`session, ${label}: late: handshake`);
    starts(on);
    const puppet = await on.puppet();
    if (label === "activate") await puppet.describesItself();
    expect(await taken).toBe(true);
  });

  test("does not drain in time, nor leave, nor obey SIGTERM", async () => {
    const { stage: on, current } = await serving();
    await current.does("ignoreTerm");
    const killed = takes("session, killed: exit");
    on.lives.dispatch({ type: "stop", by: "operator" });
    await killed;
    expect(record.taken).toContain("session, draining: late: drain");
    expect(record.taken).toContain("session, closed: late: closed");
    expect(record.taken).toContain("session, terminated: late: terminated");
  });

  test.each([
    ["exit 0", 0],
    ["exit", 1],
  ] as const)("leaves when it is told to: %s", async (name, status) => {
    const scene = await lifeAt.closed();
    const taken = takes(`session, closed: ${name}`);
    await exits(scene, status);
    expect(await taken).toBe(true);
  });

  test.each([
    ["exit 0", 0],
    ["exit", 1],
  ] as const)("leaves on SIGTERM: %s", async (name, status) => {
    const scene = await lifeAt.initialize();
    await scene.puppet.does("exitWhenAsked", status);
    const taken = takes(`session, terminated: ${name}`);
    stops(scene);
    expect(await taken).toBe(true);
  });

  test("lies and leaves with status 0 before it is killed", async () => {
    // Which of the two is heard of first is up to the system.
    const taken = takes("session, killed: exit 0");
    for (let done = false; !done;) {
      const { stage: on, puppet } = await lifeAt.initialize();
      await puppet.does("lieAndExit", 0);
      done = await Promise.race([taken, at(on, "backoff").then(() => false)]);
    }
    expect(await taken).toBe(true);
  });

  test.each(["ready", "ready~", "draining"] as const)("hangs at %s", async (label) => {
    const { stage: on, current } = await serving({
      limits: { in_flight: 2 },
      timeouts: { drain: "1h" },
    });
    const call = (totalTimeout: number): void => {
      on.lives.current?.call("puppet.do", undefined, { totalTimeout }, () => undefined);
    };
    const taken = takes(`session, ${label}: hung`);
    // Half of the window is given up, and two seconds later that is a hang.
    call(10);
    // Given up later, and there is nobody any more to be told so.
    if (label === "ready~") call(1800);
    await current.got("$/cancelRequest");
    if (label === "ready~") await current.does("closeStdin");
    if (label === "draining") on.lives.dispatch({ type: "stop", by: "operator" });
    expect(await taken).toBe(true);
  });
});

// The last: by now everything that can be has been.
test("no transition is left that is neither taken by a process nor said to be impossible", () => {
  const untaken = transitions.filter((each) => !record.taken.has(each));
  expect(untaken).toEqual(transitions.filter((each) => each in impossible || each in unasked));
});
