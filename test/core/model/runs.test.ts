/** Long lives at random: a plugin, its processes and its operators do whatever they can, in any order. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { impossible } from "./impossible.ts";
import { transitions } from "./transitions.ts";
import { World } from "./world.ts";

const steps = 1500;

/** Which of what can then happen does. Half of the time it is what leads to ready, or a plugin would never get there. */
const run = fc.array(fc.nat({ max: 0x7fff_ffff }), { minLength: steps, maxLength: steps });

function live(picks: readonly number[]): { world: World; told: string[] } {
  const world = new World();
  const told: string[] = [];
  for (const pick of picks) {
    const likely = pick % 4 === 0 ? world.inevitable() : pick % 4 < 3 ? world.progress() : [];
    const choices = likely.length > 0 ? likely : world.choices();
    const choice = choices[Math.floor(pick / 4) % choices.length];
    choice?.happen();
    told.push(choice?.name ?? "");
    if (world.faults.length > 0) break;
  }
  return { world, told };
}

test(`${steps} events in any order break none of the invariants`, () => {
  fc.assert(
    fc.property(run, (picks) => {
      const { world, told } = live(picks);
      expect({ faults: world.faults, after: world.faults.length > 0 ? told.slice(-40) : [] }).toEqual({
        faults: [],
        after: [],
      });
      expect(world.spawned).toBeGreaterThan(20);
    }),
    { numRuns: 60 },
  );
});

test("whatever came before, a stop leaves nothing running, and starts nothing", () => {
  fc.assert(
    fc.property(run, fc.constantFrom("stop", "disable"), (picks, last) => {
      const { world } = live(picks.slice(0, 300));
      world.do(last === "stop" ? { type: "stop", by: "operator" } : { type: "disable" });
      const { spawned } = world;
      for (let left = world.inevitable(); left.length > 0; left = world.inevitable()) left[0]?.happen();
      expect(world.isQuiet).toBe(true);
      expect(world.spawned).toBe(spawned);
      expect(["stopped", "disabled"]).toContain(world.plugin.state);
      expect(world.faults).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test("whatever came before, an operator's start ends in serving, when the process does what it should", () => {
  fc.assert(
    fc.property(run, (picks) => {
      const { world } = live(picks.slice(0, 300));
      world.do({ type: "enable" });
      world.do({ type: "stop", by: "operator" });
      for (let left = world.inevitable(); left.length > 0; left = world.inevitable()) left[0]?.happen();
      world.do({ type: "start", by: "operator" });
      const act = (name: string): void =>
        world
          .choices()
          .find((each) => each.name === `${world.spawned}: ${name}`)
          ?.happen();
      for (const name of ["spawned", "initialized", "activated"]) act(name);
      expect(world.plugin).toMatchObject({ state: "serving", current: world.spawned, retiring: [] });
    }),
    { numRuns: 100 },
  );
});

test("reloads in a row have one process that serves, one on its way, and those that are leaving", () => {
  const world = new World();
  world.do({ type: "start", by: "operator" });
  const act = (generation: number, name: string): void =>
    world
      .choices()
      .find((each) => each.name === `${generation}: ${name}`)
      ?.happen();
  for (const name of ["spawned", "initialized", "activated"]) act(1, name);
  for (let reload = 0; reload < 5; reload++) {
    world.do({ type: "replace", exclusive: false, why: "changed" });
    act(world.spawned, "spawned");
  }
  expect(world.plugin).toMatchObject({ current: 1, candidate: 6 });
  expect(world.plugin.retiring).toHaveLength(4);
  expect(world.faults).toEqual([]);
});

test("such runs take every transition of both models but those that nothing can bring about", () => {
  const taken = new Set<string>();
  for (const picks of fc.sample(run, { numRuns: 400, seed: 1 })) {
    for (const each of live(picks).world.taken) taken.add(each);
  }
  expect(new Set(transitions.filter((each) => !taken.has(each)))).toEqual(new Set(Object.keys(impossible)));
});
