/** A plugin's process as its supervisor sees it; how it is made stands in `process.ts`. */
import type { Readable, Writable } from "node:stream";
import type { ProcessLimits, Sandbox, Trust, UsageLimits } from "../../../protocol/config.ts";
import type { Enforced, ProcessExit } from "../../../protocol/state.ts";
import type { GroupLimits } from "../sandbox/group-limits.ts";
import type { ProcessGone } from "./process-group.ts";
import type { SpawnFailure } from "./spawn-failure.ts";

export interface ProcessSpec {
  /** Absolute path of the executable; symlinks are followed. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The plugin's whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Enforced by the guard only. */
  readonly limits?: ProcessLimits;
  /** Of all its processes together; memory is what a control group can hold them to. */
  readonly usage?: UsageLimits;
  /** Default: none. A strict one needs the guard and bubblewrap, and `dataDir`. */
  readonly sandbox?: Sandbox;
  /** Its own directory, which it may write to in every sandbox. It is there already. */
  readonly dataDir?: string;
  /** Files and directories that no grant opens: the supervisor's state and its control socket. */
  readonly hidden?: readonly string[];
  /** Pinned hash of the executable, hex. */
  readonly sha256?: string;
  /** What else has to vouch for it. */
  readonly trust?: Trust;
  /** Where private copies of executables that something vouches for are kept; undefined: they run where they stand. */
  readonly copies?: string;
  /** Path of the guard ({@link findGuard}); undefined spawns the plugin directly. */
  readonly guard: string | undefined;
  /**
   * Gives the start up, the reading of the executable included, as a transient failure. When absent, the guard has ten
   * seconds: a hostile plugin can delay it.
   */
  readonly signal?: AbortSignal;
}

export type SpawnResult =
  | { readonly ok: true; readonly process: PluginProcess }
  | { readonly ok: false; readonly failure: SpawnFailure };

/** A control group that all its processes are in. */
export interface Grouped {
  /** As the kernel has them now. */
  readonly limits: GroupLimits;
  /** Nothing keeps a hostile plugin from the group's files, which belong to its own user. */
  readonly escapable: boolean;
  /** Known once the plugin has exited. Null: the kernel did not kill it for a limit of its group. */
  exceeded(): Exceeded | null;
}

/** What the kernel killed it for. */
export interface Exceeded {
  /** The key of the entry's limits. */
  readonly limit: "max_memory";
  readonly detail: string;
}

export interface PluginProcess {
  readonly pid: number;
  /** Of the guard that is its parent: in a strict sandbox that is process 1 there. */
  readonly guardPid: number | undefined;
  /** What keeps it from the machine, as far as it was asked for or holds anyway. */
  readonly enforced: readonly Enforced[];
  /** Undefined: it has none of its own. */
  readonly group?: Grouped | undefined;
  /** Of the executable, hex. */
  readonly sha256: string;
  /** What said that it may be run: `sha256`, `bulkhead.lock`, `key ID`. */
  readonly vouched: readonly string[];
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
