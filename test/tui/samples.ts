/** A daemon as the terminal interface knows it. */
import { BulkheadError } from "../../protocol/error.ts";
import type { CrashReport, EventBody, PluginStatus, SupervisorEvent } from "../../protocol/state.ts";
import { learn, noFacts } from "../../src/tui/facts.ts";
import type { Facts, News } from "../../src/tui/facts.ts";

/** Unix time at which all of this is. */
export const now = Date.UTC(2026, 0, 2, 12);

export function pluginStatus(id: string, more: Partial<PluginStatus> = {}): PluginStatus {
  return {
    id,
    state: "serving",
    why: "ready",
    pid: 4711,
    guardPid: 4710,
    generation: 1,
    readySince: now - 60_000,
    restarts: 0,
    recentFailures: 0,
    retryAt: null,
    error: null,
    lastCrash: null,
    version: "1.0.0",
    profile: "release",
    apis: [{ name: id, version: "1.0.0" }],
    calls: { inFlight: 0, waiting: 0, answered: 0, failed: 0 },
    executable: `/plugins/${id}`,
    sha256: "0".repeat(64),
    ...more,
  };
}

export function crashReport(id: string, more: Partial<CrashReport> = {}): CrashReport {
  return {
    id,
    plugin: "chaos",
    generation: 1,
    at: now,
    summary: "panicked at src/main.rs:12:5: on request",
    class: "transient",
    cause: { kind: "exit" },
    exit: { code: 101, signal: null, core: false },
    pid: 4711,
    uptimeMs: 60_000,
    readyMs: 59_000,
    panic: null,
    diagnosis: null,
    stderrTail: [],
    messages: [],
    lostCalls: [],
    lostCallCount: 0,
    executable: { path: "/plugins/chaos", sha256: null },
    version: "1.0.0",
    profile: "release",
    decision: { action: "restart", delayMs: 500, attempt: 1, why: "first failure" },
    durable: true,
    ...more,
  };
}

export function happened(seq: number, body: EventBody, at = now): SupervisorEvent {
  return { seq, at, ...body };
}

export const published = (seq: number): SupervisorEvent =>
  happened(seq, { type: "plugin.event", plugin: "chaos", event: "chaos.said", params: { seq }, depth: 0 });

export function factsOf(...news: readonly News[]): Facts {
  return news.reduce(learn, noFacts("/run/bulkhead.sock", now));
}

export const up: News = { type: "connection", connection: { state: "up", since: now } };

export const readOnly: News = { type: "access", readOnly: true };

export const away: News = {
  type: "connection",
  connection: {
    state: "away",
    since: now - 12_000,
    next: now + 2000,
    error: BulkheadError.of("daemon_unreachable", "no daemon listens at /run/bulkhead.sock"),
  },
};

export const serving = (...ids: readonly string[]): News => ({
  type: "plugins",
  plugins: ids.map((id) => pluginStatus(id)),
});
