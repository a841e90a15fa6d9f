/** The model stands for the page that describes the policy, so it is held against the page's words. */
import { expect, test } from "vitest";
import type { Policy, Report } from "../records.ts";
import { judge, nothing } from "./policy-model.ts";

const policy: Policy = {
  when: "on-failure",
  minDelayMs: 100,
  maxDelayMs: 1000,
  jitter: 0.2,
  resetAfterMs: 3000,
  maxFailures: 2,
  windowMs: 10_000,
};
const at = 1_700_000_000_000;
const restart = (attempt: number, delayMs: number): Report["decision"] => ({
  action: "restart",
  attempt,
  delayMs,
  why: "",
});
const none: Report["decision"] = { action: "none", why: "" };
const end = (decision: Report["decision"], more: Partial<Report> = {}): Report => ({
  id: "one-1-aaaa",
  plugin: "one",
  generation: 1,
  at,
  class: "transient",
  cause: { kind: "exit" },
  exit: { code: null, signal: "SIGSEGV" },
  readyMs: 50,
  decision,
  ...more,
});

test("doubles the delay up to the most", () => {
  expect(judge(policy, { failures: [], streak: 3 }, end(restart(4, 800)))).toMatchObject({ holds: true });
  expect(judge(policy, { failures: [], streak: 9 }, end(restart(10, 1200)))).toMatchObject({ holds: true });
  expect(judge(policy, { failures: [], streak: 9 }, end(restart(10, 1201)))).toMatchObject({
    holds: false,
  });
});

test("begins again after a life that was long enough", () => {
  const past = { failures: [], streak: 5 };
  expect(judge(policy, past, end(restart(1, 100), { readyMs: 3000 }))).toMatchObject({ holds: true });
  expect(judge(policy, past, end(restart(1, 100), { readyMs: 2999 }))).toMatchObject({ holds: false });
});

test("gives up at more failures than are allowed within the window", () => {
  const loop: Report["decision"] = { action: "give_up", code: "crash_loop", why: "" };
  const inside = { failures: [at - 9999, at - 1], streak: 2 };
  const outside = { failures: [at - 10_000, at - 1], streak: 2 };
  expect(judge(policy, inside, end(loop))).toMatchObject({ holds: true });
  expect(judge(policy, outside, end(loop))).toMatchObject({ holds: false });
});

test("leaves one alone that left with status 0, unless it is always to run", () => {
  const clean = { exit: { code: 0, signal: null } };
  expect(judge(policy, nothing, end(none, clean))).toMatchObject({ holds: true });
  const always: Policy = { ...policy, when: "always" };
  expect(judge(always, nothing, end(none, clean))).toMatchObject({ holds: false });
  expect(judge(always, nothing, end(restart(1, 100), clean))).toMatchObject({ holds: true });
});
