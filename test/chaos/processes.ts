/** Processes as /proc shows them: who belongs to a run is told by a variable that everyone inherits. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";

/** In the environment of everything that a run starts: the run's own name. */
export const marker = "BULKHEAD_CHAOS";
/** In that of a plugin and its guard: the plugin's name. */
export const pluginMarker = "BULKHEAD_CHAOS_PLUGIN";

export interface MarkedProcess {
  readonly pid: number;
  /** Name of the executable. */
  readonly program: string;
  /** Null: not a plugin's. */
  readonly plugin: string | null;
  readonly parent: number;
}

/** Those that live; one that has ended and waits to be collected has no environment any more. */
export function markedProcesses(run: string): MarkedProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => look(Number(name), run) ?? []);
}

function look(pid: number, run: string): MarkedProcess | null {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    if (!environment.includes(`${marker}=${run}`)) return null;
    const plugin = environment.find((each) => each.startsWith(`${pluginMarker}=`));
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
    const program = path.basename(readlinkSync(`/proc/${pid}/exe`));
    return { pid, parent, program, plugin: plugin?.slice(pluginMarker.length + 1) ?? null };
  } catch {
    // It has gone meanwhile, or it is somebody else's.
    return null;
  }
}

/** Resident, in bytes; null: there is no such process. */
export function residentBytes(pid: number): number | null {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kibibytes === undefined ? null : Number(kibibytes) * 1024;
  } catch {
    return null;
  }
}

/** False: there was nobody to get it. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
