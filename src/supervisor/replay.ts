/** Calls of a crash, made again: in a process of their own, which serves nobody and is never restarted. */
import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";
import { noTrust } from "../../protocol/config.ts";
import type { PluginSpec } from "../../protocol/config.ts";
import { methodsOf } from "../../protocol/description.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { CrashReport, ProcessExit } from "../../protocol/state.ts";
import type { ReplayCall } from "../core/replay.ts";
import { describeExit } from "../core/exit.ts";
import type { RoutedCall } from "./call.ts";
import { Supervisor } from "./supervisor.ts";

export interface Trial {
  /** Those that were made: not those of methods that the plugin does not have any more. */
  readonly calls: readonly number[];
  readonly crashed: boolean;
  /** One line: what it died of, or how the program around it ended. */
  readonly summary: string;
  readonly crash: CrashReport | null;
  /** What the process wrote to stderr, the last lines of it. */
  readonly stderr: readonly string[];
}

export interface TrialOptions {
  /** The longest time of a call, milliseconds. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  /** What a program that runs the plugin says of it by its exit status. */
  readonly exitCounts: boolean;
  /** What no sandbox lets it reach, whatever its entry grants: the place of the daemon that serves. */
  readonly hidden: readonly string[];
}

const stderrLines = 200;
const credit = 64;
/** A debugger or valgrind takes its time. */
const slowMs = 60_000;

/**
 * The plugin as it is configured, for one trial. `under`: a program and its arguments, which runs the plugin.
 *
 * @throws BulkheadError `usage`: there is no such program
 */
export function trialSpec(spec: PluginSpec, under: readonly string[]): PluginSpec {
  const apart: PluginSpec = {
    ...spec,
    start: "lazy",
    idleStopMs: undefined,
    watch: false,
    aliases: {},
    quarantine: false,
    restart: { ...spec.restart, when: "never" },
  };
  const [program, ...args] = under;
  if (program === undefined) return apart;
  const { handshakeMs, callMs, drainMs } = spec.timeouts;
  // It is the wrapper that is executed, and it needs more memory than the plugin is allowed.
  const { memory: _, ...limits } = spec.limits.process;
  return {
    ...apart,
    command: programAt(program, spec.env["PATH"] ?? ""),
    args: [...args, spec.command, ...spec.args],
    sha256: undefined,
    trust: noTrust,
    limits: { ...spec.limits, process: limits },
    timeouts: {
      ...spec.timeouts,
      handshakeMs: Math.max(handshakeMs, slowMs),
      callMs: Math.max(callMs, slowMs),
      drainMs: Math.max(drainMs, slowMs / 2),
    },
  };
}

/**
 * Makes the calls all at once in a fresh process.
 *
 * @throws BulkheadError when it does not start; `usage`: it has none of the methods
 */
export async function runTrial(
  spec: PluginSpec,
  calls: readonly ReplayCall[],
  { patienceMs, signal, exitCounts, hidden }: TrialOptions,
): Promise<Trial> {
  const supervisor = await Supervisor.open({ hidden });
  try {
    const seen: { report: string | null; exit: ProcessExit | null } = { report: null, exit: null };
    supervisor.subscribe((event) => {
      if (event.type === "session.crash") seen.report = event.report;
      else if (event.type === "session.state" && event.to === "gone") seen.exit = event.exit ?? null;
    });
    const { errors } = await supervisor.apply([spec], new Map());
    if (errors.length > 0) throw BulkheadError.of("invalid_config", errors.join("; "));
    await supervisor.start(spec.id);
    const methods = methodsOf((await supervisor.describe(spec.id)).apis);
    const known = calls.filter(({ method }) => methods.has(method));
    if (known.length === 0) {
      throw BulkheadError.of("usage", `${spec.id} has none of the methods that these calls were of`);
    }
    const made = known.map((call) => {
      const isStream = methods.get(call.method)?.item !== undefined;
      return make(supervisor, `${spec.id}/${call.method}`, call.params, isStream, { patienceMs, signal });
    });
    await Promise.all(made);
    signal.throwIfAborted();
    // What it does at its end counts as well: that is when valgrind says what it has found.
    await supervisor.stop(spec.id);
    const crash =
      seen.report === null ? null : ((await supervisor.journal.findCrash(seen.report))[0] ?? null);
    const failed = exitCounts && seen.exit !== null && seen.exit.code !== null && seen.exit.code !== 0;
    const lines = await supervisor.logs(spec.id, { lines: stderrLines });
    return {
      calls: known.map(({ n }) => n),
      crashed: crash !== null || failed,
      summary:
        crash?.summary ?? (failed && seen.exit !== null ? describeExit(seen.exit) : "it does not crash"),
      crash,
      stderr: lines.filter(({ kind }) => kind === "line").map(({ text }) => text),
    };
  } finally {
    await supervisor.close();
  }
}

/** What it answers does not matter: whether the process lives, does. */
function make(
  supervisor: Supervisor,
  target: string,
  params: string | undefined,
  isStream: boolean,
  { patienceMs, signal }: Pick<TrialOptions, "patienceMs" | "signal">,
): Promise<void> {
  return new Promise((resolve) => {
    let call: RoutedCall | undefined;
    const stream = isStream ? { credit, onItem: () => call?.grant(1) } : {};
    const options = { signal, totalTimeout: patienceMs, idleTimeout: patienceMs, ...stream };
    call = supervisor.route(target, params, options, () => resolve());
  });
}

function programAt(name: string, searched: string): string {
  if (name.includes("/")) return path.resolve(name);
  for (const folder of searched.split(path.delimiter)) {
    const file = path.join(folder, name);
    if (path.isAbsolute(folder) && isExecutable(file)) return file;
  }
  throw BulkheadError.of("usage", `--under: there is no program ${name} on the PATH`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
