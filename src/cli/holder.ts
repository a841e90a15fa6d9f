/** Who uses a state directory, asked of its lock: it is true even when the daemon's socket is gone or its queue full. */
import { existsSync, readFileSync } from "node:fs";

export interface Holder {
  /** Undefined: it has not given its name yet, or belongs to another PID namespace. */
  readonly pid: number | undefined;
  /** It is a `bulkhead up`, not a program with a supervisor of its own, which must not be ended from here. */
  readonly isDaemon: boolean;
}

/**
 * Undefined: nobody. Looking takes the lock for a moment where it is free.
 * @throws {BulkheadError} `daemon_failed`, when it can't be known
 */
export async function holderOf(lockFile: string): Promise<Holder | undefined> {
  if (!existsSync(lockFile)) return undefined;
  // Loads SQLite: only for who asks.
  const { acquireLock } = await import("../io/lock.ts");
  const lock = acquireLock(lockFile, { pid: process.pid });
  if (!lock.ok) return { pid: lock.holder?.pid, isDaemon: isDaemon(lock.holder?.pid) };
  lock.release();
  return undefined;
}

function isDaemon(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(1).includes("up");
  } catch {
    // Without /proc the lock's word has to do.
    return process.platform !== "linux";
  }
}
