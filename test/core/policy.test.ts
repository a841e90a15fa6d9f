import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { describe, expect, test } from "vitest";
import { defaults } from "../../protocol/config.ts";
import * as policy from "../../src/core/policy.ts";
import { mutants } from "./mutants/policy.mutants.ts";
import { type Policy, properties } from "./mutants/policy.properties.ts";

const source = readFileSync(new URL("../../src/core/policy.ts", import.meta.url), "utf8");

/** The policy imports nothing but types, so that its text alone is a module. */
async function load(typescript: string): Promise<Policy> {
  const javascript = stripTypeScriptTypes(typescript);
  const url = `data:text/javascript,${encodeURIComponent(javascript)}`;
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the compiler can't look into a data: URL
  return (await import(url)) as Policy;
}

/** The names of the properties that a policy does not have. */
function failing(policy: Policy): string[] {
  return properties.filter(({ counterexample }) => counterexample(policy) !== null).map(({ name }) => name);
}

describe("the restart policy", () => {
  test.each(properties)("$name", ({ counterexample }) => {
    expect(counterexample(policy)).toBeNull();
  });

  const crash: policy.End = {
    class: "transient",
    cause: { kind: "exit" },
    exit: { code: 101, signal: null, core: false },
    readyMs: 5000,
  };
  const now = 1_800_000_000_000;

  test("a decision reads like a sentence", () => {
    const past = { failures: [now - 2000, now - 1000], attempt: 2 };
    const { decision } = policy.decide(defaults.restart, past, crash, now, 0.5);
    expect(decision).toEqual({
      action: "restart",
      delayMs: 2000,
      attempt: 3,
      why: "3rd failure in 10 minutes; waiting 2.0 s",
    });
  });

  test("so does giving up", () => {
    const failures = [8, 7, 6, 5, 4, 3, 2, 1].map((n) => now - 1000 * n);
    const { decision } = policy.decide(defaults.restart, { failures, attempt: 8 }, crash, now, 0.5);
    expect(decision).toEqual({
      action: "give_up",
      code: "crash_loop",
      why: "more than 8 failures in 10 minutes",
    });
  });

  test.each([
    [1, "1st"],
    [2, "2nd"],
    [3, "3rd"],
    [4, "4th"],
    [11, "11th"],
    [12, "12th"],
    [13, "13th"],
    [21, "21st"],
    [111, "111th"],
  ])("failure number %i is the %s", (n, ordinal) => {
    const failures = Array.from({ length: n - 1 }, () => now);
    const rules = { ...defaults.restart, maxFailures: 1000 };
    const { decision } = policy.decide(rules, { failures, attempt: 0 }, crash, now, 0.5);
    expect(decision.why.startsWith(`${ordinal} failure in `)).toBe(true);
  });

  test.each([
    [1000, "1 second"],
    [90_000, "90 seconds"],
    [3_600_000, "1 hour"],
    [172_800_000, "2 days"],
    [1500, "1500 ms"],
  ])("a window of %i ms is called %s", (windowMs, words) => {
    const rules = { ...defaults.restart, windowMs, maxFailures: 1 };
    const { decision } = policy.decide(rules, { failures: [now - 1], attempt: 1 }, crash, now, 0.5);
    expect(decision.why).toBe(`more than 1 failure in ${words}`);
  });

  test("max_failures = 0 allows none", () => {
    const rules = { ...defaults.restart, maxFailures: 0 };
    const { decision } = policy.decide(rules, policy.freshHistory, crash, now, 0.5);
    expect(decision).toMatchObject({ action: "give_up", code: "crash_loop" });
    expect(decision.why).toContain("restart.max_failures is 0");
  });

  test("a minimum delay of 0 stays a number, whatever the attempt", () => {
    const rules = { ...defaults.restart, minDelayMs: 0 };
    const { decision } = policy.decide(rules, { failures: [], attempt: 5000 }, crash, now, 0.9);
    expect(decision).toMatchObject({ action: "restart", delayMs: 0 });
  });
});

describe("the properties notice", () => {
  test("nothing in the unchanged text", async () => {
    expect(failing(await load(source))).toEqual([]);
  });

  test.each(mutants)("$name", async ({ right, wrong, noticedBy }) => {
    expect(source.split(right), "the mutant's place in the source").toHaveLength(2);
    const mutant = await load(source.replace(right, () => wrong));
    expect(failing(mutant)).toContainEqual(expect.stringContaining(noticedBy));
  });
});
