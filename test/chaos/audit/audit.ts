/**
 * Looks at a run from outside: from what clients, plugins and a witness wrote down, the journal's rows, and what was done.
 * Imports nothing of the product.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { filesOf, readExecuted, readRecords } from "../records.ts";
import type {
  ClientLine,
  Deed,
  Facts,
  Found,
  JournalEvent,
  MemorySample,
  PipeRow,
  Report,
  Told,
} from "../records.ts";
import { readCalls } from "./call-records.ts";
import { auditCalls } from "./calls.ts";
import type { CallFigures } from "./calls.ts";
import { auditDaemons } from "./daemons.ts";
import { auditMemory } from "./memory.ts";
import type { MemoryFigures } from "./memory.ts";
import { auditPipes } from "./pipes.ts";
import type { PipeFigures } from "./pipes.ts";
import { auditReports } from "./reports.ts";
import type { ReportFigures } from "./reports.ts";
import { auditRestarts } from "./restarts.ts";
import type { RestartFigures } from "./restarts.ts";
import { auditRetries } from "./retries.ts";
import type { RetryFigures } from "./retries.ts";
import { auditStreams } from "./streams.ts";
import type { StreamFigures } from "./streams.ts";
import { violation } from "./violation.ts";
import type { Violation } from "./violation.ts";

export interface Findings {
  readonly violations: readonly Violation[];
  readonly calls: CallFigures;
  readonly streams: StreamFigures;
  readonly retries: RetryFigures;
  readonly pipes: PipeFigures;
  readonly restarts: RestartFigures;
  readonly reports: ReportFigures;
  readonly memory: MemoryFigures;
  readonly deeds: ReadonlyMap<string, number>;
  readonly orphans: number;
}

export function audit(records: string): Findings {
  const read = <T>(name: string): T[] => readRecords<T>(path.join(records, `${name}.jsonl`));
  const facts = JSON.parse(readFileSync(path.join(records, "facts.json"), "utf8")) as Facts;
  const events = read<JournalEvent>("events");
  const deeds = read<Deed>("deeds");
  const clients = filesOf(records, "client", ".jsonl").flatMap(([, file]) => readRecords<ClientLine>(file));

  const executed = readExecuted(records);
  const called = readCalls(records, executed);
  const calls = auditCalls(called, facts);
  const streams = auditStreams(called);
  const retries = auditRetries(called);
  const pipes = auditPipes(executed, read<PipeRow>("pipes"), facts);
  const restarts = auditRestarts(events, read<Report>("reports"), deeds, facts);
  const reports = auditReports(clients, read<Told>("witness"), read<Found>("found"), events, deeds);
  const memory = auditMemory(read<MemorySample>("held"), read<MemorySample>("resident"), facts);
  const counted = new Map<string, number>();
  for (const { deed } of deeds) counted.set(deed, (counted.get(deed) ?? 0) + 1);
  return {
    violations: [
      ...calls.violations,
      ...streams.violations,
      ...retries.violations,
      ...pipes.violations,
      ...reports.violations,
      ...restarts.violations,
      ...memory.violations,
      ...violation("no process is left", facts.orphans),
      ...violation("every plugin answers when nothing is broken any more", facts.silent),
      ...auditDaemons(deeds, facts),
      ...violation("time and positions go forward together", backwards(events)),
    ],
    calls: calls.figures,
    streams: streams.figures,
    retries: retries.figures,
    pipes: pipes.figures,
    restarts: restarts.figures,
    reports: reports.figures,
    memory: memory.figures,
    deeds: counted,
    orphans: facts.orphans.length,
  };
}

/** A position that is given twice puts what happened later before what happened earlier. */
function backwards(events: readonly JournalEvent[]): string[] {
  const starts = events.filter(({ type }) => type === "supervisor.started");
  return starts.flatMap((start, index) => {
    const before = starts[index - 1];
    if (before === undefined || start.at >= before.at) return [];
    return [`position ${start.seq} is of ${start.at}, and ${before.seq} before it of ${before.at}`];
  });
}
