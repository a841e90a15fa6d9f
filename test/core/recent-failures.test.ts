import * as fc from "fast-check";
import { expect, test } from "vitest";
import { defaults } from "../../protocol/config.ts";
import { decide, freshHistory } from "../../src/core/policy.ts";
import type { End, History } from "../../src/core/policy.ts";
import { recentFailures } from "../../src/core/recent-failures.ts";

const noon = 1_800_000_000_000;
const policy = defaults.restart;
const crash: End = {
  class: "transient",
  cause: { kind: "exit" },
  exit: { code: 101, signal: null, core: false },
  readyMs: 10,
};

const fails = (history: History, now: number) => decide(policy, history, crash, now, 0.5);

test("a failure counts for as long as the window lasts", () => {
  const { windowMs } = policy;
  expect(recentFailures([noon], windowMs, noon)).toBe(1);
  expect(recentFailures([noon], windowMs, noon + windowMs - 1)).toBe(1);
  expect(recentFailures([noon], windowMs, noon + windowMs)).toBe(0);
});

test("what the clock, set back, has in the future counts for nothing", () => {
  expect(recentFailures([noon, noon + 1, noon + 3_600_000], policy.windowMs, noon)).toBe(1);
});

/** The clock at each failure: it goes on, and it jumps. */
const times = fc
  .array(fc.integer({ min: -2 * policy.windowMs, max: 2 * policy.windowMs }), { maxLength: 40 })
  .map((steps) => {
    let now = noon;
    return steps.map((step) => (now += step));
  });

test("what is shown is what the policy counts, however the clock jumps", () => {
  fc.assert(
    fc.property(times, (moments) => {
      let history = freshHistory;
      for (const now of moments) {
        const before = recentFailures(history.failures, policy.windowMs, now);
        const { decision, history: after } = fails(history, now);
        expect(recentFailures(after.failures, policy.windowMs, now)).toBe(
          Math.min(before + 1, policy.maxFailures + 1),
        );
        expect(decision.action).toBe(before >= policy.maxFailures ? "give_up" : "restart");
        history = after;
      }
    }),
  );
});

test("a clock that is set back keeps a crash loop going for one more window of failures at most", () => {
  fc.assert(
    fc.property(fc.nat(30), fc.integer({ min: 1, max: 1e10 }), (at, back) => {
      let history = freshHistory;
      let now = noon;
      let failures = 0;
      for (let given = false; !given; failures++) {
        now += failures === at ? -back : 1000;
        const { decision, history: after } = fails(history, now);
        history = after;
        given = decision.action === "give_up";
        expect(failures).toBeLessThanOrEqual(2 * (policy.maxFailures + 1));
      }
    }),
  );
});
