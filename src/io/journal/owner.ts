/**
 * Which process writes the journal. The lock of the state directory keeps others out; this is for the case that somebody has
 * removed that lock while its holder runs.
 */
import { readFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

/** Another process that lives writes this file. */
export class TakenError extends Error {
  readonly pid: number;

  constructor(file: string, pid: number) {
    super(`${file} is written by process ${pid}, whose lock was removed`);
    this.pid = pid;
  }
}

/** Writes this process down as the owner. @throws TakenError */
export function claim(database: DatabaseSync, file: string): void {
  const row = database.prepare("SELECT pid, started FROM owner").get();
  const pid = Number(row?.["pid"]);
  if (row !== undefined && pid !== process.pid && startOf(pid) === row["started"])
    throw new TakenError(file, pid);
  try {
    database
      .prepare("INSERT OR REPLACE INTO owner (one, pid, started) VALUES (1, ?, ?)")
      .run(process.pid, startOf(process.pid) ?? "unknown");
  } catch {
    // A full disk. Nobody else's name is lost by that, and what is there can be read.
  }
}

/** Others may have it, although this process goes on. */
export function disclaim(database: DatabaseSync): void {
  try {
    database.prepare("DELETE FROM owner WHERE pid = ?").run(process.pid);
  } catch {
    // As before: the end of this process says the same.
  }
}

/** What tells a process from a later one with the same number, where that can be known: its start since the boot, in ticks. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name, which may hold anything (proc_pid_stat(5)).
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
