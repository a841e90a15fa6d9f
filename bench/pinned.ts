/** One core for caller and called alike: what a wake on another core costs would hide everything else. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The last core that this process may use: the first ones take the machine's interrupts. */
function core(): string {
  const allowed = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return /(\d+)$/.exec(allowed ?? "")?.[1] ?? "0";
}

/** Whether there is a taskset (util-linux) that works. */
export function canPin(): boolean {
  return process.platform === "linux" && spawnSync("taskset", ["-c", core(), "taskset", "-V"]).status === 0;
}

/** The command so that it runs, with all that it starts, on one core. */
export function pinned(command: readonly [string, ...string[]]): readonly [string, ...string[]] {
  return ["taskset", "-c", core(), ...command];
}
