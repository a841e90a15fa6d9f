import { setTimeout } from "node:timers/promises";

import { errnoOf } from "./spawn-failure.ts";

/** What was found when the last of the plugin's processes was to go. */
export interface ProcessGone {
  /** Processes that had to be killed (the plugin included, if it was); undefined when not known. */
  readonly killed: number | undefined;
  /** Processes that can't be killed (another user's, or stuck in the kernel). */
  readonly left: number;
}

export const NOTHING_LEFT: ProcessGone = { killed: 0, left: 0 };

/** False when there is no such process (or group, for a negative id). */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}

/** Kills what is left of a process group whose leader has been reaped. Nothing announces the end of a group. */
export async function sweepGroup(leader: number): Promise<ProcessGone> {
  if (!signal(-leader, "SIGKILL")) return NOTHING_LEFT;
  for (let wait = 1; wait <= 2048; wait *= 2) {
    await setTimeout(wait);
    if (!signal(-leader, 0)) return { killed: undefined, left: 0 };
  }
  return { killed: undefined, left: 1 };
}
