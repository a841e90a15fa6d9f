/** What clients were told of their calls, of whatever kind, beside what the plugins executed. */
import type { Facts } from "../records.ts";
import { isOpen, isSettledAs, tell, timesExecuted } from "./call-records.ts";
import type { Call, CallRecords } from "./call-records.ts";
import { violation } from "./violation.ts";
import type { Violation } from "./violation.ts";

export interface CallFigures {
  readonly calls: number;
  readonly answered: number;
  readonly notSent: number;
  readonly maybeExecuted: number;
  /** Of `maybeExecuted`: those that were. */
  readonly maybeAndExecuted: number;
  /** Of clients that were killed. */
  readonly open: number;
  /** The most by which a call was settled after its deadline, milliseconds. */
  readonly latestMs: number;
  /** How often each code was given. */
  readonly codes: ReadonlyMap<string, number>;
}

const lostCodes = new Set(["plugin_crashed", "plugin_hung"]);

/** Beyond a call's own time: 2 s for which a client waits for a daemon that is stuck itself, and the machine's own delay. */
const lateMs = 2000 + 5000;

export function auditCalls(
  { calls: all, strangers }: CallRecords,
  facts: Facts,
): { violations: Violation[]; figures: CallFigures } {
  const killed = new Set([...facts.killed, ...facts.stuck]);
  // How often those are executed that are sent again is looked at on its own.
  const once = all.filter(({ sent }) => sent.kind !== "retried");
  const known = new Set(["answered", "not_sent", "maybe_executed"]);

  const answered = all.filter((call) => isSettledAs(call, "answered"));
  const notSent = all.filter((call) => isSettledAs(call, "not_sent"));
  const maybe = all.filter((call) => isSettledAs(call, "maybe_executed"));
  const violations = [
    ...broken(
      "every call is settled",
      all.filter((call) => isOpen(call) && !killed.has(call.client)),
    ),
    ...violation("every client that is asked to leave leaves", facts.stuck),
    ...broken(
      "a call is settled once",
      all.filter(({ settled }) => settled.length > 1),
    ),
    ...broken(
      "a call is settled as answered, not_sent or maybe_executed",
      all.filter(({ settled }) => settled.some(({ as }) => !known.has(as))),
    ),
    ...broken(
      "a plugin that is configured is found",
      all.filter(({ settled }) => settled.some(({ code }) => code === "plugin_not_found")),
    ),
    ...broken(
      "what was answered was executed once",
      once.filter((call) => isSettledAs(call, "answered") && timesExecuted(call) !== 1),
    ),
    ...broken(
      "what was not sent was not executed",
      notSent.filter((call) => timesExecuted(call) !== 0),
    ),
    ...broken(
      "what may have been executed was at most once",
      once.filter((call) => isSettledAs(call, "maybe_executed") && timesExecuted(call) > 1),
    ),
    ...broken(
      "what nobody settled was executed at most once",
      once.filter((call) => isOpen(call) && timesExecuted(call) > 1),
    ),
    ...violation("what was executed had been called", strangers),
    ...broken(
      "a call is executed by the plugin that it was sent to",
      all.filter(({ executed, sent }) => executed.some((by) => by !== sent.plugin)),
    ),
    ...broken(
      "a call that was lost with its plugin names the report",
      all.filter(({ settled }) =>
        settled.some(({ code, report }) => lostCodes.has(code ?? "") && report === null),
      ),
    ),
    ...broken(
      "a call is settled in time",
      all.filter((call) => lateness(call) > lateMs),
    ),
  ];
  const codes = new Map<string, number>();
  for (const { code } of all.flatMap(({ settled }) => settled)) {
    if (code !== null) codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  const figures = {
    calls: all.length,
    answered: answered.length,
    notSent: notSent.length,
    maybeExecuted: maybe.length,
    maybeAndExecuted: maybe.filter((call) => timesExecuted(call) > 0).length,
    open: all.filter(isOpen).length,
    latestMs: all.reduce((most, call) => Math.max(most, lateness(call)), 0),
    codes,
  };
  return { violations, figures };
}

function broken(rule: string, wrong: readonly Call[]): Violation[] {
  return violation(rule, wrong.map(tell));
}

function lateness({ sent, settled }: Call): number {
  const [first] = settled;
  return first === undefined ? 0 : first.at - sent.at - sent.ms;
}
