/** One state directory, one supervisor: two would write each other's journal. */
import { BulkheadError } from "../../protocol/error.ts";
import { acquireLock } from "../io/lock.ts";
import { ensurePrivateDir, statePaths } from "../io/paths.ts";
import type { SupervisorOptions } from "./options.ts";

export interface StateLock {
  release(): void;
}

/** @throws BulkheadError `already_running` */
export function lockOf({ stateDir, locked }: SupervisorOptions): StateLock {
  if (stateDir === undefined || locked === true) return { release: () => undefined };
  const paths = statePaths({ flag: stateDir, env: {} });
  ensurePrivateDir(paths.stateDir);
  const lock = acquireLock(paths.lock, { pid: process.pid });
  if (lock.ok) return lock;
  throw BulkheadError.of("already_running", inUse(paths.stateDir, lock.holder?.pid));
}

export function inUse(stateDir: string, pid: number | undefined): string {
  return `${stateDir} is used by another supervisor already${pid === undefined ? "" : ` (pid ${pid})`}`;
}
