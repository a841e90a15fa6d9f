/** What the restart policy promises, as properties of any policy: the real one has them all, each mutant lacks one. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { defaults, type RestartPolicy } from "../../../protocol/config.ts";
import type { Diagnosis, EndCause, ProcessExit, StartFailure } from "../../../protocol/state.ts";
import type { classify, decide, End, History } from "../../../src/core/policy.ts";

/** The module under test. */
export interface Policy {
  readonly freshHistory: History;
  readonly classify: typeof classify;
  readonly decide: typeof decide;
}

export interface Property {
  readonly name: string;
  /** What shows that the policy does not have it; null when nothing was found. */
  readonly counterexample: (policy: Policy) => string | null;
}

const hour = 3_600_000;
const noon = 1_800_000_000_000;

/* What ends a session */

const status = (code: number): ProcessExit => ({ code, signal: null, core: false });
const killedBy = (signal: string): ProcessExit => ({ code: null, signal, core: false });
const exited: EndCause = { kind: "exit" };

const permanentCodes = [
  "executable_not_found",
  "not_a_file",
  "not_executable",
  "wrong_architecture",
  "checksum_mismatch",
  "binary_changed",
  "signature_invalid",
  "not_trusted",
  "incompatible_protocol",
  "incompatible_api",
  "config_invalid",
  "bad_description",
  "service_not_granted",
] as const satisfies StartFailure["code"][];
const passingCodes = [
  "spawn_failed",
  "handshake_timeout",
  "handshake_failed",
  "exited_in_handshake",
] as const satisfies StartFailure["code"][];

const startFailure = (code: StartFailure["code"]): EndCause => ({
  kind: "start_failure",
  failure: { code, message: `it is ${code}` },
});
const requested = fc
  .constantFrom("operator", "reload", "idle", "supervisor")
  .map((by): EndCause => ({ kind: "requested", by }));
const hung: EndCause = { kind: "hung", detail: "half of its calls are overdue" };
const violation: EndCause = { kind: "violation", reason: "bad_content_length", detail: "12abc" };

const readyMs = fc.option(fc.nat(2 * hour));
const random = fc.oneof(
  fc.constantFrom(0, 0.5, 1 - 2 ** -53),
  fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
);

/** Ends that are failures under every policy. */
const failure: fc.Arbitrary<End> = fc.oneof(
  fc.record({
    class: fc.constantFrom("transient", "resource"),
    cause: fc.constant(exited),
    exit: fc.constantFrom(status(1), status(101), killedBy("SIGSEGV"), killedBy("SIGKILL"), null),
    readyMs,
  }),
  fc.record({
    class: fc.constant("transient" as const),
    cause: fc.constantFrom(hung, violation, ...passingCodes.map(startFailure)),
    exit: fc.constantFrom(status(0), killedBy("SIGKILL"), null),
    readyMs: fc.constant(null),
  }),
);
const cleanExit: fc.Arbitrary<End> = fc.record({
  class: fc.constant("transient" as const),
  cause: fc.constant(exited),
  exit: fc.constant(status(0)),
  readyMs: fc.nat(2 * hour),
});
const permanentFailure: fc.Arbitrary<End> = fc.record({
  class: fc.constant("permanent" as const),
  cause: fc.constantFrom(...permanentCodes).map(startFailure),
  exit: fc.constant(null),
  readyMs: fc.constant(null),
});
const requestedEnd: fc.Arbitrary<End> = fc.record({
  class: fc.constant("requested" as const),
  cause: requested,
  exit: fc.constantFrom(status(0), status(1), killedBy("SIGKILL"), null),
  readyMs,
});

/* Policies and histories */

const rules: fc.Arbitrary<RestartPolicy> = fc
  .tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 100 }))
  .chain(([minDelayMs, factor]) =>
    fc.record({
      when: fc.constantFrom("on-failure", "always"),
      minDelayMs: fc.constant(minDelayMs),
      maxDelayMs: fc.constant(minDelayMs * factor),
      jitter: fc.constantFrom(0, 0.1, 0.2, 0.5, 1),
      resetAfterMs: fc.integer({ min: 1, max: hour }),
      maxFailures: fc.nat(12),
      windowMs: fc.integer({ min: 1000, max: hour }),
    }),
  );

/** Rules under which no number of failures in these tests is a loop. */
const patient = rules.map((policy) => ({ ...policy, maxFailures: 1_000_000 }));

const attempt = fc.oneof(fc.nat(12), fc.constantFrom(60, 1100, 1_000_000));

const baseDelay = (policy: RestartPolicy, attempt: number) =>
  Math.min(policy.maxDelayMs, policy.minDelayMs * 2 ** Math.min(attempt, 60));

/** Freezes what goes in: a policy that writes to its input fails everywhere. */
function run(policy: Policy, with_: RestartPolicy, history: History, end: End, now: number, random: number) {
  Object.freeze(history);
  Object.freeze(history.failures);
  return policy.decide(Object.freeze(with_), history, Object.freeze(end), now, random);
}

/** Ages that stand just inside and just outside a window, and in the future. */
const ages = (windowMs: number) =>
  fc.array(
    fc.oneof(
      fc.constantFrom(0, 1, windowMs - 1, windowMs, windowMs + 1, 10 * windowMs),
      fc.nat(3 * windowMs),
      fc.integer({ min: -24 * hour, max: -1 }),
    ),
    { maxLength: 14 },
  );

const policyAndAges = rules.chain((policy) =>
  fc.record({ policy: fc.constant(policy), ages: ages(policy.windowMs) }),
);

const stamps = (ages: readonly number[]) => ages.map((age) => noon - age).sort((a, b) => a - b);

function property<T extends unknown[]>(
  name: string,
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  holds: (policy: Policy, ...values: T) => void,
): Property {
  const counterexample = (policy: Policy) => {
    const all = fc.property(fc.tuple<T>(...arbitraries), (values) => holds(policy, ...values));
    return fc.defaultReportMessage(fc.check(all, { numRuns: 300, seed: 2026 })) ?? null;
  };
  return { name, counterexample };
}

export const properties: readonly Property[] = [
  property(
    "a requested end is followed by nothing and counts as no failure",
    [policyAndAges, requestedEnd, attempt],
    (policy, { policy: rules, ages }, end, attempt) => {
      const inside = stamps(ages).filter((at) => at <= noon && noon - at < rules.windowMs);
      const after = run(policy, rules, { failures: stamps(ages), attempt }, end, noon, 0.5);
      assert.equal(after.decision.action, "none");
      assert.deepEqual(after.history.failures, inside);
      assert.ok(after.history.attempt <= attempt);
    },
  ),

  property(
    "a permanent failure is given up at once, with its own code, and is no part of a crash loop",
    [policyAndAges, permanentFailure, attempt, fc.constantFrom("on-failure", "always", "never")],
    (policy, { policy: rules, ages }, end, attempt, when) => {
      const inside = stamps(ages).filter((at) => at <= noon && noon - at < rules.windowMs);
      const after = run(policy, { ...rules, when }, { failures: stamps(ages), attempt }, end, noon, 0.5);
      assert.ok(after.decision.action === "give_up" && end.cause.kind === "start_failure");
      assert.equal(after.decision.code, end.cause.failure.code);
      assert.ok(after.decision.why.includes(end.cause.failure.message));
      assert.deepEqual(after.history.failures, inside);
      assert.equal(after.history.attempt, attempt);
    },
  ),

  property(
    "the delay starts at the minimum, doubles with every restart in a row, and stops growing at the maximum",
    [patient, failure, attempt],
    (policy, rules, end, attempt) => {
      const early = { ...end, readyMs: null };
      const { decision } = run(policy, rules, { failures: [], attempt }, early, noon, 0.5);
      assert.ok(decision.action === "restart");
      assert.equal(decision.delayMs, Math.round(baseDelay(rules, attempt)));
    },
  ),

  property(
    "every delay lies within the jitter of its base, and chance reaches both ends of that band",
    [patient, failure, attempt, random],
    (policy, rules, end, attempt, random) => {
      const early = { ...end, readyMs: null };
      const base = baseDelay(rules, attempt);
      const delayAt = (random: number) => {
        const { decision } = run(policy, rules, { failures: [], attempt }, early, noon, random);
        assert.ok(decision.action === "restart");
        return decision.delayMs;
      };
      const half = 0.5; // of a millisecond: delays are whole numbers
      assert.ok(Math.abs(delayAt(random) - base) <= base * rules.jitter + half);
      assert.ok(Math.abs(delayAt(0) - base * (1 - rules.jitter)) <= half);
      assert.ok(Math.abs(delayAt(1 - 2 ** -53) - base * (1 + rules.jitter)) <= half);
    },
  ),

  property(
    "delays grow with the attempts, when chance does not change",
    [patient, failure, attempt, random],
    (policy, rules, end, attempt, random) => {
      const early = { ...end, readyMs: null };
      const [first, second] = [attempt, attempt + 1].map((attempt) => {
        const { decision } = run(policy, rules, { failures: [], attempt }, early, noon, random);
        return decision.action === "restart" ? decision.delayMs : -1;
      });
      assert.ok(first !== undefined && second !== undefined && 0 <= first && first <= second);
    },
  ),

  property(
    "the delay is reset by a life that was ready for long enough, and by nothing less",
    [patient, failure, attempt, fc.integer({ min: -3, max: 3 }), fc.boolean()],
    (policy, rules, end, attempt, around, wasReady) => {
      const readyMs = wasReady ? Math.max(0, rules.resetAfterMs + around) : null;
      const past = { failures: [], attempt };
      const { decision, history } = run(policy, rules, past, { ...end, readyMs }, noon, 0.5);
      const reset = readyMs !== null && readyMs >= rules.resetAfterMs;
      assert.ok(decision.action === "restart");
      assert.equal(decision.attempt, reset ? 1 : attempt + 1);
      assert.equal(history.attempt, decision.attempt);
      assert.equal(decision.delayMs, Math.round(baseDelay(rules, reset ? 0 : attempt)));
    },
  ),

  property(
    "it gives up if and only if more than max_failures lie inside the window, this one included",
    [policyAndAges, failure, attempt],
    (policy, { policy: rules, ages }, end, attempt) => {
      const inside = ages.filter((age) => age >= 0 && age < rules.windowMs).length + 1;
      const { decision } = run(policy, rules, { failures: stamps(ages), attempt }, end, noon, 0.5);
      assert.equal(decision.action, inside > rules.maxFailures ? "give_up" : "restart");
      if (decision.action === "give_up") assert.equal(decision.code, "crash_loop");
    },
  ),

  property(
    "a failure is remembered at its time; a long life resets the delay, never the count",
    [policyAndAges, failure, fc.boolean()],
    (policy, { policy: rules, ages }, end, longLife) => {
      const readyMs = longLife ? rules.resetAfterMs : null;
      const inside = stamps(ages).filter((at) => at <= noon && noon - at < rules.windowMs);
      const past = { failures: stamps(ages), attempt: 3 };
      const { history } = run(policy, rules, past, { ...end, readyMs }, noon, 0.5);
      assert.deepEqual(history.failures, [...inside, noon].slice(-(rules.maxFailures + 1)));
    },
  ),

  property(
    "a ready plugin that leaves with status 0 is left alone, or restarted and counted under `always`",
    [patient, cleanExit, fc.constantFrom("on-failure", "always", "never")],
    (policy, rules, end, when) => {
      const { decision, history } = run(policy, { ...rules, when }, policy.freshHistory, end, noon, 0.5);
      assert.equal(decision.action, when === "always" ? "restart" : "none");
      assert.deepEqual(history.failures, when === "always" ? [noon] : []);
    },
  ),

  property(
    "an exit with status 0 that is not of the plugin's own accord, or before it was ready, is a failure",
    [patient, fc.constantFrom(hung, violation, startFailure("exited_in_handshake"), exited), fc.boolean()],
    (policy, rules, cause, long) => {
      const readyMs = cause.kind === "hung" || cause.kind === "violation" ? (long ? 2 * hour : 1) : null;
      const end: End = { class: "transient", cause, exit: status(0), readyMs };
      const { decision, history } = run(policy, rules, policy.freshHistory, end, noon, 0.5);
      assert.equal(decision.action, "restart");
      assert.deepEqual(history.failures, [noon]);
    },
  ),

  property(
    "`never` restarts after no failure at all",
    [patient, failure, attempt],
    (policy, rules, end, attempt) => {
      const { decision } = run(
        policy,
        { ...rules, when: "never" },
        { failures: [], attempt },
        end,
        noon,
        0.5,
      );
      assert.ok(decision.action === "give_up");
      assert.equal(decision.code, "plugin_crashed");
    },
  ),

  property(
    "whatever the clock does, the history stays bounded and ordered, holds no future, and the delay stays in its bounds",
    [
      rules,
      fc.array(fc.record({ end: failure, jump: fc.integer({ min: -2 * hour, max: 2 * hour }), random }), {
        maxLength: 40,
      }),
    ],
    (policy, rules, steps) => {
      let history = policy.freshHistory;
      let now = noon;
      for (const { end, jump, random } of steps) {
        now += jump;
        const after = run(policy, rules, history, end, now, random);
        history = after.history;
        assert.deepEqual(JSON.parse(JSON.stringify(history)), history, "the journal keeps it");
        assert.ok(history.failures.length <= rules.maxFailures + 1);
        for (const [i, at] of history.failures.entries()) {
          assert.ok(at <= now && now - at < rules.windowMs && at >= (history.failures[i - 1] ?? at));
        }
        if (after.decision.action !== "restart") continue;
        const { delayMs } = after.decision;
        assert.ok(delayMs >= Math.floor(rules.minDelayMs * (1 - rules.jitter)));
        assert.ok(delayMs <= Math.ceil(rules.maxDelayMs * (1 + rules.jitter)));
      }
    },
  ),

  property(
    "a clock that is set back before every failure can not keep a broken plugin restarting at once",
    [patient, fc.array(fc.integer({ min: 1, max: hour }), { minLength: 12, maxLength: 12 })],
    (policy, rules, jumps) => {
      let history = policy.freshHistory;
      let now = noon;
      let last = 0;
      const end: End = { class: "transient", cause: exited, exit: status(1), readyMs: 1 };
      const steep = { ...rules, resetAfterMs: hour };
      for (const jump of jumps) {
        now -= jump;
        const after = run(policy, steep, history, end, now, 0.5);
        assert.ok(after.decision.action === "restart");
        last = after.decision.delayMs;
        history = after.history;
      }
      assert.equal(last, Math.round(baseDelay(rules, jumps.length - 1)));
    },
  ),

  property(
    "a plugin that crashes as soon as it is started gets exactly max_failures restarts by default",
    [random, fc.constantFrom(null, 0, 1)],
    (policy, random, readyMs) => {
      let history = policy.freshHistory;
      let now = noon;
      const delays: number[] = [];
      const end: End = { class: "transient", cause: exited, exit: status(101), readyMs };
      for (;;) {
        assert.ok(delays.length < 100, "it never gives up");
        const after = run(policy, defaults.restart, history, end, now, random);
        history = after.history;
        if (after.decision.action !== "restart") {
          assert.ok(after.decision.action === "give_up" && after.decision.code === "crash_loop");
          break;
        }
        assert.equal(after.decision.attempt, delays.length + 1);
        delays.push(after.decision.delayMs);
        now += after.decision.delayMs;
      }
      assert.equal(delays.length, 8);
    },
  ),

  property(
    "a plugin that crashes once in a while is restarted for ever, each time after the shortest delay",
    [fc.integer({ min: 2 * 60_000, max: 24 * hour })],
    (policy, life) => {
      let history = policy.freshHistory;
      let now = noon;
      const end: End = { class: "transient", cause: exited, exit: status(101), readyMs: life - 1000 };
      for (let i = 0; i < 30; i++) {
        const after = run(policy, defaults.restart, history, end, now, 0.5);
        assert.ok(after.decision.action === "restart");
        assert.equal(after.decision.delayMs, 500);
        history = after.history;
        now += life;
      }
    },
  ),

  property(
    "every decision is explained by one line, with the counts and the window in words",
    [policyAndAges, fc.oneof(failure, cleanExit, requestedEnd, permanentFailure), random],
    (policy, { policy: rules, ages }, end, random) => {
      const { decision, history } = run(
        policy,
        { ...rules, windowMs: 600_000 },
        { failures: stamps(ages), attempt: 0 },
        end,
        noon,
        random,
      );
      assert.match(decision.why, /^[^\n]{10,}$/);
      if (decision.action === "restart") {
        assert.ok(decision.why.startsWith(`${history.failures.length}`));
        assert.ok(decision.why.includes("in 10 minutes"));
        assert.ok(decision.why.includes(`waiting ${(decision.delayMs / 1000).toFixed(1)} s`));
      }
      if (decision.action === "give_up" && decision.code === "crash_loop" && rules.maxFailures > 0) {
        assert.match(decision.why, new RegExp(`^more than ${rules.maxFailures} [a-z]+ in 10 minutes$`));
      }
    },
  ),

  property(
    "what was requested is `requested`, however the process ended and whatever it said",
    [requested, fc.constantFrom(null, status(137), killedBy("SIGKILL"), killedBy("SIGSEGV"))],
    (policy, cause, exit) => {
      const memory: Diagnosis = { kind: "out of memory", message: "" };
      assert.equal(policy.classify(cause, exit), "requested");
      assert.equal(policy.classify(cause, exit, memory), "requested");
    },
  ),

  property(
    "start failures that waiting can not mend are permanent, the others are not",
    [fc.constantFrom(...permanentCodes), fc.constantFrom(...passingCodes), fc.constantFrom(null, status(1))],
    (policy, permanent, passing, exit) => {
      assert.equal(policy.classify(startFailure(permanent), exit), "permanent");
      assert.equal(policy.classify(startFailure(passing), exit), "transient");
    },
  ),

  property(
    "a want of memory or a limit is `resource`; a SIGKILL only when the supervisor did not send it",
    [
      fc.constantFrom("SIGXCPU", "SIGXFSZ"),
      fc.constantFrom(hung, violation, startFailure("handshake_timeout")),
    ],
    (policy, limit, killedByUs) => {
      assert.equal(policy.classify(exited, killedBy(limit)), "resource");
      assert.equal(policy.classify(killedByUs, killedBy(limit)), "resource");
      assert.equal(policy.classify(exited, killedBy("SIGKILL")), "resource");
      assert.equal(policy.classify(exited, status(137)), "resource");
      assert.equal(policy.classify(startFailure("exited_in_handshake"), killedBy("SIGKILL")), "resource");
      assert.equal(policy.classify(killedByUs, killedBy("SIGKILL")), "transient");
      const withItsGuard = { ...killedBy("SIGKILL"), guardLost: true } as const;
      assert.equal(policy.classify(exited, withItsGuard), "transient");
      const memory: Diagnosis = { kind: "out of memory", message: "memory allocation of 9 bytes failed" };
      assert.equal(policy.classify(exited, killedBy("SIGABRT"), memory), "resource");
    },
  ),

  property(
    "every other end is transient",
    [
      fc.constantFrom(status(0), status(1), status(101), killedBy("SIGSEGV"), killedBy("SIGABRT"), null),
      fc.constantFrom<(Diagnosis | null)[]>(null, { kind: "assertion failed", message: "" }),
    ],
    (policy, exit, diagnosis) => {
      assert.equal(policy.classify(exited, exit, diagnosis), "transient");
      assert.equal(policy.classify(exited, exit), "transient");
    },
  ),
];
