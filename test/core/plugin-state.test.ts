import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Decision, PluginState } from "../../protocol/state.ts";
import { newPlugin, pluginStep } from "../../src/core/plugin-state.ts";
import type { Plugin, PluginEffect, PluginEvent } from "../../src/core/plugin-state.ts";

const restart: Decision = { action: "restart", delayMs: 500, attempt: 1, why: "1st failure" };
const giveUp: Decision = { action: "give_up", code: "crash_loop", why: "too often" };
const none: Decision = { action: "none", why: "left by itself" };

/** The machine with the processes that its effects would have made: events about them can only come from live ones. */
class World {
  plugin: Plugin = newPlugin(0, false);
  readonly live = new Set<number>();
  retryArmed = false;
  effects: readonly PluginEffect[] = [];

  do(event: PluginEvent): this {
    const [next, effects] = pluginStep(this.plugin, event);
    this.plugin = next;
    this.effects = effects;
    if (event.type === "gone") this.live.delete(event.generation);
    if (event.type === "retry") this.retryArmed = false;
    for (const effect of effects) {
      if (effect.type === "spawn") this.live.add(effect.generation);
      if (effect.type === "set_retry") this.retryArmed = true;
      if (effect.type === "clear_retry") this.retryArmed = false;
    }
    return this;
  }

  get spawned(): number | undefined {
    const effect = this.effects.find((each) => each.type === "spawn");
    return effect?.type === "spawn" ? effect.generation : undefined;
  }

  get stopped(): number[] {
    return this.effects.flatMap((each) => (each.type === "stop_session" ? [each.generation] : []));
  }
}

const serving = (): World =>
  new World().do({ type: "start", by: "operator" }).do({ type: "ready", generation: 1 });
const gone = (generation: number, decision: Decision): PluginEvent => ({
  type: "gone",
  generation,
  decision,
  message: "crashed",
});

/** Choices are made against the world as it then is, so that every event is possible. */
const choice = fc.record({
  kind: fc.constantFrom(
    "start",
    "call",
    "auto",
    "stop",
    "idle",
    "restart",
    "enable",
    "disable",
    "replace",
    "exclusive",
    "ready",
    "gone",
    "retry",
  ),
  pick: fc.nat(),
  decision: fc.constantFrom(restart, giveUp, none),
});

function eventFor(
  world: World,
  { kind, pick, decision }: { kind: string; pick: number; decision: Decision },
): PluginEvent | null {
  const live = [...world.live];
  const one = live[pick % Math.max(1, live.length)];
  switch (kind) {
    case "start":
      return { type: "start", by: "operator" };
    case "call":
      return { type: "start", by: "call" };
    case "auto":
      return { type: "start", by: "supervisor" };
    case "stop":
      return { type: "stop", by: "operator" };
    case "idle":
      return { type: "stop", by: "idle" };
    case "restart":
    case "enable":
    case "disable":
      return { type: kind };
    case "replace":
      return { type: "replace", exclusive: false, why: "changed" };
    case "exclusive":
      return { type: "replace", exclusive: true, why: "changed" };
    case "ready":
      return one === undefined ? null : { type: "ready", generation: one };
    case "gone":
      return one === undefined ? null : gone(one, decision);
    default:
      return world.retryArmed ? { type: "retry" } : null;
  }
}

function expectConsistent({ plugin, live, retryArmed }: World): void {
  const known = [plugin.current, plugin.candidate, ...plugin.retiring].filter((each) => each !== null);
  expect(new Set(known)).toEqual(live);
  expect(known.length).toBe(live.size);
  expect(plugin.state === "serving").toBe(plugin.current !== null);
  if (plugin.candidate !== null) expect(["starting", "serving"]).toContain(plugin.state);
  if (plugin.state === "starting" && plugin.candidate === null) {
    expect(plugin.retiring.length > 0).toBe(true);
  }
  expect(retryArmed).toBe(plugin.state === "backoff");
  expect(plugin.failure !== null).toBe(plugin.state === "failed");
}

describe("any order of events", () => {
  test("keeps the machine consistent with the processes that live", () => {
    fc.assert(
      fc.property(fc.array(choice, { maxLength: 60 }), (choices) => {
        const world = new World();
        for (const each of choices) {
          const event = eventFor(world, each);
          if (event === null) continue;
          world.do(event);
          expectConsistent(world);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("never gives a generation away twice", () => {
    fc.assert(
      fc.property(fc.array(choice, { maxLength: 60 }), (choices) => {
        const world = new World();
        let last = 0;
        for (const each of choices) {
          const event = eventFor(world, each);
          if (event !== null) world.do(event);
          if (world.spawned !== undefined && event !== null) {
            expect(world.spawned).toBeGreaterThanOrEqual(last);
            last = world.plugin.generation;
          }
        }
      }),
    );
  });

  test("leaves nothing running after a stop, once what was running has gone", () => {
    fc.assert(
      fc.property(
        fc.array(choice, { maxLength: 40 }),
        fc.constantFrom("stop", "disable"),
        (choices, last) => {
          const world = new World();
          for (const each of [...choices, { kind: last, pick: 0, decision: none }]) {
            const event = eventFor(world, each);
            if (event !== null) world.do(event);
          }
          const { state } = world.plugin;
          for (const generation of world.live) {
            world.do(gone(generation, restart));
            expect(world.spawned).toBeUndefined();
          }
          expect(world.plugin.state).toBe(state);
          expect(world.live.size).toBe(0);
          expect(world.retryArmed).toBe(false);
        },
      ),
    );
  });

  test("releases or refuses waiting calls whenever it leaves starting", () => {
    fc.assert(
      fc.property(fc.array(choice, { maxLength: 60 }), (choices) => {
        const world = new World();
        for (const each of choices) {
          const before: PluginState = world.plugin.state;
          const event = eventFor(world, each);
          if (event === null) continue;
          world.do(event);
          if (before === "starting" && world.plugin.state !== "starting") {
            expect(
              world.effects.some(({ type }) => type === "release_calls" || type === "refuse_calls"),
            ).toBe(true);
          }
        }
      }),
    );
  });
});

describe("starting", () => {
  test("a call starts an idle plugin", () => {
    expect(new World().do({ type: "start", by: "call" }).spawned).toBe(1);
  });

  test.each(["stopped", "disabled", "failed", "backoff"] as const)(
    "a call does not start a %s plugin",
    (state) => {
      const world = serving();
      if (state === "stopped") world.do({ type: "stop", by: "operator" });
      if (state === "disabled") world.do({ type: "disable" });
      if (state === "failed") world.do(gone(1, giveUp));
      if (state === "backoff") world.do(gone(1, restart));
      expect(world.plugin.state).toBe(state);
      expect(world.do({ type: "start", by: "call" }).spawned).toBeUndefined();
      expect(world.plugin.state).toBe(state);
    },
  );

  test("an operator starts a failed plugin again", () => {
    const world = serving().do(gone(1, giveUp)).do({ type: "start", by: "operator" });
    expect(world.plugin.state).toBe("starting");
    expect(world.spawned).toBe(2);
  });
});

describe("after a crash", () => {
  test("a restart waits out its delay", () => {
    const world = serving().do(gone(1, restart));
    expect(world.plugin.state).toBe("backoff");
    expect(world.effects).toContainEqual({ type: "set_retry", delayMs: 500 });
    expect(world.do({ type: "retry" }).spawned).toBe(2);
  });

  test("a requested stop beats a pending restart", () => {
    const world = serving().do(gone(1, restart)).do({ type: "stop", by: "operator" });
    expect(world.plugin.state).toBe("stopped");
    expect(world.retryArmed).toBe(false);
  });

  test("a stop that is asked for while the report is written wins", () => {
    const world = serving().do({ type: "stop", by: "operator" }).do(gone(1, restart));
    expect(world.plugin.state).toBe("stopped");
    expect(world.spawned).toBeUndefined();
  });
});

describe("reload", () => {
  const replace: PluginEvent = { type: "replace", exclusive: false, why: "changed" };

  test("the old session serves until the new one is ready", () => {
    const world = serving().do(replace);
    expect(world.plugin.current).toBe(1);
    expect(world.plugin.candidate).toBe(2);
    world.do({ type: "ready", generation: 2 });
    expect(world.plugin.current).toBe(2);
    expect(world.stopped).toEqual([1]);
  });

  test("a new one that fails leaves the old one serving", () => {
    const world = serving().do(replace).do(gone(2, giveUp));
    expect(world.plugin.state).toBe("serving");
    expect(world.plugin.current).toBe(1);
  });

  test("when the old one dies meanwhile, calls wait for the new one", () => {
    const world = serving().do(replace).do(gone(1, restart));
    expect(world.plugin.state).toBe("starting");
    expect(world.do({ type: "ready", generation: 2 }).plugin.state).toBe("serving");
  });

  test("an exclusive plugin stops first while calls wait", () => {
    const world = serving().do({ type: "replace", exclusive: true, why: "changed" });
    expect(world.plugin.state).toBe("starting");
    expect(world.spawned).toBeUndefined();
    expect(world.stopped).toEqual([1]);
    expect(world.do(gone(1, none)).spawned).toBe(2);
  });
});

test("an operator's restart begins when the old process has gone", () => {
  const world = serving().do({ type: "restart" });
  expect(world.stopped).toEqual([1]);
  expect(world.spawned).toBeUndefined();
  expect(world.do(gone(1, none)).spawned).toBe(2);
});
