/** What is to be reached, as ratios within one run. */
import { figures, micros } from "./results.ts";
import type { Goal, Results } from "./results.ts";
import { ratio } from "./numbers.ts";

type Measurements = Pick<Results, "calls" | "starts" | "commands" | "syscalls">;

interface Aim {
  readonly name: string;
  readonly relation: "at most" | "at least";
  readonly limit: number;
  /** NaN when it was not measured. */
  readonly value: (results: Measurements) => number;
}

const MiB = 1024 ** 2;

/** How long ours takes as a part of theirs. */
const time =
  (ours: string, theirs: string, bytes: number, inFlight: number) =>
  ({ calls }: Measurements): number =>
    ratio(micros(calls, ours, bytes, inFlight), micros(calls, theirs, bytes, inFlight));

/** How many calls ours makes while theirs makes one. */
const rate =
  (ours: string, theirs: string, inFlight: number) =>
  ({ calls }: Measurements): number =>
    ratio(micros(calls, theirs, 0, inFlight), micros(calls, ours, 0, inFlight));

const start =
  (ours: string, theirs: string) =>
  ({ starts, commands }: Measurements): number => {
    const both = [...starts, ...commands];
    return ratio(micros(both, ours, 0, 1), micros(both, theirs, 0, 1));
  };

const relayCpu = (side: string, { calls }: Measurements): number[] =>
  figures(calls, side, 0, 256).map(({ relayCpuMicrosPerCall }) => relayCpuMicrosPerCall ?? Number.NaN);

const callerCpu = (side: string, inFlight: number, { calls }: Measurements): number[] =>
  figures(calls, side, 0, inFlight).map(({ cpuMicrosPerCall }) => cpuMicrosPerCall);

/** What a side costs its caller beyond the transport: the CPU that bytes alone would take is off. */
const ownCpu = (side: string, floor: string, results: Measurements): number[] => {
  const bytes = callerCpu(floor, 1, results);
  return callerCpu(side, 1, results).map((micros, round) => micros - (bytes[round] ?? Number.NaN));
};

const more =
  (side: string) =>
  ({ calls }: Measurements): number =>
    ratio(micros(calls, side, 0, 256), micros(calls, side, 0, 4096));

const syscalls =
  (inFlight: number, which: "write" | "read" | "poll") =>
  ({ syscalls: counted }: Measurements): number => {
    const found = counted.find((each) => each.process === "library" && each.inFlight === inFlight);
    return found?.[which] ?? Number.NaN;
  };

const atMost = (name: string, limit: number, value: Aim["value"]): Aim => ({
  name,
  relation: "at most",
  limit,
  value,
});
const atLeast = (name: string, limit: number, value: Aim["value"]): Aim => ({
  name,
  relation: "at least",
  limit,
  value,
});

const aims: readonly Aim[] = [
  atMost("library / raw ping-pong, sequential, time", 1.25, time("library", "raw", 0, 1)),
  atMost("library / vscode-jsonrpc, sequential, time", 0.55, time("library", "vscode-jsonrpc", 0, 1)),
  atMost("library / go-plugin gRPC, sequential, time", 0.4, time("library", "go-plugin-grpc", 0, 1)),
  atLeast("library / vscode-jsonrpc, 256 in flight, calls/s", 12, rate("library", "vscode-jsonrpc", 256)),
  atLeast("library / go-plugin gRPC, 256 in flight, calls/s", 10, rate("library", "go-plugin-grpc", 256)),
  atLeast("library / fork, 256 in flight, calls/s", 4, rate("library", "fork", 256)),
  atMost("daemon / raw two-hop, sequential, time", 1.15, time("daemon", "raw-two-hop", 0, 1)),
  atLeast(
    "daemon / vscode-jsonrpc twice with zod, 256 in flight, calls/s",
    25,
    rate("daemon", "vscode-relay", 256),
  ),
  atLeast(
    "daemon / fast peers with parse and zod, 256 in flight, calls/s",
    1.8,
    rate("daemon", "fast-relay", 256),
  ),
  atLeast("daemon / library, 256 in flight, calls/s", 0.7, rate("daemon", "library", 256)),
  atMost("daemon / vscode-jsonrpc twice with zod, 256 in flight, CPU of the relay", 1 / 50, (results) =>
    ratio(relayCpu("daemon", results), relayCpu("vscode-relay", results)),
  ),
  atMost("client of the daemon / library, sequential, CPU of the caller beyond raw bytes", 1, (results) =>
    ratio(ownCpu("daemon", "raw-two-hop", results), ownCpu("library", "raw", results)),
  ),
  atMost("client of the daemon / library, 256 in flight, CPU of the caller", 1, (results) =>
    ratio(callerCpu("daemon", 256, results), callerCpu("library", 256, results)),
  ),
  atMost("daemon / library, 1 MiB, time", 1.3, time("daemon", "library", MiB, 1)),
  atMost("library with bulk data / raw bytes, 16 MiB, time", 1.5, time("library-bulk", "raw", 16 * MiB, 1)),
  atMost(
    "daemon with bulk data / library with bulk data, 16 MiB, time",
    1.3,
    time("daemon-bulk", "library-bulk", 16 * MiB, 1),
  ),
  atMost("spawn to ready / bare spawn and handshake, time", 2, start("start-plugin", "start-bare")),
  atMost("bulkhead ps / node -e 0, time", 2.5, start("ps", "node")),
  atLeast("library, 4096 / 256 in flight, calls/s", 0.9, more("library")),
  atLeast("daemon, 4096 / 256 in flight, calls/s", 0.9, more("daemon")),
  ...(["write", "read", "poll"] as const).flatMap((which) => [
    atMost(`library, ${which}s per sequential call`, 1, syscalls(1, which)),
    atMost(`library, ${which}s per call, 256 in flight`, 0.02, syscalls(256, which)),
  ]),
];

export function goals(results: Measurements): Goal[] {
  return aims.map(({ name, relation, limit, value: measure }) => {
    const value = measure(results);
    const goal = `${relation === "at most" ? "<=" : ">="} ${Number(limit.toFixed(3))}`;
    if (!Number.isFinite(value)) return { name, goal, value: null, met: null };
    return { name, goal, value, met: relation === "at most" ? value <= limit : value >= limit };
  });
}
