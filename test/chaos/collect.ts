/** From the journal into the records: what clients were told of is asked for, and every row is read from the file. */
import { existsSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { BulkheadError } from "../../protocol/error.ts";
import type { Client } from "../../src/client/client.ts";
import { filesOf, readRecords, Recorder } from "./records.ts";
import type { ClientLine, Found, JournalEvent, PipeRow, Report, Told } from "./records.ts";

const askAgainMs = 50;

/** Asks the daemon for each report that a client or the witness was told of. */
export async function collectFound(records: string, operator: Client): Promise<void> {
  const recorder = new Recorder<Found>(path.join(records, "found.jsonl"));
  for (const report of toldReports(records)) recorder.add({ report, found: await isFound(operator, report) });
  recorder.close();
}

/** What the daemon knows of its pipes. */
export async function collectPipes(records: string, operator: Client): Promise<void> {
  const recorder = new Recorder<PipeRow>(path.join(records, "pipes.jsonl"));
  for (const { id, state, cursor, dispatched, delivered } of await operator.control("pipe.list")) {
    recorder.add({ id, state, cursor, dispatched, delivered });
  }
  recorder.close();
}

function toldReports(records: string): Set<string> {
  const settled = filesOf(records, "client", ".jsonl").flatMap(([, file]) =>
    readRecords<ClientLine>(file).flatMap((line) =>
      "settled" in line && line.report !== null ? [line.report] : [],
    ),
  );
  const told = readRecords<Told>(path.join(records, "witness.jsonl")).map(({ report }) => report);
  return new Set([...settled, ...told]);
}

async function isFound(operator: Client, id: string): Promise<boolean> {
  for (;;) {
    try {
      return (await operator.control("crash.get", { id })).id === id;
    } catch (error) {
      const code = error instanceof BulkheadError ? error.code : null;
      if (code === "crash_not_found") return false;
      if (code !== "plugin_busy") throw error;
      // More questions in a second than one connection may ask.
      await delay(askAgainMs);
    }
  }
}

/** When no daemon has it open any more. */
export function collectJournal(records: string, journal: string): void {
  if (!existsSync(journal)) return;
  const database = new DatabaseSync(journal, { readOnly: true });
  const events = new Recorder<JournalEvent>(path.join(records, "events.jsonl"));
  for (const { seq, at, body } of database
    .prepare("SELECT seq, at, body FROM events ORDER BY seq")
    .iterate()) {
    events.add({ ...JSON.parse(String(body)), seq: Number(seq), at: Number(at) });
  }
  events.close();
  const reports = new Recorder<Report>(path.join(records, "reports.jsonl"));
  for (const { body } of database.prepare("SELECT body FROM crashes ORDER BY at, rowid").iterate()) {
    const {
      id,
      plugin,
      generation,
      at,
      class: kind,
      cause,
      exit,
      readyMs,
      decision,
    } = JSON.parse(String(body));
    reports.add({ id, plugin, generation, at, class: kind, cause, exit, readyMs, decision });
  }
  reports.close();
  database.close();
}
