/** What `bulkhead dev` makes of the events of its plugin: which ones are worth telling, and in which words. Pure. */
import type { Described } from "../../../protocol/caller.ts";
import type { CrashReport, SupervisorEvent } from "../../../protocol/state.ts";
import { eventWords } from "../../text/event-words.ts";
import { locate, propertiesOf } from "../../text/schema.ts";
import { duration, plural } from "../../text/words.ts";

/** The lives of the plugin as the events have told of them up to now. Times are unix, milliseconds. */
export interface Seen {
  /** The one that serves. */
  readonly serving: number | null;
  /** When the process of a life was there. */
  readonly begun: ReadonlyMap<number, number>;
  /** Lives that another one has taken over from: since when, and until when they were given time to finish. */
  readonly replaced: ReadonlyMap<number, { readonly since: number; readonly until: number | null }>;
}

export const nothingSeen: Seen = { serving: null, begun: new Map(), replaced: new Map() };

export type Tone = "good" | "bad" | "plain";

/** A line to tell, or what to ask the daemon about before there is one. */
export type News =
  | { readonly kind: "line"; readonly tone: Tone; readonly text: string }
  | { readonly kind: "ready"; readonly life: number; readonly ms: number }
  | { readonly kind: "replaced"; readonly life: number; readonly by: number; readonly drainedMs: number }
  | {
      readonly kind: "crash";
      readonly report: string;
      readonly summary: string;
      /** The life that serves on. */
      readonly serving: number | null;
      /** It was leaving already. */
      readonly leaving: boolean;
    };

export function step(seen: Seen, event: SupervisorEvent): readonly [Seen, readonly News[]] {
  switch (event.type) {
    case "session.state":
      return sessionStep(seen, event);
    case "session.crash": {
      const { generation, report, summary } = event;
      const leaving = seen.replaced.has(generation);
      return [forget(seen, generation), [{ kind: "crash", report, summary, serving: seen.serving, leaving }]];
    }
    case "plugin.state":
      return [seen, pluginNews(event)];
    case "config.rejected":
      return [seen, [line("bad", eventWords(event))]];
    case "operator.action":
    case "subscription.ended":
    case "plugin.event":
      return [seen, [line("plain", eventWords(event))]];
    // Stray output stands in the log, the decision in the report, and the daemon is none of an author's business.
    default:
      return [seen, []];
  }
}

type SessionEvent = Extract<SupervisorEvent, { type: "session.state" }>;

function sessionStep(seen: Seen, { generation, from, to, at, exit }: SessionEvent): readonly [Seen, News[]] {
  switch (to) {
    case "handshaking":
      return [{ ...seen, begun: new Map([...seen.begun, [generation, at]]) }, []];
    case "ready": {
      const { serving: old } = seen;
      const replaced =
        old === null ? seen.replaced : new Map([...seen.replaced, [old, { since: at, until: null }]]);
      const ms = at - (seen.begun.get(generation) ?? at);
      return [{ ...seen, serving: generation, replaced }, [{ kind: "ready", life: generation, ms }]];
    }
    case "stopping": {
      const drained = seen.replaced.get(generation);
      if (drained === undefined) return [seen, []];
      return [
        { ...seen, replaced: new Map([...seen.replaced, [generation, { ...drained, until: at }]]) },
        [],
      ];
    }
    case "gone": {
      const drained = seen.replaced.get(generation);
      const left = {
        ...forget(seen, generation),
        serving: seen.serving === generation ? null : seen.serving,
      };
      // It was not done, and did not leave as it was asked to: a crash, which is told of next.
      const crashed = from === "draining" && exit?.code !== 0;
      // What was replaced still counts as such for that.
      if (crashed) return [{ ...left, replaced: seen.replaced }, []];
      if (drained === undefined || seen.serving === null) return [left, []];
      const drainedMs = (drained.until ?? at) - drained.since;
      return [left, [{ kind: "replaced", life: generation, by: seen.serving, drainedMs }]];
    }
    default:
      return [seen, []];
  }
}

function forget({ serving, begun, replaced }: Seen, life: number): Seen {
  return { serving, begun: without(begun, life), replaced: without(replaced, life) };
}

function without<T>(map: ReadonlyMap<number, T>, life: number): ReadonlyMap<number, T> {
  return new Map([...map].filter(([each]) => each !== life));
}

function pluginNews({ from, to, why }: Extract<SupervisorEvent, { type: "plugin.state" }>): News[] {
  // At the end everything stops.
  if (why === "stopped by the supervisor") return [];
  if (to === "stopped" || to === "disabled") return [line("plain", why)];
  // The first start, and a retry that was announced, are no news.
  return to === "starting" && from !== "idle" && from !== "backoff"
    ? [line("plain", `starting: ${why}`)]
    : [];
}

function line(tone: Tone, text: string): News {
  return { kind: "line", tone, text };
}

/** How many methods stand on a line. */
const shownMethods = 12;

/** `ready: greet 0.1.0, life 1, 12 ms: hello.greet` */
export function readyLine(plugin: string, life: number, ms: number, described: Described): string {
  const { apis, build, plugin: own } = described;
  const methods = apis.flatMap((api) => api.methods.map((method) => `${api.name}.${method.name}`));
  const more = methods.length - shownMethods;
  const shown = [...methods.slice(0, shownMethods), ...(more > 0 ? [`and ${more} more`] : [])];
  const debug = build?.profile === "debug" ? " (a debug build)" : "";
  const list = shown.length === 0 ? "it has no methods" : shown.join(", ");
  return `ready: ${plugin} ${own.version}${debug}, life ${life}, ${ms} ms: ${list}`;
}

/** @param drainMs how long a process is given to finish its calls */
export function replacedLine(
  { life, by, drainedMs }: Extract<News, { kind: "replaced" }>,
  drainMs: number,
): string {
  const how =
    drainedMs < drainMs
      ? `drained in ${duration(drainedMs)}`
      : `was not done after ${duration(drainMs)}: its last calls are lost`;
  return `rebuilt: life ${by} serves, life ${life} ${how}`;
}

/** What to type to call its first method; undefined: it has none. */
export function callWords(plugin: string, { apis }: Described): string | undefined {
  const methods = apis.flatMap((api) => api.methods.map((method) => ({ api: api.name, method })));
  const [first] = methods;
  if (first === undefined) return undefined;
  const { name, params } = first.method;
  const isUnique = methods.filter(({ method }) => method.name === name).length === 1;
  const required = propertiesOf(locate(params)).filter((property) => property.required);
  const words = required.map((property) => ` ${property.name}=…`).join("");
  return `call ${plugin}.${isUnique ? "" : `${first.api}.`}${name}${words}`;
}

/** Why a start failed, in the words of whoever found out. */
function whyNot({ cause, summary }: CrashReport): string {
  return cause.kind === "start_failure" && cause.failure.code !== "exited_in_handshake"
    ? cause.failure.message
    : summary;
}

/** There is nothing to run yet. */
export function isAwaited({ cause }: CrashReport): boolean {
  return cause.kind === "start_failure" && cause.failure.code === "executable_not_found";
}

/** What died, what was lost, what happens next: a headline, and lines below it. */
export function crashLines(
  report: CrashReport,
  { serving, leaving }: { serving: number | null; leaving: boolean },
): string[] {
  const { generation, readyMs, lostCalls, lostCallCount } = report;
  if (serving !== null && readyMs === null) {
    return [`the new build does not start: ${whyNot(report)}; life ${serving} serves on`];
  }
  if (isAwaited(report)) {
    return [`waiting: ${whyNot(report)}; it is started as soon as it is built`];
  }
  const next = nextWords(report);
  if (readyMs === null) return [`does not start: ${whyNot(report)}`, next];
  const lost = lostCalls.map(
    ({ method, settlement }) =>
      `lost: ${method}, ${settlement === "not_sent" ? "not sent" : "may have been executed"}`,
  );
  const unlisted = lostCallCount - lostCalls.length;
  const more = unlisted > 0 ? [`and ${plural(unlisted, "call")} more`] : [];
  const survivor = serving === null ? "" : `; life ${serving} serves on`;
  return leaving
    ? [`life ${generation} crashed while it drained: ${report.summary}${survivor}`, ...lost, ...more]
    : [
        `crashed: life ${generation}, after ${duration(readyMs)}: ${report.summary}${survivor}`,
        ...lost,
        ...more,
        ...(serving === null ? [next] : []),
      ];
}

function nextWords({ decision }: CrashReport): string {
  switch (decision.action) {
    case "restart":
      return `next: again in ${duration(decision.delayMs)}`;
    case "give_up":
      return decision.code === "crash_loop"
        ? `next: nothing before it is rebuilt: ${decision.why}`
        : "next: it is tried again when its file changes";
    case "none":
      return `next: ${decision.why}`;
    default:
      return decision satisfies never;
  }
}
