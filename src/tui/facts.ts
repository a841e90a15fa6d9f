/** What is known of the daemon: fed by its events, shared by all screens. Pure. */
import type { Described } from "../../protocol/caller.ts";
import type { DaemonStatus } from "../../protocol/control.ts";
import type { PluginStats } from "../../protocol/control-results.ts";
import type { BulkheadError } from "../../protocol/error.ts";
import type { CrashReport, PluginStatus, SupervisorEvent } from "../../protocol/state.ts";
import type { DeskView } from "./todos/desk.ts";

export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "up"; readonly since: number }
  /** `next`: Unix time of the next try. */
  | { readonly state: "away"; readonly since: number; readonly next: number; readonly error: BulkheadError };

export type DescribedOrNot =
  | { readonly ok: true; readonly value: Described }
  | { readonly ok: false; readonly error: BulkheadError };

export interface Facts {
  readonly connection: Connection;
  /** The connection, or the last one, only looks: it asked for that, or came by a socket that is for looking. */
  readonly readOnly: boolean;
  readonly socket: string;
  /** Unix time, milliseconds; moves once a second. */
  readonly now: number;
  readonly daemon: DaemonStatus | null;
  /** Null: not known yet. In the order of the configuration. */
  readonly plugins: readonly PluginStatus[] | null;
  readonly stats: ReadonlyMap<string, PluginStats>;
  /** As far as somebody asked (effect `describe`). */
  readonly descriptions: ReadonlyMap<string, DescribedOrNot>;
  /** Newest first. */
  readonly reports: readonly CrashReport[];
  /** Oldest first; the latest of them. */
  readonly events: readonly SupervisorEvent[];
  /** The todo list and its plugins; null until the screen was opened. */
  readonly todos: DeskView | null;
}

/** What is kept here; the journal has more. `passing`: of the events that it does not keep. */
export const kept = { events: 2000, passing: 1000, reports: 500 } as const;

export type News =
  | { readonly type: "connection"; readonly connection: Connection }
  | { readonly type: "access"; readonly readOnly: boolean }
  | { readonly type: "daemon"; readonly status: DaemonStatus }
  | { readonly type: "plugins"; readonly plugins: readonly PluginStatus[] }
  | { readonly type: "stats"; readonly stats: readonly PluginStats[] }
  | { readonly type: "reports"; readonly reports: readonly CrashReport[] }
  /** `isAfresh`: they are of another journal than what is known, reports included. */
  | { readonly type: "events"; readonly events: readonly SupervisorEvent[]; readonly isAfresh?: boolean }
  | { readonly type: "described"; readonly plugin: string; readonly described: DescribedOrNot }
  | { readonly type: "todos"; readonly view: DeskView }
  | { readonly type: "time"; readonly now: number };

export function noFacts(socket: string, now: number): Facts {
  return {
    connection: { state: "connecting" },
    readOnly: false,
    socket,
    now,
    daemon: null,
    plugins: null,
    stats: new Map(),
    descriptions: new Map(),
    reports: [],
    events: [],
    todos: null,
  };
}

export function learn(facts: Facts, news: News): Facts {
  switch (news.type) {
    case "connection":
      return { ...facts, connection: news.connection };
    case "access":
      return { ...facts, readOnly: news.readOnly };
    case "daemon":
      return { ...facts, daemon: news.status };
    case "plugins":
      return { ...facts, plugins: news.plugins };
    case "stats":
      return { ...facts, stats: new Map(news.stats.map((each) => [each.plugin, each])) };
    case "reports": {
      const ids = new Set(news.reports.map(({ id }) => id));
      const others = facts.reports.filter(({ id }) => !ids.has(id));
      const reports = [...news.reports, ...others].sort((a, b) => b.at - a.at).slice(0, kept.reports);
      return { ...facts, reports };
    }
    case "events":
      return withEvents(facts, news.events, news.isAfresh === true);
    case "described": {
      const descriptions = new Map(facts.descriptions).set(news.plugin, news.described);
      return { ...facts, descriptions };
    }
    case "todos":
      return { ...facts, todos: news.view };
    case "time":
      return { ...facts, now: news.now };
    default:
      return news satisfies never;
  }
}

function withEvents(facts: Facts, events: readonly SupervisorEvent[], isAfresh: boolean): Facts {
  const before = isAfresh ? [] : facts.events;
  const reports = isAfresh ? [] : facts.reports;
  return { ...facts, reports, events: latest([...before, ...events]) };
}

/** What is told and not kept comes in any number: it must not push out what an operator did. */
function latest(events: readonly SupervisorEvent[]): readonly SupervisorEvent[] {
  if (events.length <= kept.events) return events;
  const passing = events.filter(({ seq }) => seq === 0).slice(-kept.passing);
  const first = new Set(passing);
  return events.filter((event) => event.seq > 0 || first.has(event)).slice(-kept.events);
}

/** Unix time of what is known of plugins: while the daemon is away it stands still, and so do their uptimes. */
export function seenAt({ connection, now }: Facts): number {
  return connection.state === "away" ? connection.since : now;
}

export function statusOf(facts: Facts, plugin: string | null): PluginStatus | undefined {
  return facts.plugins?.find(({ id }) => id === plugin);
}
