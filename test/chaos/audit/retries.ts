/** How often those calls were executed that are sent again when a crash takes them along. */
import { isSettledAs, ofKind, tell, timesExecuted } from "./call-records.ts";
import type { Call, CallRecords } from "./call-records.ts";
import { violation } from "./violation.ts";
import type { Violation } from "./violation.ts";

export interface RetryFigures {
  readonly calls: number;
  readonly answered: number;
  /** Executed more than once, and answered. */
  readonly savedByRetry: number;
  readonly mostExecuted: number;
}

/** As docs/crashes.md has it: three times again. */
const mostSent = 4;
/** Of a call that is known to have been sent: how often has to stand in the error. */
const lostCodes = new Set(["plugin_crashed", "plugin_hung"]);

export function auditRetries({ calls }: CallRecords): { violations: Violation[]; figures: RetryFigures } {
  const retried = ofKind(calls, "retried");
  const answered = retried.filter((call) => isSettledAs(call, "answered"));
  const broken = (rule: string, wrong: (call: Call) => boolean): Violation[] =>
    violation(rule, retried.filter(wrong).map(tell));
  const violations = [
    ...broken(
      "what was answered with retries was executed at least once",
      (call) => isSettledAs(call, "answered") && timesExecuted(call) === 0,
    ),
    ...broken(
      "a call is executed no more often than it was sent",
      (call) => timesExecuted(call) > (attemptsOf(call) ?? mostSent),
    ),
    ...broken("a call is sent four times at most", (call) => (attemptsOf(call) ?? 0) > mostSent),
    ...broken("a call that was lost in spite of retries says how often it was sent", ({ settled }) =>
      settled.some(({ code, attempts }) => lostCodes.has(code ?? "") && (attempts ?? 0) === 0),
    ),
  ];
  const figures = {
    calls: retried.length,
    answered: answered.length,
    savedByRetry: answered.filter((call) => timesExecuted(call) > 1).length,
    mostExecuted: retried.reduce((most, call) => Math.max(most, timesExecuted(call)), 0),
  };
  return { violations, figures };
}

/** Null: it was answered, or was given up by somebody who could not know. */
function attemptsOf({ settled }: Call): number | null {
  return settled[0]?.attempts ?? null;
}
