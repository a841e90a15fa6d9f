/**
 * Bulkhead beside its peers: the same work in the same run, in turns, so that the ratios mean something on any machine.
 *
 *   node bench/main.ts [--quick] [--only NAME]… [--bytes N]… [--in-flight N]… [--rounds N] [--no-pin] [--json [FILE]]
 *
 * --only        a part (calls, contracts, starts, plugins, memory, syscalls) or a contestant; more than one may be named
 * --bytes, --in-flight   only such calls
 * --quick       fewer calls in three rounds: whether it works, not how fast it is
 * --no-pin      on all cores
 * --json        the results as JSON: to the file, or in place of the table on stdout
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Run } from "./compare.ts";
import { callers, commands, contracts, daemon, library, starts } from "./contestants.ts";
import { countSyscalls, withoutStrace } from "./count-syscalls.ts";
import { compare } from "./compare.ts";
import { goals } from "./goals.ts";
import { load, machine } from "./machine.ts";
import { calls, kinds } from "./parts/calls.ts";
import { memory } from "./parts/memory.ts";
import { plugins } from "./parts/plugins.ts";
import { canPin } from "./pinned.ts";
import { prepare, say, staleness } from "./prepare.ts";
import { table } from "./report/table.ts";
import type { Results, Skipped } from "./results.ts";

const parts = ["calls", "contracts", "starts", "plugins", "memory", "syscalls"] as const;
type Part = (typeof parts)[number];

const { flags, json } = readArguments(process.argv.slice(2));
const only = new Set(flags.only);
const named = callers.filter(({ name }) => only.has(name));
const unknown = [...only].filter(
  (name) => !parts.some((part) => part === name) && !named.some((each) => each.name === name),
);
if (unknown.length > 0) {
  const known = [...parts, ...callers.map(({ name }) => name)].join(", ");
  process.stderr.write(`no part and no contestant: ${unknown.join(", ")}; there are ${known}\n`);
  process.exit(2);
}
const wants = (part: Part): boolean =>
  only.size === 0 || only.has(part) || (part === "calls" && named.length > 0);
const wanted = kinds.filter(
  ({ bytes, inFlight }) =>
    (flags.bytes ?? [String(bytes)]).includes(String(bytes)) &&
    (flags["in-flight"] ?? [String(inFlight)]).includes(String(inFlight)),
);

const quick = flags.quick === true;
const field = wants("calls") ? (named.length > 0 ? named : callers) : [];
const involved = [
  ...field,
  ...(wants("contracts") ? contracts : []),
  ...(wants("starts") ? [...starts, ...commands] : []),
  library,
  daemon,
];
const rounds = Number(flags.rounds ?? (quick ? 3 : 5));
const before = load();
const old = staleness();
if (old !== undefined) say(`warning: ${old}`);
const run: Run = {
  rounds,
  turnMs: quick ? 60 : 300,
  warmUp: quick ? 2000 : 20_000,
  lacking: prepare(new Set(involved.flatMap(({ needs }) => needs))),
  about: new Map<string, string>(),
  skipped: [] as Skipped[],
};
const pin = flags["no-pin"] !== true && canPin();
if (!pin) say("not measured on one core: the figures of single calls say more about the scheduler");

const measured = {
  calls: wants("calls") ? await calls(field, wanted, pin, run) : [],
  contracts: wants("contracts") ? await compare(contracts, [{ bytes: 0, inFlight: 256 }], pin, run) : [],
  starts: wants("starts") ? await compare(starts, [{ bytes: 0, inFlight: 1 }], pin, run) : [],
  commands: wants("starts") ? await compare(commands, [{ bytes: 0, inFlight: 1 }], pin, run) : [],
  plugins: wants("plugins") ? await plugins(quick ? [1, 10, 100] : [1, 10, 100, 500], run) : [],
  memory: wants("memory") ? await memory(quick ? 200_000 : 5_000_000, run) : [],
  syscalls: wants("syscalls") ? await syscalls() : [],
};
const results: Results = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(before),
  quick,
  rounds,
  about: Object.fromEntries(run.about),
  skipped: run.skipped,
  ...measured,
  goals: goals(measured),
};
if (json !== undefined && json !== "") writeFileSync(json, `${JSON.stringify(results, undefined, 1)}\n`);
process.stdout.write(json === "" ? `${JSON.stringify(results)}\n` : table(results));

async function syscalls(): ReturnType<typeof countSyscalls> {
  const lacking = withoutStrace() ?? run.lacking.get("echo");
  if (lacking === undefined) {
    say("system calls");
    return countSyscalls();
  }
  run.skipped.push({ name: "system calls", reason: lacking });
  return [];
}

/** `json` is a file, or empty for stdout. */
function readArguments(args: readonly string[]) {
  const at = args.indexOf("--json");
  const file = at < 0 ? undefined : args[at + 1];
  const isFile = file !== undefined && !file.startsWith("-");
  const rest = at < 0 ? args : args.filter((_, index) => index !== at && !(isFile && index === at + 1));
  const { values } = parseArgs({
    args: [...rest],
    options: {
      quick: { type: "boolean" },
      only: { type: "string", multiple: true },
      bytes: { type: "string", multiple: true },
      "in-flight": { type: "string", multiple: true },
      rounds: { type: "string" },
      "no-pin": { type: "boolean" },
    },
  });
  return { flags: values, json: at < 0 ? undefined : isFile ? file : "" };
}
