/** What Linux says of another process. Elsewhere, and of one that is gone: NaN. */
import { readdirSync, readFileSync } from "node:fs";

/** CPU time of all its threads so far, in microseconds (proc(5): the first field of schedstat is in nanoseconds). */
export function cpuMicros(pid: number): number {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    return tasks.reduce((sum, task) => sum + nanoseconds(`/proc/${pid}/task/${task}/schedstat`), 0) / 1000;
  } catch {
    return Number.NaN;
  }
}

function nanoseconds(file: string): number {
  return Number(readFileSync(file, "utf8").split(" ")[0]);
}

/** Its resident memory, in bytes. */
export function residentBytes(pid: number): number {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kibibytes ?? Number.NaN) * 1024;
  } catch {
    return Number.NaN;
  }
}
