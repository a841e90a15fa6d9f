import { stat } from "node:fs/promises";
import type { Readable, Writable } from "node:stream";
import { setImmediate } from "node:timers/promises";

import { openExecutable } from "./executable.ts";
import type { OpenExecutable } from "./executable.ts";
import { spawnGuarded } from "./guarded.ts";
import type { ProcessLimits } from "./guard.ts";
import { launch } from "./launch.ts";
import { signal, sweepGroup } from "./process-group.ts";
import type { ProcessGone } from "./process-group.ts";
import { permanent, refused, startFailure } from "./spawn-failure.ts";
import type { SpawnFailure } from "./spawn-failure.ts";

export { findGuard, isolation } from "./guard.ts";
export type { Isolation, ProcessLimits } from "./guard.ts";
export type { ProcessGone } from "./process-group.ts";
export type { SpawnFailure } from "./spawn-failure.ts";

export interface ProcessSpec {
  /** Absolute path of the executable; symlinks are followed. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The plugin's whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Enforced by the guard only. */
  readonly limits?: ProcessLimits;
  /** Pinned hash of the executable, hex. */
  readonly sha256?: string;
  /** Path of the guard ({@link findGuard}); undefined spawns the plugin directly. */
  readonly guard: string | undefined;
  /** Gives the start up, as a transient failure; ten seconds when absent. A hostile plugin can delay it. */
  readonly signal?: AbortSignal;
}

export type SpawnResult =
  | { readonly ok: true; readonly process: PluginProcess }
  | { readonly ok: false; readonly failure: SpawnFailure };

/** How the plugin's own process ended: a code or a signal. The last three are known with a guard only. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** A core file was written; always false without a guard, which can't tell. */
  readonly core: boolean;
  readonly userMicros?: number;
  readonly systemMicros?: number;
  readonly peakMemoryBytes?: number;
  /** The guard died first and took the plugin along: the signal is inferred. */
  readonly guardLost?: true;
}

export interface PluginProcess {
  readonly pid: number;
  readonly guardPid: number | undefined;
  /** Of the executable, hex. */
  readonly sha256: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The raw pipes. Attach to the readable ones in the same turn of the event loop as the process is had. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves on the plugin's own exit, even while a descendant holds the pipes. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Resolves after `exited`, when no descendant is left (guard), or none in the process group. Never rejects. */
  readonly gone: Promise<ProcessGone>;
  /** SIGTERM to the plugin's process group. */
  terminate(): void;
  /** SIGKILL: to every descendant until none is left (guard), or to the process group. */
  kill(): void;
}

/**
 * Starts a plugin executable. What can be expected to go wrong is a result, not an exception; after a
 * failure nothing is left running.
 */
export async function spawnProcess(spec: ProcessSpec): Promise<SpawnResult> {
  const badDirectory = await checkDirectory(spec.cwd);
  if (badDirectory !== undefined) return failed(badDirectory);
  const opened = await openExecutable(spec.command, spec.sha256);
  if (!opened.ok) return opened;
  const { executable } = opened;
  // All that has to be over before the pipes are released, from where on no turn of the event loop may
  // pass: what execa does in its next turn, and the closing of the descriptor.
  const settle = async () => void (await Promise.all([setImmediate(), executable.close()]));
  try {
    return spec.guard === undefined
      ? await spawnDirectly(spec, executable, settle)
      : await spawnGuarded(spec, spec.guard, executable, settle);
  } finally {
    await executable.close();
  }
}

async function spawnDirectly(
  spec: ProcessSpec,
  executable: OpenExecutable,
  settle: () => Promise<void>,
): Promise<SpawnResult> {
  const child = await launch(spec.command, spec.args, { cwd: spec.cwd, env: spec.env });
  if (!child.ok) return failed(startFailure("exec", child.error));
  const { pid } = child;
  let isGone = false;
  const exited = child.ended.then((ending) => ({ ...ending, core: false }));
  const gone = exited.then(() => sweepGroup(pid)).finally(() => (isGone = true));
  await settle();
  // Once the group is gone its number may be somebody else's.
  const signalGroup = (name: NodeJS.Signals) => void (isGone || signal(-pid, name));
  return {
    ok: true,
    process: {
      pid,
      guardPid: undefined,
      sha256: executable.sha256,
      startedAt: Date.now(),
      ...child.release(),
      exited,
      gone,
      terminate: () => signalGroup("SIGTERM"),
      kill: () => signalGroup("SIGKILL"),
    },
  };
}

function failed(failure: SpawnFailure): SpawnResult {
  return { ok: false, failure };
}

async function checkDirectory(cwd: string): Promise<SpawnFailure | undefined> {
  const message = `the working directory ${cwd} can't be entered`;
  try {
    if ((await stat(cwd)).isDirectory()) return undefined;
    return permanent("spawn_failed", `${message} (ENOTDIR)`, { stage: "cwd", errno: "ENOTDIR" });
  } catch (error) {
    return refused("spawn_failed", message, "cwd", error);
  }
}
