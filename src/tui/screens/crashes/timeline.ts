/** The crashes and restarts of all plugins in one row, newest first. Pure. */
import type { CrashReport, Decision, PluginStatus, SupervisorEvent } from "../../../../protocol/state.ts";
import { duration } from "../../../text/words.ts";
import type { Tone } from "../../theme.ts";

/** A life that ended by itself, and what was decided about it. */
export interface CrashEntry {
  readonly kind: "crash";
  /** The report's id. */
  readonly key: string;
  readonly at: number;
  readonly plugin: string;
  readonly generation: number;
  readonly summary: string;
  readonly class: CrashReport["class"];
  readonly lost: number;
  readonly decision: Decision | null;
  /** Null: it was told of, but has not been read. */
  readonly report: CrashReport | null;
}

/** Somebody ended or began a life: an operator, the daemon, a file that has changed. */
export interface OtherEntry {
  readonly kind: "other";
  readonly key: string;
  readonly at: number;
  /** Null: the daemon itself. */
  readonly plugin: string | null;
  readonly by: "operator" | "bulkhead";
  readonly summary: string;
}

export type Entry = CrashEntry | OtherEntry;

type EventOf<T extends SupervisorEvent["type"]> = Extract<SupervisorEvent, { type: T }>;

export function timeline(reports: readonly CrashReport[], events: readonly SupervisorEvent[]): Entry[] {
  const known = new Set(reports.map(({ id }) => id));
  const decisions = decisionsIn(events);
  const entries: Entry[] = reports.map(entryOf);
  for (const event of events) {
    if (event.type === "session.crash") {
      if (known.has(event.report)) continue;
      known.add(event.report);
      entries.push(told(event, decisions.get(event.report) ?? null));
    } else {
      const other = otherOf(event);
      if (other !== undefined) entries.push(other);
    }
  }
  return entries.sort((a, b) => b.at - a.at);
}

function entryOf(report: CrashReport): CrashEntry {
  const { id, at, plugin, generation, summary, decision } = report;
  const lost = report.lostCallCount;
  return {
    kind: "crash",
    key: id,
    at,
    plugin,
    generation,
    summary,
    class: report.class,
    lost,
    decision,
    report,
  };
}

function told(event: EventOf<"session.crash">, decision: Decision | null): CrashEntry {
  const { at, plugin, generation, summary } = event;
  const lost = event.lostCalls;
  const key = event.report;
  return {
    kind: "crash",
    key,
    at,
    plugin,
    generation,
    summary,
    class: event.class,
    lost,
    decision,
    report: null,
  };
}

/** Each crash's, by the id of its report. */
function decisionsIn(events: readonly SupervisorEvent[]): Map<string, Decision> {
  const decisions = new Map<string, Decision>();
  for (const event of events) {
    if (event.type === "plugin.restart" && event.report !== null) {
      const { delayMs, attempt, why } = event;
      decisions.set(event.report, { action: "restart", delayMs, attempt, why });
    } else if (event.type === "plugin.gave_up" && event.report !== null)
      decisions.set(event.report, { action: "give_up", code: event.code, why: event.why });
  }
  return decisions;
}

const done = {
  start: "started",
  stop: "stopped",
  restart: "restarted",
  enable: "enabled",
  disable: "disabled",
} as const;

function otherOf(event: SupervisorEvent): OtherEntry | undefined {
  const other = (plugin: string | null, by: OtherEntry["by"], summary: string): OtherEntry => {
    const key = `${event.at}/${event.seq}/${event.type}/${plugin ?? ""}`;
    return { kind: "other", key, at: event.at, plugin, by, summary };
  };
  switch (event.type) {
    case "operator.action":
      return other(event.plugin, "operator", `${done[event.action]} by the operator`);
    case "supervisor.started":
      return other(null, "bulkhead", `the daemon started, version ${event.version}`);
    case "supervisor.stopped":
      return other(null, "bulkhead", `the daemon stopped: ${event.reason}`);
    case "plugin.state": {
      // A restart that is no crash's and no operator's: its file or its configuration has changed.
      const { from, to, why } = event;
      const isNew = to === "starting" && (from === "serving" || from === "failed");
      return isNew && !why.endsWith("by the operator")
        ? other(event.plugin, "bulkhead", `started again: ${why}`)
        : undefined;
    }
    default:
      return undefined;
  }
}

/** Without colours they differ as well. */
export const marks: Readonly<Record<CrashReport["class"] | OtherEntry["by"], string>> = {
  transient: "!",
  resource: "▲",
  permanent: "✗",
  operator: "·",
  bulkhead: "○",
};

export function classOf(entry: Entry): CrashReport["class"] | OtherEntry["by"] {
  return entry.kind === "crash" ? entry.class : entry.by;
}

export function toneOf(entry: Entry): Tone {
  if (entry.kind === "other") return "dim";
  return entry.class === "transient" ? "warn" : "bad";
}

/** Where it stands now. @param status of its plugin */
export function nextWords(
  entry: Entry,
  status: PluginStatus | undefined,
  now: number,
): { readonly text: string; readonly tone: Tone } {
  if (entry.kind === "other" || entry.decision === null) return { text: "", tone: "plain" };
  const { decision, generation } = entry;
  switch (decision.action) {
    case "give_up":
      return { text: "given up", tone: "bad" };
    case "none":
      return { text: "no restart", tone: "dim" };
    case "restart": {
      const delay = duration(decision.delayMs);
      // No life has followed yet.
      if (status?.generation === generation) {
        const { state, retryAt } = status;
        if (state === "backoff" && retryAt !== null)
          return { text: `restart in ${duration(Math.max(0, retryAt - now))}`, tone: "warn" };
        if (state === "stopped" || state === "disabled" || state === "failed")
          return { text: state, tone: state === "failed" ? "bad" : "dim" };
      }
      if (status === undefined && entry.at + decision.delayMs > now)
        return { text: `restart after ${delay}`, tone: "warn" };
      return { text: `restarted after ${delay}`, tone: "plain" };
    }
    default:
      return decision satisfies never;
  }
}

/** How many crashes there were in each of the last spans of time, oldest first. */
export function histogram(entries: readonly Entry[], now: number, span: number, count: number): number[] {
  const counts = Array.from({ length: count }, () => 0);
  for (const entry of entries) {
    const back = Math.floor((now - entry.at) / span);
    const at = count - 1 - Math.max(0, back);
    if (entry.kind === "crash" && at >= 0) counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/** Crashes of each plugin, the most first. */
export function countsByPlugin(entries: readonly Entry[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const entry of entries)
    if (entry.kind === "crash") counts.set(entry.plugin, (counts.get(entry.plugin) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
