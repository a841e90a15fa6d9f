/**
 * The gate that needs no clock: system calls and allocated bytes for each call, the same on any machine under any load.
 *
 *   node bench/syscalls.ts [--check] [--json]     --check: status 1 when one is over its bound, or can not be counted
 */
import { parseArgs } from "node:util";
import { countHeap } from "./count-heap.ts";
import { countSyscalls, withoutStrace } from "./count-syscalls.ts";
import { prepare, staleness } from "./prepare.ts";

interface Bound {
  readonly what: string;
  readonly counted: number;
  readonly most: number;
}

/** A message in and one out on each of its connections, so the daemon has two of each. */
const connections: Readonly<Record<string, number>> = { library: 1, client: 1, daemon: 2 };
const together = 0.02;

/**
 * Bytes for each call. What is counted differs by a few from run to run, with the moments at which V8 optimises; the rest of
 * the room is for another version of Node. Who needs more says why here; who needs less lowers it.
 */
const mostBytes: Readonly<Record<number, number>> = { 1: 5200, 256: 2800 };

const { values } = parseArgs({ options: { check: { type: "boolean" }, json: { type: "boolean" } } });
const lacking = withoutStrace() ?? prepare(new Set(["echo"])).get("echo");
if (lacking === undefined) await count();
else {
  process.stderr.write(`not counted: ${lacking}\n`);
  process.exitCode = values.check === true ? 1 : 0;
}

async function count(): Promise<void> {
  const old = staleness();
  if (old !== undefined) process.stderr.write(`warning: ${old}\n`);
  const syscalls = await countSyscalls();
  const heap = await countHeap();
  const bounds = [
    ...syscalls.flatMap(({ process: name, inFlight, write, read, poll }): Bound[] => {
      const most = (connections[name] ?? 1) * (inFlight === 1 ? 1 : together);
      const words = inFlight === 1 ? "one after another" : `${inFlight} in flight`;
      return Object.entries({ write, read, poll }).map(([what, counted]) => ({
        what: `${name}, ${words}: ${what}s per call`,
        counted,
        most,
      }));
    }),
    ...heap.map(({ inFlight, bytesPerCall }) => ({
      what: `library, ${inFlight === 1 ? "one after another" : `${inFlight} in flight`}: heap bytes per call`,
      counted: Math.round(bytesPerCall),
      most: mostBytes[inFlight] ?? Infinity,
    })),
  ];
  if (values.json === true) process.stdout.write(`${JSON.stringify({ syscalls, heap, bounds })}\n`);
  else process.stdout.write(table(bounds, syscalls));
  const over = bounds.filter(({ counted, most }) => !(counted <= most));
  if (values.check === true && over.length > 0) process.exitCode = 1;
}

function table(bounds: readonly Bound[], syscalls: Awaited<ReturnType<typeof countSyscalls>>): string {
  const lines = bounds.map(({ what, counted, most }) => {
    const verdict = counted <= most ? "ok" : "OVER";
    return `${verdict.padEnd(5)}${what.padEnd(52)}${String(counted).padStart(8)}  at most ${most}`;
  });
  const rest = syscalls.map(
    ({ process: name, inFlight, emptyPoll, other }) =>
      `     ${`${name}, ${inFlight} in flight`.padEnd(28)}empty polls ${emptyPoll}, others ${other}`,
  );
  return `${[
    "Counted by strace over all threads of the process, as the difference of a long and a short run; by V8 for the heap:",
    ...lines,
    "Not bounded: polls that found nothing (libuv looks once without waiting before it waits) and all other calls:",
    ...rest,
  ].join("\n")}\n`;
}
