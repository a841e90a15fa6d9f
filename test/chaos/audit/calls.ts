/** What clients were told of their calls, beside what the plugins executed. */
import { filesOf, linesOf, readRecords } from "../records.ts";
import type { ClientLine, Facts } from "../records.ts";
import { violation } from "./violation.ts";
import type { Violation } from "./violation.ts";

interface Call {
  readonly client: string;
  readonly sent: Extract<ClientLine, { sent: string }>;
  readonly settled: Extract<ClientLine, { settled: string }>[];
}

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

export function auditCalls(records: string, facts: Facts): { violations: Violation[]; figures: CallFigures } {
  const calls = readCalls(records);
  const executed = readExecuted(records);
  const all = [...calls.values()];
  const killed = new Set([...facts.killed, ...facts.stuck]);
  const settledAs = (as: string): Call[] =>
    all.filter(({ settled }) => settled.some((each) => each.as === as));
  const times = ({ sent }: Call): number => executed.get(sent.sent)?.length ?? 0;
  const tell = (call: Call): string =>
    JSON.stringify({ ...call.sent, settled: call.settled, executed: executed.get(call.sent.sent) ?? [] });
  const broken = (rule: string, wrong: readonly Call[]): Violation[] => violation(rule, wrong.map(tell));
  const known = new Set(["answered", "not_sent", "maybe_executed"]);

  const answered = settledAs("answered");
  const notSent = settledAs("not_sent");
  const maybe = settledAs("maybe_executed");
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
      answered.filter((call) => times(call) !== 1),
    ),
    ...broken(
      "what was not sent was not executed",
      notSent.filter((call) => times(call) !== 0),
    ),
    ...broken(
      "what may have been executed was at most once",
      maybe.filter((call) => times(call) > 1),
    ),
    ...broken(
      "what nobody settled was executed at most once",
      all.filter((call) => isOpen(call) && times(call) > 1),
    ),
    ...violation(
      "what was executed had been called",
      [...executed].flatMap(([key, by]) =>
        calls.has(key) || key.startsWith("probe-") ? [] : [`${key}: ${by.join(", ")}`],
      ),
    ),
    ...broken(
      "a call is executed by the plugin that it was sent to",
      all.filter((call) => executed.get(call.sent.sent)?.some((by) => by !== call.sent.plugin) === true),
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
    maybeAndExecuted: maybe.filter((call) => times(call) === 1).length,
    open: all.filter(isOpen).length,
    latestMs: all.reduce((most, call) => Math.max(most, lateness(call)), 0),
    codes,
  };
  return { violations, figures };
}

function isOpen({ settled }: Call): boolean {
  return settled.length === 0;
}

function lateness({ sent, settled }: Call): number {
  const [first] = settled;
  return first === undefined ? 0 : first.at - sent.at - sent.ms;
}

function readCalls(records: string): Map<string, Call> {
  const calls = new Map<string, Call>();
  for (const [client, file] of filesOf(records, "client", ".jsonl")) {
    for (const line of readRecords<ClientLine>(file)) {
      if ("sent" in line) calls.set(line.sent, { client, sent: line, settled: [] });
      else if ("settled" in line) calls.get(line.settled)?.settled.push(line);
    }
  }
  return calls;
}

/** Key of a call -> the plugins that executed it, each as often as it did. */
function readExecuted(records: string): Map<string, string[]> {
  const executed = new Map<string, string[]>();
  for (const [plugin, file] of filesOf(records, "executed", ".log")) {
    for (const line of linesOf(file)) {
      const [key = ""] = line.split(" ");
      const by = executed.get(key);
      if (by === undefined) executed.set(key, [plugin]);
      else by.push(plugin);
    }
  }
  return executed;
}
