/**
 * The restart policy: what to do after a session has ended. Pure; the caller brings the clock and the chance.
 * An operator's start, and a changed file, begin again with `freshHistory`.
 */
import type { RestartPolicy } from "../../protocol/config.ts";
import type {
  Decision,
  Diagnosis,
  EndCause,
  ExitClass,
  ProcessExit,
  StartFailure,
} from "../../protocol/state.ts";

/** What the policy remembers between two ends. Plain data: it survives a restart of the daemon in the journal. */
export interface History {
  /** Unix time in milliseconds of each counted failure, ascending; only those inside the window. */
  readonly failures: readonly number[];
  /** Restarts in a row since the delay was last reset. */
  readonly attempt: number;
}

export const freshHistory: History = { failures: [], attempt: 0 };

/** The end of one session, as the policy sees it. */
export interface End {
  readonly class: ExitClass;
  readonly cause: EndCause;
  readonly exit: ProcessExit | null;
  /** From ready to the end, by a monotonic clock; null when the session never was ready. */
  readonly readyMs: number | null;
}

/** Whether waiting can not help: the operator, or a change of the file, must. */
const permanent: Record<StartFailure["code"], boolean> = {
  executable_not_found: true,
  not_a_file: true,
  not_executable: true,
  wrong_architecture: true,
  checksum_mismatch: true,
  binary_changed: true,
  signature_invalid: true,
  not_trusted: true,
  incompatible_protocol: true,
  incompatible_api: true,
  config_invalid: true,
  bad_description: true,
  service_not_granted: true,
  contract_mismatch: true,
  sandbox_unavailable: true,
  spawn_failed: false,
  file_unresponsive: false,
  handshake_timeout: false,
  handshake_failed: false,
  exited_in_handshake: false,
};

/** Sent by the kernel alone: to a process over a limit of its own. */
const limitSignals = new Set(["SIGXCPU", "SIGXFSZ"]);
/** The same and SIGKILL, as a shell or a sandbox in between reports them: 128 + number. */
const killStatus = 137;
const limitStatuses = new Set([152, 153]);

export function classify(
  cause: EndCause,
  exit: ProcessExit | null,
  diagnosis: Diagnosis | null = null,
): ExitClass {
  if (cause.kind === "requested") return "requested";
  if (cause.kind === "start_failure" && permanent[cause.failure.code]) return "permanent";
  if (cause.kind === "over_limit") return "resource";
  if (diagnosis?.kind === "out of memory") return "resource";
  if (exit === null) return "transient";
  if (limitSignals.has(exit.signal ?? "") || limitStatuses.has(exit.code ?? 0)) return "resource";
  // Somebody killed the guard, not the plugin; what became of the plugin is no sign of a want of memory.
  if (exit.guardLost === true) return "transient";
  // A SIGKILL that the supervisor did not send is the out-of-memory killer's, or an operator's who knows.
  const killed = exit.signal === "SIGKILL" || exit.code === killStatus;
  return killed && leftByItself(cause) ? "resource" : "transient";
}

/** Whether the process ended before the supervisor had a reason to kill it. */
function leftByItself(cause: EndCause): boolean {
  return (
    cause.kind === "exit" || (cause.kind === "start_failure" && cause.failure.code === "exited_in_handshake")
  );
}

/**
 * What to do now, and what to remember. `now` is unix time in milliseconds and may jump either way; `random` is in
 * [0, 1).
 */
export function decide(
  policy: RestartPolicy,
  history: History,
  end: End,
  now: number,
  random: number,
): { decision: Decision; history: History } {
  const past = settle(policy, history, end.readyMs, now);
  if (end.class === "requested") {
    return { decision: { action: "none", why: "stopped on request" }, history: past };
  }
  if (end.class === "permanent") return { decision: giveUpAtOnce(end.cause), history: past };

  const clean = isCleanExit(end);
  if (clean && policy.when !== "always") {
    const why = "left by itself with status 0; the next call starts it again";
    return { decision: { action: "none", why }, history: past };
  }

  // A window of n failures needs no more than n + 1 of them to be over its bound.
  const failures = [...past.failures, now].slice(-(policy.maxFailures + 1));
  if (policy.when === "never") {
    const why = "restarts are switched off (restart.when is never)";
    return {
      decision: { action: "give_up", code: "plugin_crashed", why },
      history: { failures, attempt: past.attempt },
    };
  }
  const noun = clean ? "exit" : "failure";
  const window = inWords(policy.windowMs);
  if (failures.length > policy.maxFailures) {
    const why =
      policy.maxFailures === 0
        ? `no ${noun} is allowed (restart.max_failures is 0)`
        : `more than ${policy.maxFailures} ${noun}${policy.maxFailures === 1 ? "" : "s"} in ${window}`;
    return {
      decision: { action: "give_up", code: "crash_loop", why },
      history: { failures, attempt: past.attempt },
    };
  }
  const attempt = past.attempt + 1;
  const delayMs = delay(policy, past.attempt, random);
  const why = `${ordinal(failures.length)} ${noun} in ${window}; waiting ${seconds(delayMs)}`;
  return { decision: { action: "restart", delayMs, attempt, why }, history: { failures, attempt } };
}

/** The history as it stands at `now`: failures outside the window forgotten, the delay reset by a long enough life. */
function settle(policy: RestartPolicy, history: History, readyMs: number | null, now: number): History {
  return {
    // A failure in the future was stamped by a clock that has since been set back: it can't be placed, so it is dropped.
    // The delay still grows, because `attempt` knows no clock.
    failures: history.failures.filter((at) => at <= now && now - at < policy.windowMs),
    attempt: readyMs !== null && readyMs >= policy.resetAfterMs ? 0 : history.attempt,
  };
}

function giveUpAtOnce(cause: EndCause): Decision {
  if (cause.kind !== "start_failure") {
    return { action: "give_up", code: "plugin_crashed", why: "a restart can not help" };
  }
  const { code, message } = cause.failure;
  return { action: "give_up", code, why: `a restart can not help: ${message}` };
}

function isCleanExit({ cause, exit, readyMs }: End): boolean {
  return cause.kind === "exit" && exit !== null && exit.code === 0 && readyMs !== null;
}

/** Milliseconds to wait before restart number `attempt`, counted from 0. */
function delay(policy: RestartPolicy, attempt: number, random: number): number {
  // 2 ** 1023 is the last finite power: beyond it, a minimum of 0 would turn into NaN.
  const doubled = policy.minDelayMs * 2 ** Math.min(attempt, 1023);
  const base = Math.min(doubled, policy.maxDelayMs);
  return Math.round(base * (1 + policy.jitter * (2 * random - 1)));
}

function ordinal(n: number): string {
  const teen = n % 100 > 10 && n % 100 < 14;
  return `${n}${(teen ? undefined : ["th", "st", "nd", "rd"][n % 10]) ?? "th"}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
] as const;

/** A duration in the largest unit that divides it. */
function inWords(ms: number): string {
  for (const [unit, size] of units) {
    const n = ms / size;
    if (n >= 1 && Number.isInteger(n)) return `${n} ${unit}${n === 1 ? "" : "s"}`;
  }
  return `${ms} ms`;
}
