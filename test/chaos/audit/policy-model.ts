/**
 * The restart policy as its page promises it, written once more from the words: a delay that doubles from the least to the
 * most, with jitter, and from the least again after a long enough life; more failures than so many in a window are a crash
 * loop. Nothing here is taken from src.
 */
import type { JournalEvent, Policy, Report } from "../records.ts";

/** What counts against a plugin. */
export interface Past {
  /** Times of failures, ascending. */
  readonly failures: readonly number[];
  /** Restarts since the delay was last at its least. */
  readonly streak: number;
}

export const nothing: Past = { failures: [], streak: 0 };

/** What has to be decided about an end, and what counts afterwards. */
export interface Verdict {
  readonly expected: string;
  readonly holds: boolean;
  readonly after: Past;
}

export function judge(policy: Policy, past: Past, report: Report): Verdict {
  const { decision, at, readyMs, cause } = report;
  const failures = past.failures.filter((time) => time <= at && time > at - policy.windowMs);
  const streak = readyMs !== null && readyMs >= policy.resetAfterMs ? 0 : past.streak;

  if (report.class === "permanent") {
    return {
      expected: `give up at once: ${cause.failure?.code}`,
      holds: decision.action === "give_up" && decision.code === cause.failure?.code,
      after: { failures, streak },
    };
  }
  if (isClean(report) && policy.when === "on-failure") {
    return {
      expected: "nothing: it left by itself",
      holds: decision.action === "none",
      after: { failures, streak },
    };
  }
  const counted = [...failures, at];
  if (counted.length > policy.maxFailures) {
    return {
      expected: `give up: failure ${counted.length} in ${policy.windowMs} ms`,
      holds: decision.action === "give_up" && decision.code === "crash_loop",
      after: { failures: counted, streak },
    };
  }
  return {
    expected: `restart ${streak + 1} after ${rangeOf(policy, streak + 1).join(" to ")} ms`,
    holds: decision.action === "restart" && decision.attempt === streak + 1 && fits(policy, report),
    after: { failures: counted, streak: streak + 1 },
  };
}

/** Whatever came before: the delay is that of the attempt. */
export function fits(policy: Policy, { decision }: Report): boolean {
  if (decision.action !== "restart") return true;
  const [least, most] = rangeOf(policy, decision.attempt);
  return decision.delayMs >= least && decision.delayMs <= most;
}

/** An operator who starts it, and a changed entry, forgive what was. */
export function startsAfresh(event: JournalEvent, plugin: string): boolean {
  if (event.type === "config.loaded") return isChangedBy(event, plugin);
  const forgiving = ["start", "restart", "enable"];
  return event.type === "operator.action" && forgiving.includes(String(event["action"]));
}

export function isChangedBy(event: JournalEvent, plugin: string): boolean {
  const { changed } = event;
  return event.type === "config.loaded" && Array.isArray(changed) && changed.includes(plugin);
}

/** From and to, of an attempt that is counted from 1. */
function rangeOf({ minDelayMs, maxDelayMs, jitter }: Policy, attempt: number): readonly [number, number] {
  const full = Math.min(minDelayMs * 2 ** (attempt - 1), maxDelayMs);
  return [Math.floor(full * (1 - jitter)), Math.ceil(full * (1 + jitter))];
}

/** It was ready, and left with status 0 unasked. */
function isClean({ cause, exit, readyMs }: Report): boolean {
  return cause.kind === "exit" && exit?.code === 0 && readyMs !== null;
}
