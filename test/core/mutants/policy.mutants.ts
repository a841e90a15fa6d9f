/** Known-bad versions of src/core/policy.ts: one wrong change of its text each, and the property that notices it. */

export interface Mutant {
  readonly name: string;
  /** Stands in the source exactly once. */
  readonly right: string;
  readonly wrong: string;
  /** Words from the name of a property that must fail. */
  readonly noticedBy: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: "the delay has no upper bound",
    right: "Math.min(doubled, policy.maxDelayMs)",
    wrong: "doubled",
    noticedBy: "stops growing at the maximum",
  },
  {
    name: "the delay does not double",
    right: "2 ** Math.min(attempt, 1023)",
    wrong: "1",
    noticedBy: "doubles with every restart",
  },
  {
    name: "the delay grows by a line, not by powers",
    right: "2 ** Math.min(attempt, 1023)",
    wrong: "(attempt + 1)",
    noticedBy: "doubles with every restart",
  },
  {
    name: "the first delay is doubled already",
    right: "delay(policy, past.attempt, random)",
    wrong: "delay(policy, attempt, random)",
    noticedBy: "doubles with every restart",
  },
  {
    name: "the first delay is the maximum",
    right: "policy.minDelayMs * 2",
    wrong: "policy.maxDelayMs * 2",
    noticedBy: "starts at the minimum",
  },
  {
    name: "the jitter is ignored",
    right: "(1 + policy.jitter * (2 * random - 1))",
    wrong: "1",
    noticedBy: "both ends of that band",
  },
  {
    name: "the jitter is twice as wide",
    right: "policy.jitter * (2 * random - 1)",
    wrong: "2 * policy.jitter * (2 * random - 1)",
    noticedBy: "within the jitter",
  },
  {
    name: "the jitter only adds",
    right: "policy.jitter * (2 * random - 1)",
    wrong: "policy.jitter * random",
    noticedBy: "both ends of that band",
  },
  {
    name: "the jitter is added as milliseconds and can turn a delay negative",
    right: "Math.round(base * (1 + policy.jitter * (2 * random - 1)))",
    wrong: "Math.round(base + 1000 * (2 * random - 1))",
    noticedBy: "within the jitter",
  },
  {
    name: "a requested stop counts as a failure",
    right: 'why: "stopped on request" }, history: past }',
    wrong: 'why: "stopped on request" }, history: { ...past, failures: [...past.failures, now] } }',
    noticedBy: "counts as no failure",
  },
  {
    name: "a requested stop is restarted",
    right: 'if (end.class === "requested") {',
    wrong: 'if (end.class === "requested" && end.exit === null) {',
    noticedBy: "followed by nothing",
  },
  {
    name: "a permanent failure is retried",
    right: 'if (end.class === "permanent") return { decision: giveUpAtOnce(end.cause), history: past };',
    wrong: "",
    noticedBy: "given up at once",
  },
  {
    name: "a permanent failure counts towards a crash loop",
    right: "giveUpAtOnce(end.cause), history: past }",
    wrong: "giveUpAtOnce(end.cause), history: { ...past, failures: [...past.failures, now] } }",
    noticedBy: "no part of a crash loop",
  },
  {
    name: "a permanent failure loses its own code",
    right: "const { code, message } = cause.failure;",
    wrong: 'const { message } = cause.failure; const code = "crash_loop";',
    noticedBy: "with its own code",
  },
  {
    name: "old failures are never forgotten",
    right: "at <= now && now - at < policy.windowMs",
    wrong: "at <= now",
    noticedBy: "inside the window",
  },
  {
    name: "failures in the future are kept",
    right: "at <= now && now - at < policy.windowMs",
    wrong: "now - at < policy.windowMs",
    noticedBy: "holds no future",
  },
  {
    name: "a failure at the very end of the window still counts",
    right: "now - at < policy.windowMs",
    wrong: "now - at <= policy.windowMs",
    noticedBy: "inside the window",
  },
  {
    name: "it gives up one failure too early",
    right: "failures.length > policy.maxFailures",
    wrong: "failures.length >= policy.maxFailures",
    noticedBy: "if and only if",
  },
  {
    name: "it gives up one failure too late",
    right: "failures.length > policy.maxFailures",
    wrong: "failures.length > policy.maxFailures + 1",
    noticedBy: "if and only if",
  },
  {
    name: "it never gives up",
    right: "failures.length > policy.maxFailures",
    wrong: "failures.length === Infinity",
    noticedBy: "exactly max_failures restarts",
  },
  {
    name: "the failure itself is not remembered",
    right: "[...past.failures, now]",
    wrong: "[...past.failures]",
    noticedBy: "remembered at its time",
  },
  {
    name: "the failures remembered grow without bound",
    right: ".slice(-(policy.maxFailures + 1))",
    wrong: "",
    noticedBy: "the history stays bounded",
  },
  {
    name: "the oldest failures are kept and the newest forgotten",
    right: ".slice(-(policy.maxFailures + 1))",
    wrong: ".slice(0, policy.maxFailures + 1)",
    noticedBy: "remembered at its time",
  },
  {
    name: "the delay is reset by being spawned, ready or not",
    right: "readyMs !== null && readyMs >= policy.resetAfterMs",
    wrong: "true",
    noticedBy: "ready for long enough",
  },
  {
    name: "the delay is reset by being ready, however short",
    right: "readyMs !== null && readyMs >= policy.resetAfterMs",
    wrong: "readyMs !== null",
    noticedBy: "ready for long enough",
  },
  {
    name: "the delay is reset a little too early",
    right: "readyMs >= policy.resetAfterMs",
    wrong: "readyMs >= policy.resetAfterMs - 1",
    noticedBy: "ready for long enough",
  },
  {
    name: "the delay is reset a little too late",
    right: "readyMs >= policy.resetAfterMs",
    wrong: "readyMs > policy.resetAfterMs",
    noticedBy: "ready for long enough",
  },
  {
    name: "the delay is never reset",
    right: "policy.resetAfterMs ? 0 : history.attempt",
    wrong: "policy.resetAfterMs ? history.attempt : history.attempt",
    noticedBy: "ready for long enough",
  },
  {
    name: "a long life forgets the failures together with the delay",
    right: "failures: history.failures.filter(",
    wrong: "failures: (readyMs !== null && readyMs >= policy.resetAfterMs ? [] : history.failures).filter(",
    noticedBy: "never the count",
  },
  {
    name: "the attempts are not counted",
    right: "const attempt = past.attempt + 1;",
    wrong: "const attempt = 1;",
    noticedBy: "ready for long enough",
  },
  {
    name: "the attempts are counted by the failures that the clock still knows",
    right: "const attempt = past.attempt + 1;\n  const delayMs = delay(policy, past.attempt, random);",
    wrong: "const attempt = failures.length;\n  const delayMs = delay(policy, attempt - 1, random);",
    noticedBy: "set back before every failure",
  },
  {
    name: "an exit with status 0 is restarted on failure",
    right: 'clean && policy.when !== "always"',
    wrong: "false",
    noticedBy: "leaves with status 0",
  },
  {
    name: "an exit with status 0 is never restarted, `always` or not",
    right: 'clean && policy.when !== "always"',
    wrong: "clean",
    noticedBy: "leaves with status 0",
  },
  {
    name: "an exit with status 0 during the handshake is taken for a clean one",
    right: "exit.code === 0 && readyMs !== null",
    wrong: "exit.code === 0",
    noticedBy: "before it was ready",
  },
  {
    name: "a hung plugin that then leaves with status 0 is taken for a clean exit",
    right: 'cause.kind === "exit" && exit !== null && exit.code === 0',
    wrong: "exit !== null && exit.code === 0",
    noticedBy: "not of the plugin's own accord",
  },
  {
    name: "`never` is not obeyed",
    right: 'policy.when === "never"',
    wrong: "false",
    noticedBy: "`never` restarts after no failure",
  },
  {
    name: "`never` is told as a crash loop",
    right: 'code: "plugin_crashed", why },',
    wrong: 'code: "crash_loop", why },',
    noticedBy: "`never` restarts after no failure",
  },
  {
    name: "a bad checksum is retried",
    right: "checksum_mismatch: true",
    wrong: "checksum_mismatch: false",
    noticedBy: "waiting can not mend",
  },
  {
    name: "a slow handshake is for ever",
    right: "handshake_timeout: false",
    wrong: "handshake_timeout: true",
    noticedBy: "waiting can not mend",
  },
  {
    name: "a plugin that goes with its guard is taken for a want of memory",
    right: 'if (exit.guardLost === true) return "transient";',
    wrong: "",
    noticedBy: "a SIGKILL only when the supervisor did not send it",
  },
  {
    name: "the supervisor's own SIGKILL is taken for a want of memory",
    right: "killed && leftByItself(cause)",
    wrong: "killed",
    noticedBy: "did not send it",
  },
  {
    name: "the out-of-memory killer is not noticed",
    right: 'exit.signal === "SIGKILL"',
    wrong: 'exit.signal === "SIGOOM"',
    noticedBy: "did not send it",
  },
  {
    name: "what the plugin said about memory is not heard",
    right: 'diagnosis?.kind === "out of memory"',
    wrong: "false",
    noticedBy: "want of memory",
  },
  {
    name: "a requested kill is classed by its signal",
    right: 'if (cause.kind === "requested") return "requested";',
    wrong: 'if (cause.kind === "requested" && exit?.signal == null) return "requested";',
    noticedBy: "what was requested",
  },
];
