/** Records made by hand, for an auditor to find something in. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll } from "vitest";
import type { Facts, Policy } from "../records.ts";
import { audit } from "./audit.ts";

const folder = mkdtempSync(path.join(tmpdir(), "bulkhead-audit-"));
afterAll(() => rmSync(folder, { recursive: true }));

const policy: Policy = {
  when: "on-failure",
  minDelayMs: 100,
  maxDelayMs: 1000,
  jitter: 0.2,
  resetAfterMs: 3000,
  maxFailures: 2,
  windowMs: 10_000,
};
export const facts: Facts = {
  policies: { one: policy },
  orphans: [],
  silent: [],
  pipes: { p0: { source: "one", sink: "two" } },
  stalled: [],
  exit: 0,
  killed: ["9"],
  stuck: [],
  lastDaemon: 7,
};

export const start = 1_700_000_000_000;
export const sent = (key: string, more: object = {}) => ({
  sent: key,
  kind: "call",
  plugin: "one",
  at: start,
  ms: 500,
  credit: null,
  leaveAfter: null,
  ...more,
});
export const settled = (key: string, as: string, more: object = {}) => ({
  settled: key,
  at: start + 100,
  as,
  code: null,
  report: null,
  attempts: null,
  ...more,
});

export const report = (id: string, generation: number, at: number, decision: object, more: object = {}) => ({
  id,
  plugin: "one",
  generation,
  at,
  class: "transient",
  cause: { kind: "exit" },
  exit: { code: null, signal: "SIGSEGV" },
  readyMs: 50,
  decision: { why: "", ...decision },
  ...more,
});
export const restart = (attempt: number, delayMs: number) => ({ action: "restart", attempt, delayMs });
export const crash = (seq: number, id: string, at: number) => ({
  seq,
  at,
  type: "session.crash",
  plugin: "one",
  report: id,
});
export const state = (seq: number, at: number, from: string, to: string) => ({
  seq,
  at,
  type: "plugin.state",
  plugin: "one",
  from,
  to,
  why: "",
});

export interface Made {
  readonly client: object[];
  readonly killed: object[];
  readonly executed: string;
  /** By the plugin at the other end of the pipe. */
  readonly taken: string;
  readonly pipes: object[];
  readonly deeds: object[];
  readonly witness: object[];
  readonly found: object[];
  readonly reports: object[];
  readonly events: object[];
  readonly resident: object[];
  readonly held: { at: number; pid: number; bytes: number }[];
  readonly facts: Facts;
}

export const session = (seq: number, generation: number, from: string, to: string) => ({
  seq,
  at: start + seq,
  type: "session.state",
  plugin: "one",
  generation,
  from,
  to,
});

export const operatorStart = (seq: number, at: number) => ({
  seq,
  at,
  type: "operator.action",
  plugin: "one",
  action: "start",
});

/** These calls, and what is offered to the pipe. */
export function executedBy(...keys: string[]): string {
  const calls = keys.map((key) => `call ${key} 100\n`);
  return `${calls.join("")}offer p0 1 100\noffer p0 2 100\n`;
}

/** A run in which nothing is wrong: calls of each end, one crash and its restart, and a pipe. */
export const sound: Made = {
  client: [
    sent("1-0"),
    settled("1-0", "answered"),
    sent("1-1"),
    settled("1-1", "not_sent"),
    sent("1-2"),
    settled("1-2", "maybe_executed", { report: "one-1-aaaa" }),
    { left: true, at: start + 5000, open: 0 },
  ],
  killed: [sent("9-0")],
  executed: executedBy("1-0", "1-2", "9-0"),
  taken: "take p0 1 first 101\ntake p0 2 first 101\ntake p0 2 again 102\n",
  pipes: [{ id: "p0", state: "paused", cursor: "2", dispatched: null, delivered: 2 }],
  deeds: [{ at: start, deed: "plugin killed", target: "one" }],
  witness: [{ report: "one-1-aaaa", plugin: "one", durable: true }],
  found: [{ report: "one-1-aaaa", found: true }],
  reports: [report("one-1-aaaa", 1, start + 1000, restart(1, 100))],
  events: [
    { seq: 1, at: start, type: "supervisor.started" },
    crash(2, "one-1-aaaa", start + 1000),
    { seq: 3, at: start + 1000, type: "plugin.restart", plugin: "one", delayMs: 100 },
    state(4, start + 1001, "serving", "backoff"),
    state(5, start + 1105, "backoff", "starting"),
  ],
  held: Array.from({ length: 20 }, (_, n) => ({ at: start + n * 1000, pid: 7, bytes: 20_000_000 })),
  resident: [{ at: start, pid: 7, bytes: 100_000_000 }],
  facts,
};
let made = 0;

/** The rules that are broken in a run that is sound but for some of its records. */
export function brokenIn(wrong: Partial<Made>): string[] {
  const records = path.join(folder, String(made++));
  mkdirSync(records);
  const run = { ...sound, ...wrong };
  const lines = (name: string, values: readonly object[]): void =>
    writeFileSync(
      path.join(records, `${name}.jsonl`),
      values.map((value) => `${JSON.stringify(value)}\n`).join(""),
    );
  lines("client-1", run.client);
  lines("client-9", run.killed);
  lines("deeds", run.deeds);
  lines("witness", run.witness);
  lines("found", run.found);
  lines("pipes", run.pipes);
  lines("reports", run.reports);
  lines("events", run.events);
  lines("held", run.held);
  lines("resident", run.resident);
  writeFileSync(path.join(records, "executed-one.log"), run.executed);
  writeFileSync(path.join(records, "executed-two.log"), run.taken);
  writeFileSync(path.join(records, "facts.json"), JSON.stringify(run.facts));
  return audit(records).violations.map(({ rule }) => rule);
}
