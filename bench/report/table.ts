/** The results for people, as one table in text. */
import { median, short } from "../numbers.ts";
import type { Measured, Results } from "../results.ts";
import { heading, kindsOf, where, mebibytes, rate, rowsOf, time, titleOf, verdict } from "./cells.ts";
import type { MeasuredKind } from "./cells.ts";

export function table(results: Results): string {
  const { machine, rounds, quick } = results;
  const load = machine.load.map((each) => each.toFixed(1)).join(" to ");
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}, load ${load}`,
    `${rounds} rounds in turns${quick ? " (quick)" : ""}: medians, from the fastest to the slowest; x: time as a multiple of what the head of the group names`,
    ...measured(heading, results.calls, "library"),
    ...measured((kind) => `contracts and streams, ${heading(kind)}`, results.contracts, "plain"),
    ...measured(({ pinned }) => `starts${where(pinned)}`, results.starts, "start-bare"),
    ...measured(({ pinned }) => `whole programs${where(pinned)}`, results.commands, "node"),
    ...plugins(results),
    ...memory(results),
    ...syscalls(results),
    ...skipped(results),
    ...goals(results),
    "",
  ].join("\n");
}

function measured(head: (kind: MeasuredKind) => string, list: readonly Measured[], base: string): string[] {
  return kindsOf(list).flatMap((kind) => [
    "",
    `${head(kind)} (x ${titleOf(base)})`,
    ...columns(
      rowsOf(list, kind, base).map(({ title, time: middle, range, perSecond, times, cpu, relayCpu }) => [
        title,
        middle,
        range,
        `${perSecond}/s`,
        `x ${times}`,
        `CPU ${cpu}`,
        relayCpu === "" ? "" : `relay ${relayCpu}`,
      ]),
    ),
  ]);
}

function plugins({ plugins: list }: Results): string[] {
  if (list.length === 0) return [];
  return [
    "",
    "plugins in one supervisor: until all are ready, calls of all with 256 in flight, resident memory for each",
    ...columns(
      list.map(({ plugins: count, readyMs, microsPerCall, residentBytesPerPlugin }) => [
        String(count),
        time(median(readyMs) * 1000),
        time(median(microsPerCall)),
        `${rate(median(microsPerCall))}/s`,
        `${short(median(residentBytesPerPlugin) / 1024)} KiB`,
      ]),
    ),
  ];
}

function memory({ memory: list }: Results): string[] {
  return list.flatMap(({ process, calls, residentBytes }) => [
    "",
    `resident memory over ${calls} calls, ${process}: ${residentBytes.map(mebibytes).join(", ")}`,
  ]);
}

function syscalls({ syscalls: list }: Results): string[] {
  if (list.length === 0) return [];
  return [
    "",
    "system calls for each call",
    ...columns(
      list.map(({ process, inFlight, write, read, poll, emptyPoll, other }) => [
        `${process}, ${inFlight} in flight`,
        `write ${write}`,
        `read ${read}`,
        `poll ${poll}`,
        `empty poll ${emptyPoll}`,
        `other ${other}`,
      ]),
    ),
  ];
}

function skipped({ skipped: list }: Results): string[] {
  if (list.length === 0) return [];
  return ["", "skipped", ...list.map(({ name, reason }) => `  ${name}: ${reason}`)];
}

function goals({ goals: list }: Results): string[] {
  return [
    "",
    "goals",
    ...columns(
      list.map((goal) => [
        goal.name,
        goal.goal,
        goal.value === null ? "–" : short(goal.value),
        verdict(goal),
      ]),
    ),
  ];
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ")}`.trimEnd(),
  );
}
