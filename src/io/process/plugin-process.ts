/** A plugin's process as its supervisor sees it; how it is made stands in `process.ts`. */
import type { Readable, Writable } from "node:stream";
import type { ProcessLimits } from "../../../protocol/config.ts";
import type { ProcessExit } from "../../../protocol/state.ts";
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
  /** Pinned hash of the executable, hex. */
  readonly sha256?: string;
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
