import { accessSync, constants } from "node:fs";
import { constants as os } from "node:os";
import { resolve } from "node:path";
import type { ProcessLimits } from "../../../protocol/config.ts";
import { builtGuard } from "./guard-place.ts";

/**
 * The guard (native/guard.c) as the supervisor sees it: where it is, what it makes true, how it is started,
 * and what it says on its status channel.
 */

/** The guard's status channel and the opened executable, as descriptors of the guard. */
const EXEC_FD = 4;

const LIMIT_NAMES = [
  ["memory", "memory"],
  ["files", "files"],
  ["processes", "processes"],
  ["cpu", "cpu"],
  ["fileSize", "file_size"],
  ["core", "core"],
] as const satisfies [keyof ProcessLimits, string][];

/** What holds for the processes of a plugin, with and without a guard. */
export interface Isolation {
  /** When the supervisor dies, by SIGKILL too, the plugin dies. */
  readonly orphansKilled: boolean;
  /** So do descendants that left the process group (setsid, double fork); likewise on `kill()` and exit. */
  readonly escapedDescendantsKilled: boolean;
  readonly resourceLimits: boolean;
  /** Core flag, CPU time and peak memory are known on exit. */
  readonly exitDetail: boolean;
  /** The bytes that run are the bytes that were hashed; scripts are excepted, they run by path. */
  readonly execOfHashedDescriptor: boolean;
  /** Descriptors that the supervisor itself inherited do not reach the plugin. */
  readonly descriptorsClosed: boolean;
}

/** What isolation to expect from `guard` (a path as from {@link findGuard}), or from none. */
export function isolation(guard: string | undefined): Isolation {
  const guarded = guard !== undefined;
  return {
    orphansKilled: guarded,
    escapedDescendantsKilled: guarded,
    resourceLimits: guarded,
    exitDetail: guarded,
    execOfHashedDescriptor: guarded,
    // Without a guard the supervisor puts /dev/null in their place.
    descriptorsClosed: true,
  };
}

/**
 * The guard's path: `BULKHEAD_GUARD` (empty means none), `build/guard` in the package, or the one that
 * `bulkhead doctor --build-guard` has built for this user; undefined where there is none that can be executed.
 */
export function findGuard(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  if (process.platform !== "linux") return undefined;
  const named = env["BULKHEAD_GUARD"];
  if (named === "") return undefined;
  if (named === undefined) return builtGuard(env);
  const path = resolve(named);
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}

export interface GuardedRun {
  readonly file: string;
  readonly argv0: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly limits: ProcessLimits | undefined;
}

/** Arguments that make the guard execute its descriptor 4, which is `file`. `more`: options of its sandbox. */
export function guardArguments(
  { file, argv0, args, cwd, limits = {} }: GuardedRun,
  more: readonly string[] = [],
): string[] {
  const limitArguments = LIMIT_NAMES.flatMap(([key, name]) => {
    const value = limits[key];
    return value === undefined ? [] : ["--limit", `${name}=${value}`];
  });
  const executable = ["--exec-fd", String(EXEC_FD), "--path", file];
  return [...more, ...limitArguments, "--cwd", cwd, ...executable, "--", argv0, ...args];
}

/** Arguments that make it execute a program within which another guard executes descriptor 4. */
export function guardOf(program: string, args: readonly string[]): string[] {
  return ["--role", "outside", "--exec-fd", String(EXEC_FD), "--path", program, "--", program, ...args];
}

/** What makes it put what it starts into a control group, end what is left there, and remove it. */
export function inGroup(directory: string): string[] {
  return ["--cgroup", directory];
}

export type GuardLine =
  | {
      readonly kind: "started";
      readonly pid: number;
      /** Of a plugin in a sandbox: its parent, and the version of Landlock that is in force. */
      readonly guard: number | undefined;
      readonly landlock: number;
    }
  | { readonly kind: "failed"; readonly stage: string; readonly errno: number }
  | {
      readonly kind: "exited";
      readonly status: number;
      readonly core: boolean;
      readonly userMicros: number;
      readonly systemMicros: number;
      readonly peakKib: number;
    }
  /** The kernel has killed it because all of its control group's memory was in use. Comes before `exited`. */
  | { readonly kind: "oom" }
  | { readonly kind: "clean"; readonly killed: number; readonly left: number };

/** One line of the status channel; undefined when it is not one (a guard of another build). */
export function parseGuardLine(line: string): GuardLine | undefined {
  const [kind, ...words] = line.split(" ");
  const stage = kind === "failed" ? (words.shift() ?? "") : "";
  // No more digits than a double holds exactly: a pid beyond is none.
  if (!words.every((word) => /^\d{1,15}$/.test(word))) return undefined;
  const [a, b, c, d, e] = words.map(Number);
  if (kind === "oom") return words.length > 0 ? undefined : { kind };
  if (kind === "failed") return a === undefined || words.length > 1 ? undefined : { kind, stage, errno: a };
  if (kind === "started" && a !== undefined) return { kind, pid: a, guard: b, landlock: c ?? 0 };
  if (kind === "clean" && a !== undefined && b !== undefined) return { kind, killed: a, left: b };
  if (kind !== "exited" || a === undefined || b === undefined) return undefined;
  if (c === undefined || d === undefined || e === undefined) return undefined;
  return { kind, status: a, core: b === 1, userMicros: c, systemMicros: d, peakKib: e };
}

/** Exit code or signal out of a raw wait status (wait(2): low seven bits signal, next byte code). */
export function decodeWaitStatus(status: number): { code: number | null; signal: string | null } {
  const signal = status & 0x7f;
  return signal === 0
    ? { code: (status >> 8) & 0xff, signal: null }
    : { code: null, signal: signalName(signal) };
}

/** Of two names for a number (SIGABRT and SIGIOT, SIGIO and SIGPOLL) the usual one is the first in the table. */
function signalName(number: number): string {
  return Object.entries(os.signals).find(([, value]) => value === number)?.[0] ?? `SIG${number}`;
}
