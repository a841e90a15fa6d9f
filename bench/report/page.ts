/** The page for readers: words, tables and charts out of results. */
import { sizeWords } from "../compare.ts";
import { callers } from "../contestants.ts";
import { median, ratio, short } from "../numbers.ts";
import { figures, micros } from "../results.ts";
import type { Measured, Results } from "../results.ts";
import { heading, kindsOf, mebibytes, rate, rowsOf, time, titleOf, verdict } from "./cells.ts";
import type { Row } from "./cells.ts";
import type { Bar } from "./chart.ts";
import { missed } from "./missed.ts";

export interface Picture {
  /** The file's name, without a folder. */
  readonly file: string;
  readonly title: string;
  readonly bars: readonly Bar[];
}

/** The charts that the results are good for. */
export function pictures({ calls }: Pick<Results, "calls">): Picture[] {
  const bars = (inFlight: number, bar: (row: Row) => Pick<Bar, "value" | "label">): Bar[] =>
    rowsOf(calls, { bytes: 0, inFlight }, "library").map((row) => ({
      title: row.title,
      own: /^(?:library|daemon)\b/.test(row.side),
      ...bar(row),
    }));
  const all = [
    {
      file: "sequential.svg",
      title: "Time of a small call, one after another (shorter is better)",
      bars: bars(1, (row) => ({ value: row.micros, label: row.time })),
    },
    ...inFlights.map((inFlight) => ({
      file: `in-flight-${inFlight}.svg`,
      title: `Small calls a second, ${inFlight} in flight (longer is better)`,
      bars: bars(inFlight, (row) => ({ value: 1e6 / row.micros, label: `${row.perSecond}/s` })),
    })),
    {
      file: "relay-cpu.svg",
      title: "CPU time in the middle for a small call, 256 in flight (shorter is better)",
      bars: bars(256, ({ side, relayCpu }) => ({
        value: median(
          figures(calls, side, 0, 256).map(
            ({ relayCpuMicrosPerCall }) => relayCpuMicrosPerCall ?? Number.NaN,
          ),
        ),
        label: relayCpu,
      })).filter(({ label }) => label !== ""),
    },
  ];
  return all.filter(({ bars: drawn }) => drawn.length > 0);
}

const inFlights = [16, 256, 4096];

/** @param folder of the pictures, as seen from the page */
export function page(results: Results, folder: string): string {
  const { machine, rounds, quick, ...rest } = results;
  const shown = new Map(pictures(results).map(({ file, title }) => [file, `![${title}](${folder}/${file})`]));
  const load = machine.load.map((each) => each.toFixed(1)).join(" and ");
  return `${[
    "# Benchmarks",
    "Bulkhead beside other ways to call a plugin: the same work in the same run, on the same machine, in turns.",
    [
      "```sh",
      "npm run bench -- --json results.json   # measures; without --json it prints a table",
      "node bench/page.ts results.json        # makes this page of it",
      "```",
    ].join("\n"),
    [
      `Taken on ${rest.date}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system},`,
      `Node ${machine.node}; the load of the machine was ${load} before and after. ${rounds} rounds${quick ? ", quick ones, which show that it runs and not how fast" : ""}.`,
      "A cell is the median of the rounds; ratios are medians of the ratios of each round.",
      "Absolute times are one machine's, ratios travel better.",
    ].join("\n"),
    goals(rest),
    ...latency(rest, shown),
    ...throughput(rest, shown),
    ...seen(shown, "relay-cpu.svg"),
    ...sizes(rest),
    ...section("What contracts cost, and streams save", rest.contracts, "plain"),
    ...section("Starting", rest.starts, "start-bare"),
    ...section("Whole programs", rest.commands, "node"),
    ...many(rest),
    ...memory(rest),
    ...syscalls(rest),
    details(rest),
  ].join("\n\n")}\n`;
}

type Rest = Omit<Results, "machine" | "rounds" | "quick">;

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, index) => (index === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

function goals({ goals: list }: Rest): string {
  const rows = list.map((goal) => [
    goal.name,
    goal.goal.replace("<=", "≤").replace(">=", "≥"),
    goal.value === null ? "–" : short(goal.value),
    verdict(goal),
  ]);
  const table = `## Goals\n\n${markdown(["ratio", "goal", "value", ""], rows)}`;
  const reasons = missed(list);
  return reasons.length === 0 ? table : `${table}\n\n### Missed, and why\n\n${reasons.join("\n")}`;
}

/** A picture, when there is one. */
type Shown = ReadonlyMap<string, string>;

function seen(shown: Shown, file: string): string[] {
  const picture = shown.get(file);
  return picture === undefined ? [] : [picture];
}

function tableOf(measured: readonly Measured[], bytes: number, inFlight: number, base: string): string[] {
  const rows = rowsOf(measured, { bytes, inFlight }, base);
  if (rows.length === 0) return [];
  const hasRelay = rows.some(({ relayCpu }) => relayCpu !== "");
  const head = [
    "",
    "a call",
    "fastest to slowest round",
    "calls/s",
    `× ${titleOf(base)}`,
    "CPU of the caller",
  ];
  return [
    markdown(
      hasRelay ? [...head, "CPU in the middle"] : head,
      rows.map((row) => {
        const cells = [row.title, row.time, row.range, row.perSecond, row.times, row.cpu];
        return hasRelay ? [...cells, row.relayCpu] : cells;
      }),
    ),
  ];
}

function latency({ calls }: Rest, shown: Shown): string[] {
  const table = tableOf(calls, 0, 1, "library");
  if (table.length === 0) return [];
  const kind = kindsOf(calls).find(({ bytes, inFlight }) => bytes === 0 && inFlight === 1);
  const where =
    kind?.pinned === true
      ? "Caller, relay and plugin on one core, so that it is not the scheduler that is measured."
      : "Not pinned to one core.";
  return ["## One small call after another", where, ...seen(shown, "sequential.svg"), ...table];
}

function throughput({ calls }: Rest, shown: Shown): string[] {
  return inFlights.flatMap((inFlight) => {
    const table = tableOf(calls, 0, inFlight, "library");
    if (table.length === 0) return [];
    return [`## ${inFlight} small calls in flight`, ...seen(shown, `in-flight-${inFlight}.svg`), ...table];
  });
}

function sizes({ calls }: Rest): string[] {
  const kinds = kindsOf(calls).filter(({ bytes }) => bytes > 0);
  if (kinds.length === 0) return [];
  const sides = callers.filter(({ name }) => calls.some(({ side, bytes }) => side === name && bytes > 0));
  const head = kinds.map(({ bytes, inFlight }) => `${sizeWords(bytes)} × ${inFlight}`);
  const cell = (side: string, { bytes, inFlight }: { bytes: number; inFlight: number }): string => {
    const own = micros(calls, side, bytes, inFlight);
    if (own.length === 0) return "–";
    const base = micros(calls, "library", bytes, inFlight);
    return `${time(median(own))}${side === "library" || base.length === 0 ? "" : ` (${short(ratio(own, base))})`}`;
  };
  return [
    "## Larger ones",
    "A text there and back: its size × the calls in flight; the time of a call, and in brackets as a multiple of the library's.",
    markdown(
      ["", ...head],
      sides.map(({ name, title }) => [title, ...kinds.map((kind) => cell(name, kind))]),
    ),
  ];
}

function section(title: string, measured: readonly Measured[], base: string): string[] {
  return kindsOf(measured).flatMap((kind) => [
    `## ${title}`,
    ...(base === "plain" ? [`${heading(kind)}.`] : []),
    ...tableOf(measured, kind.bytes, kind.inFlight, base),
  ]);
}

function many({ plugins }: Rest): string[] {
  if (plugins.length === 0) return [];
  const rows = plugins.map(({ plugins: count, readyMs, microsPerCall, residentBytesPerPlugin }) => [
    String(count),
    time(median(readyMs) * 1000),
    time((median(readyMs) * 1000) / count),
    rate(median(microsPerCall)),
    `${short(median(residentBytesPerPlugin) / 1024)} KiB`,
  ]);
  const head = [
    "plugins",
    "until all are ready",
    "for each",
    "calls/s of all, 256 in flight",
    "memory of the supervisor for each",
  ];
  return ["## Many plugins", markdown(head, rows)];
}

function memory({ memory: list }: Rest): string[] {
  if (list.length === 0) return [];
  const rows = list.map(({ process: name, calls, residentBytes }) => [
    name,
    String(calls),
    mebibytes(residentBytes[0] ?? Number.NaN),
    mebibytes(Math.max(...residentBytes)),
    mebibytes(residentBytes.at(-1) ?? Number.NaN),
  ]);
  return [
    "## Memory",
    "Whether it stays where it is. The library's process is the benchmark's own, with what Node needs to run TypeScript.",
    markdown(["resident memory of", "over so many calls", "at first", "at most", "at last"], rows),
  ];
}

function syscalls({ syscalls: list }: Rest): string[] {
  if (list.length === 0) return [];
  const rows = list.map(({ process: name, inFlight, write, read, poll, emptyPoll, other }) => [
    name,
    ...[inFlight, write, read, poll, emptyPoll, other].map(String),
  ]);
  return [
    "## System calls",
    "Counted by strace, for each call, over all threads of the process. An empty poll is libuv's look before it waits.",
    markdown(["process", "in flight", "write", "read", "poll", "empty poll", "all others"], rows),
  ];
}

function details({ about, skipped }: Rest): string {
  return [
    "## Who they are",
    "",
    ...Object.entries(about).map(([name, text]) => `- ${titleOf(name)}: ${text}`),
    "",
    "A small call has two numbers for parameters and one for a result. vscode-jsonrpc and Bulkhead call the same plugin, a",
    "program in C that only finds the frame and the id; the others have what is theirs at the other end. Each contestant",
    "runs in a process of its own, is warmed up, and makes its calls in as many loops as there are to be in flight, with",
    "promises or goroutines. Raw ping-pong has as many bytes as the frames of a call, without frames or JSON.",
    ...(skipped.length === 0
      ? []
      : ["", "Not measured:", "", ...skipped.map(({ name, reason }) => `- ${name}: ${reason}`)]),
  ].join("\n");
}
