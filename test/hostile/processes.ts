/** Who is left: processes are told by a variable of their environment, which descendants inherit wherever they escape to. */
import { readdirSync, readFileSync } from "node:fs";

export const marker = "BULKHEAD_HOSTILE";

/** Living processes with this value of the marker, or with a value that begins with it. Zombies have no environment any more. */
export function marked(value: string): number[] {
  const sought = `${marker}=${value}`;
  return pids().filter((pid) => {
    const environment = read(`/proc/${pid}/environ`);
    return environment.split("\0").some((entry) => entry.startsWith(sought));
  });
}

/** Nobody tells a stranger that a process has ended, so it is looked at, until the test's own time is over. */
export async function vanished(value: string): Promise<void> {
  while (marked(value).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The children of a process, zombies among them. */
export function childrenOf(parent: number): number[] {
  return pids().filter((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    // The name, in parentheses, may have anything in it.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent;
  });
}

function pids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
