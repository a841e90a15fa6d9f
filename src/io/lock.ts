/** Single instance: a lock that the kernel frees however its holder dies. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export interface LockInfo {
  readonly pid: number;
  readonly [more: string]: unknown;
}

export type Lock =
  | { readonly ok: true; release(): void }
  /** `holder` is undefined while the holder has not written its name yet. */
  | { readonly ok: false; readonly holder: LockInfo | undefined };

const sqliteBusy = 5;

/**
 * Takes the lock or says who has it; never waits. `info` goes to `<file>.json` for the others to read, since reading
 * the locked file itself would lose the lock: POSIX drops all locks of a process on a file when it closes any
 * descriptor of it (fcntl(2)). The lock file stays when the lock is released; removing it would let two contenders
 * lock two different files of one name. Throws when the file can not be created or written.
 */
export function acquireLock(file: string, info: LockInfo): Lock {
  const sidecar = `${file}.json`;
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    // The rollback journal in memory: nothing appears beside the file.
    database.exec("PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    return { ok: false, holder: readHolder(sidecar) };
  }
  try {
    const temporary = `${sidecar}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify(info), { mode: 0o600 });
    renameSync(temporary, sidecar);
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    ok: true,
    release() {
      if (!database.isOpen) return;
      rmSync(sidecar, { force: true });
      database.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === sqliteBusy;
}

/** A process that is gone is not the holder, but the one before it, whose name has not been replaced yet. */
function readHolder(sidecar: string): LockInfo | undefined {
  try {
    const info: unknown = JSON.parse(readFileSync(sidecar, "utf8"));
    return isLockInfo(info) && isAlive(info.pid) ? info : undefined;
  } catch {
    return undefined;
  }
}

function isLockInfo(value: unknown): value is LockInfo {
  return typeof value === "object" && value !== null && "pid" in value && Number.isInteger(value.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
