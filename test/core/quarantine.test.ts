import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  answered,
  crashed,
  keyOf,
  mostEntries,
  nothingNoted,
  released,
  started,
} from "../../src/core/quarantine.ts";
import type { CallIdentity, Quarantine } from "../../src/core/quarantine.ts";

const call = (params: string): CallIdentity => ({ method: "a.b", params });
const standing = (quarantine: Quarantine, one: CallIdentity): string | undefined =>
  quarantine.entries.find((entry) => keyOf(entry) === keyOf(one))?.standing;

function after(...crashes: readonly (readonly string[])[]): Quarantine {
  return crashes.reduce(
    (quarantine, params, index) =>
      crashed(quarantine, { report: `r${index}`, at: index, inFlight: params.map(call), unknown: 0 }),
    nothingNoted,
  );
}

test("a call is noted, then a suspect, and guilty when it was all that was in flight", () => {
  expect(standing(after(["k"]), call("k"))).toBe("noted");
  expect(standing(after(["k"], ["k"]), call("k"))).toBe("suspect");
  expect(standing(after(["k"], ["k"], ["k"]), call("k"))).toBe("guilty");
});

test("the only suspect among others is tried alone, before it is refused", () => {
  const tried = after(["k", "a"], ["k", "b"], ["k", "c"]);
  expect(standing(tried, call("k"))).toBe("trial");
  expect(standing(after(["k", "a"], ["k", "b"], ["k", "c"], ["k", "d"]), call("k"))).toBe("trial");
  expect(standing(after(["k", "a"], ["k", "b"], ["k", "c"], ["k"]), call("k"))).toBe("guilty");
});

test("what nobody can tell apart was in flight as well", () => {
  const crash = { report: "r", at: 0, inFlight: [call("k")], unknown: 1 };
  const quarantine = crashed(crashed(crashed(nothingNoted, crash), crash), crash);
  expect(standing(quarantine, call("k"))).toBe("trial");
});

test("an answer clears a call, and an operator lets it go", () => {
  const quarantine = after(["k"], ["k"]);
  expect(answered(quarantine, call("k"))?.entries).toEqual([]);
  expect(answered(quarantine, call("other"))).toBeNull();
  expect(released(after(["k"], ["k"], ["k"]), () => true).entries).toEqual([]);
});

test("an entry names the reports", () => {
  expect(after(["k"], ["k"], ["k"]).entries).toMatchObject([
    { crashes: 3, reports: ["r0", "r1", "r2"], at: 2 },
  ]);
});

/** A plugin under load, played by the quarantine's own rules: what is in flight when killers run. */
interface World {
  readonly killers: ReadonlySet<string>;
  quarantine: Quarantine;
  crashes: number;
}

/** Runs one batch of calls that come at once, in this order; what waits for its turn runs later, if the plugin lives. */
function play(world: World, batch: readonly string[]): void {
  const of = (params: string): string => standing(world.quarantine, call(params)) ?? "none";
  const calls = [...new Set(batch)].filter((params) => of(params) !== "guilty");
  const onTrial = calls.find((params) => of(params) === "trial");
  const suspect = calls.find((params) => of(params) === "suspect");
  const free = calls.filter((params) => !["suspect", "trial"].includes(of(params)));
  const inFlight = onTrial === undefined ? [...free, ...(suspect === undefined ? [] : [suspect])] : [onTrial];
  if (inFlight.some((params) => world.killers.has(params))) {
    world.crashes++;
    const crash = { report: `r${world.crashes}`, at: world.crashes, unknown: 0 };
    world.quarantine = crashed(world.quarantine, { ...crash, inFlight: inFlight.map(call) });
    return;
  }
  for (const params of inFlight)
    world.quarantine = answered(world.quarantine, call(params)) ?? world.quarantine;
}

const params = fc.constantFrom<string[]>("a", "b", "c", "d", "e", "f", "g", "h");
const batches = fc.array(fc.array(params, { minLength: 1, maxLength: 6 }), { maxLength: 60 });

describe("whatever is called beside whatever", () => {
  test("an innocent call is never refused, however many killers it runs beside", () => {
    fc.assert(
      fc.property(batches, fc.uniqueArray(params, { maxLength: 4 }), (load, killing) => {
        const world: World = { killers: new Set(killing), quarantine: nothingNoted, crashes: 0 };
        for (const batch of load) play(world, batch);
        const guilty = world.quarantine.entries.filter((entry) => entry.standing === "guilty");
        expect(guilty.filter((entry) => !killing.includes(entry.params))).toEqual([]);
      }),
    );
  });

  test("a killer is refused after four crashes at most", () => {
    fc.assert(
      fc.property(batches, params, (load, killer) => {
        const world: World = { killers: new Set([killer]), quarantine: nothingNoted, crashes: 0 };
        for (const batch of load) play(world, [killer, ...batch]);
        expect(world.crashes).toBeLessThanOrEqual(4);
        if (load.length >= 12) expect(standing(world.quarantine, call(killer))).toBe("guilty");
      }),
    );
  });

  test("nothing is known of another executable, and the memory is bounded", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1, max: 3 }), (calls, crashes) => {
        const inFlight = Array.from({ length: calls }, (_, n) => call(String(n)));
        let quarantine: Quarantine = started(nothingNoted, "one");
        for (let n = 0; n < crashes; n++) {
          quarantine = crashed(quarantine, { report: `r${n}`, at: n, inFlight, unknown: 0 });
        }
        expect(quarantine.entries.length).toBe(Math.min(calls, mostEntries));
        expect(started(quarantine, "one")).toBe(quarantine);
        expect(started(quarantine, "another").entries).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test("a flood of bystanders does not push a killer out", () => {
    const flood = Array.from({ length: 2 * mostEntries }, (_, n) => call(`flood ${n}`));
    const quarantine = crashed(after(["k"], ["k"], ["k"]), {
      report: "r",
      at: 9,
      inFlight: flood,
      unknown: 0,
    });
    expect(standing(quarantine, call("k"))).toBe("guilty");
    expect(quarantine.entries).toHaveLength(mostEntries);
  });
});
