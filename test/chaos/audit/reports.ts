/** Whether what was acknowledged is still there. */
import type { ClientLine, Deed, Found, JournalEvent, Told } from "../records.ts";
import { lossTimes } from "./losses.ts";
import { violation } from "./violation.ts";
import type { Violation } from "./violation.ts";

export interface ReportFigures {
  /** Clients and the witness were told of so many, and so many could be read after the end. */
  readonly told: number;
  readonly found: number;
  /** Not found, and nobody had promised it: `durable: false`, or told while the disk was away. */
  readonly excused: number;
}

/** A report that was told of in such a time may say that it is not durable, to somebody who is dead by then. */
const afterMs = 2000;

export function auditReports(
  clients: readonly ClientLine[],
  witness: readonly Told[],
  found: readonly Found[],
  events: readonly JournalEvent[],
  deeds: readonly Deed[],
): { violations: Violation[]; figures: ReportFigures } {
  const toldAt = new Map<string, number>();
  for (const line of clients) {
    if ("settled" in line && line.report !== null) toldAt.set(line.report, line.at);
  }
  const isDurable = new Map(witness.map(({ report, durable }) => [report, durable]));
  const inJournal = new Set(
    events.filter(({ type }) => type === "session.crash").map(({ report }) => report),
  );
  const away = lossTimes(deeds, afterMs);

  const lost: string[] = [];
  const unwritten: string[] = [];
  let excused = 0;
  for (const { report, found: isThere } of found) {
    if (isThere) {
      if (!inJournal.has(report)) unwritten.push(`${report} can be read, and the journal has no event of it`);
      continue;
    }
    const durable = isDurable.get(report);
    const at = toldAt.get(report);
    const wasAway = at !== undefined && away.some(({ from, to }) => at >= from && at <= to);
    if (durable === false || (durable === undefined && wasAway)) excused++;
    else lost.push(`${report}, told at ${at ?? "?"}${durable === true ? " as durable" : ""}`);
  }
  return {
    violations: [
      ...violation("a report that a client was told of can be read after the end", lost),
      ...violation("a report and its events are one transaction", unwritten),
    ],
    figures: { told: found.length, found: found.filter((each) => each.found).length, excused },
  };
}
