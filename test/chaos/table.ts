/** What a run came to, for people. */
import type { Findings } from "./audit/audit.ts";
import { allowedGrowth, allowedResident } from "./audit/memory.ts";

const mebibytes = (bytes: number | null): string =>
  bytes === null ? "not known" : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;

const listed = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");

export function table(findings: Findings): string {
  const { calls, streams, retries, pipes, restarts, reports, memory, deeds, orphans } = findings;
  const rows: [string, string][] = [
    ["calls", `${calls.calls}`],
    ["  answered", `${calls.answered}`],
    ["  not_sent", `${calls.notSent}`],
    ["  maybe_executed", `${calls.maybeExecuted}, of which ${calls.maybeAndExecuted} were`],
    ["  of clients that were killed", `${calls.open}`],
    ["  settled at most", `${calls.latestMs} ms after their time`],
    ["streams", `${streams.streams}, of which ${streams.answered} answered`],
    ["  items", `${streams.items} came, ${streams.lost} did not`],
    ["calls with retry", `${retries.calls}, of which ${retries.answered} answered`],
    [
      "  executed more than once",
      `${retries.savedByRetry} of those answered, ${retries.mostExecuted} times at most`,
    ],
    ["pipes", `${pipes.pipes}`],
    ["  items", `${pipes.delivered} delivered, ${pipes.again} deliveries said to be repeated`],
    ["codes", listed(calls.codes)],
    ["done", listed(deeds)],
    ["ends", listed(restarts.byClass)],
    ["  restarted", `${restarts.restarts}, at most ${restarts.latestMs} ms after their time`],
    ["  given up", `${restarts.gaveUp}`],
    ["  leaving anyway", `${restarts.untouched}`],
    ["  not to be judged", `${restarts.unknown}`],
    ["reports that were told of", `${reports.told}`],
    ["  read after the end", `${reports.found}`],
    ["  never promised", `${reports.excused}`],
    [
      "the last daemon held",
      `${mebibytes(memory.first)} in its first third, ${mebibytes(memory.last)} in its last (allowed: ${mebibytes(allowedGrowth)} more)`,
    ],
    ["  resident at most", `${mebibytes(memory.mostResident)} (allowed: ${mebibytes(allowedResident)})`],
    ["orphans", `${orphans}`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
