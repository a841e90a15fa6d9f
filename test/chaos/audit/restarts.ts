/** Whether each end led to what the model of the policy says, and each restart came when it was due. */
import type { Deed, Facts, JournalEvent, Policy, Report } from "../records.ts";
import { lostRows } from "./losses.ts";
import type { Span } from "./losses.ts";
import { fits, isChangedBy, judge, nothing, startsAfresh } from "./policy-model.ts";
import type { Past } from "./policy-model.ts";
import { violation } from "./violation.ts";
import type { Violation } from "./violation.ts";
import { auditWaits } from "./waits.ts";

export interface RestartFigures {
  readonly restarts: number;
  readonly gaveUp: number;
  /** Ends of processes that were leaving, or were to be replaced, anyway. */
  readonly untouched: number;
  readonly byClass: ReadonlyMap<string, number>;
  /** Decisions of which the model can not know what they were made from: rows went with a disk. */
  readonly unknown: number;
  /** The most that a restart came after its time, milliseconds. */
  readonly latestMs: number;
}

interface Records {
  readonly events: readonly JournalEvent[];
  readonly reports: ReadonlyMap<string, Report>;
  readonly deeds: readonly Deed[];
  readonly lost: readonly Span[];
}

export function auditRestarts(
  events: readonly JournalEvent[],
  reports: readonly Report[],
  deeds: readonly Deed[],
  { policies }: Facts,
): { violations: Violation[]; figures: RestartFigures } {
  const byId = new Map(reports.map((report) => [report.id, report]));
  const records = { events, reports: byId, deeds, lost: lostRows(deeds) };
  const judged = Object.entries(policies).map(([plugin, policy]) => {
    const own = events.filter((event) => event.plugin === plugin || concernsAll(event));
    return {
      ...auditDecisions(plugin, policy, own, records),
      ...auditWaits(plugin, own, deeds),
      repeated: repeatedLives(plugin, own, records.lost),
    };
  });
  const byClass = new Map<string, number>();
  for (const report of reports) byClass.set(report.class, (byClass.get(report.class) ?? 0) + 1);
  const permanent = reports.filter((report) => report.class === "permanent");
  const decided = (action: string): number =>
    reports.filter(({ decision }) => decision.action === action).length;
  const sum = (of: (each: (typeof judged)[number]) => number): number =>
    judged.reduce((total, each) => total + of(each), 0);
  return {
    violations: [
      ...violation(
        "each end is decided as the policy says",
        judged.flatMap(({ wrong }) => wrong),
      ),
      ...violation(
        "restarts come when they are due",
        judged.flatMap(({ problems }) => problems),
      ),
      ...violation(
        "each life of a plugin has a number of its own",
        judged.flatMap(({ repeated }) => repeated),
      ),
      ...violation(
        "nothing here can not be retried",
        permanent.map((report) => JSON.stringify(report)),
      ),
    ],
    figures: {
      restarts: decided("restart"),
      gaveUp: decided("give_up"),
      untouched: sum(({ untouched }) => untouched),
      byClass,
      unknown: sum(({ unknown }) => unknown),
      latestMs: judged.reduce((most, each) => Math.max(most, each.latestMs), 0),
    },
  };
}

function concernsAll({ type }: JournalEvent): boolean {
  return type === "supervisor.started" || type === "config.loaded" || type === "supervisor.stopped";
}

function auditDecisions(
  plugin: string,
  policy: Policy,
  own: readonly JournalEvent[],
  { reports, deeds, lost }: Records,
): { wrong: string[]; untouched: number; unknown: number } {
  const wrong: string[] = [];
  let untouched = 0;
  let unknown = 0;
  /** More than one where the records do not say what came first. */
  let pasts: readonly Past[] = [nothing];
  let lastAt = 0;
  for (const event of own) {
    if (startsAfresh(event, plugin)) pasts = [nothing];
    const report = event.type === "session.crash" ? reports.get(String(event["report"])) : undefined;
    if (report === undefined) continue;
    const { at, decision } = report;
    if (decision.action === "none" && wasLeaving(report, own)) {
      untouched++;
      continue;
    }
    const possible = isBeingChanged(plugin, event.at, deeds, own) ? [...pasts, nothing] : pasts;
    const verdicts = possible.map((past) => judge(policy, past, report));
    const holding = verdicts.filter(({ holds }) => holds);
    if (holding.length > 0) pasts = holding.map(({ after }) => after);
    else {
      // What came since the last end that is known may be gone.
      const isUnknown = lost.some(({ from, to }) => at >= from && lastAt <= to);
      if (isUnknown && fits(policy, report)) unknown++;
      else
        wrong.push(
          `${JSON.stringify(report)}; expected: ${verdicts.map(({ expected }) => expected).join(", or ")}`,
        );
      pasts = [resumed(report, pasts)];
    }
    lastAt = at;
  }
  return { wrong, untouched, unknown };
}

/** The daemon tells of a changed entry when all of the change is done; until then nobody knows whether it counts. */
function isBeingChanged(
  plugin: string,
  at: number,
  deeds: readonly Deed[],
  own: readonly JournalEvent[],
): boolean {
  const asked = deeds.findLast(
    (deed) => deed.deed === "reconfigure" && deed.target === plugin && deed.at <= at,
  );
  if (asked === undefined) return false;
  return !own.some((event) => isChangedBy(event, plugin) && event.at >= asked.at && event.at < at);
}

/** It was asked to leave before it ended, or another process of the plugin served beside it. */
function wasLeaving({ generation, decision, at }: Report, own: readonly JournalEvent[]): boolean {
  const before = own.filter((event) => event.at <= at);
  if (decision.why === "it was being stopped") {
    // The plugin is stopped, in words, before its process has been asked.
    const state = before.findLast(({ type }) => type === "plugin.state")?.["to"];
    if (state === "stopped" || state === "disabled") return true;
    return before.some(
      (event) => event["generation"] === generation && ["draining", "stopping"].includes(String(event["to"])),
    );
  }
  const last = before.findLast(
    (event) => event.type === "session.state" && Number(event["generation"]) < generation,
  );
  return decision.why === "the old process serves on" && last?.["to"] === "ready";
}

function isSpawn(event: JournalEvent): boolean {
  return event.type === "session.state" && event["from"] === "spawning";
}

/** What is known of the past after a decision that the model did not expect. */
function resumed({ at, decision }: Report, pasts: readonly Past[]): Past {
  if (decision.action === "none") return pasts[0] ?? nothing;
  const failures = [...(pasts[0]?.failures ?? []), at];
  return { failures, streak: decision.action === "restart" ? decision.attempt : (pasts[0]?.streak ?? 0) };
}

/** Lives are numbered across deaths of the daemon as well, unless the last number went with a disk. */
function repeatedLives(plugin: string, own: readonly JournalEvent[], lost: readonly Span[]): string[] {
  const spawns = own.filter(isSpawn);
  return spawns.flatMap((event, index) => {
    const before = spawns[index - 1];
    if (before === undefined || Number(event["generation"]) > Number(before["generation"])) return [];
    if (lost.some(({ from, to }) => event.at >= from && before.at <= to)) return [];
    return [
      `${plugin}: life ${String(event["generation"])} began at ${event.at}, after ${String(before["generation"])}`,
    ];
  });
}
