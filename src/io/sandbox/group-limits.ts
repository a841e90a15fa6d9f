/** The limits of one plugin's control group: what is written, and what holds by what can be read. Pure. */
import type { ProcessLimits, UsageLimits } from "../../../protocol/config.ts";
import type { Controller } from "./delegation.ts";

/** What a control group holds all processes of a plugin to, together; null: to nothing. */
export interface GroupLimits {
  readonly memoryBytes: number | null;
  /** Processes and their threads. */
  readonly tasks: number | null;
}

export interface Wanted {
  readonly memoryBytes: number | undefined;
  readonly tasks: number | undefined;
}

/** Bubblewrap and the guard inside, which are in the group of a strict plugin. */
const tasksOfSandbox = 2;

export function wanted(limits: ProcessLimits = {}, usage: UsageLimits = {}, isStrict = false): Wanted {
  const tasks =
    limits.processes === undefined ? undefined : limits.processes + (isStrict ? tasksOfSandbox : 0);
  return { memoryBytes: usage.memoryBytes, tasks };
}

export interface Setting {
  readonly file: string;
  readonly value: string;
}

/**
 * In the order in which they are to be written. Without swap a limit of memory is what it says; and one process that
 * is over it takes the others along, because half a plugin is no plugin (cgroup v2, "memory.oom.group").
 */
export function settings({ memoryBytes, tasks }: Wanted, enabled: readonly Controller[]): Setting[] {
  const memory =
    memoryBytes !== undefined && enabled.includes("memory")
      ? [
          { file: "memory.swap.max", value: "0" },
          { file: "memory.oom.group", value: "1" },
          { file: "memory.max", value: String(memoryBytes) },
        ]
      : [];
  const pids =
    tasks !== undefined && enabled.includes("pids") ? [{ file: "pids.max", value: String(tasks) }] : [];
  return [...memory, ...pids];
}

/** By the texts of `memory.max` and `pids.max` as the group has them now; undefined: it has no such file. */
export function held(
  { memoryBytes, tasks }: Wanted,
  memoryMax: string | undefined,
  pidsMax: string | undefined,
): GroupLimits {
  return { memoryBytes: within(memoryBytes, memoryMax), tasks: within(tasks, pidsMax) };
}

/** The kernel rounds memory down to whole pages. */
function within(most: number | undefined, text: string | undefined): number | null {
  const limit = /^\d+$/.test(text?.trim() ?? "") ? Number(text) : Number.NaN;
  return most !== undefined && limit <= most ? limit : null;
}

/** Whether a process is in the group of this name, or in one below it, by the text of its `/proc/PID/cgroup`. */
export function isMember(cgroups: string, name: string): boolean {
  return /^0::(.*)$/m.exec(cgroups)?.[1]?.split("/").includes(name) === true;
}
