/** Single instance: a lock that the kernel frees however its holder dies. */
import { accessSync, constants, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { BulkheadError } from "../../protocol/error.ts";
import { kindOf } from "./process/file-kind.ts";

export interface LockInfo {
  readonly pid: number;
  readonly [more: string]: unknown;
}

export type Lock =
  | HeldLock
  /** `holder` is undefined while the holder has not written its name yet. */
  | { readonly ok: false; readonly holder: LockInfo | undefined };

export interface HeldLock {
  readonly ok: true;
  /** Whether it is found where others look for it. A file that was removed or replaced locks nobody out any more. */
  isInPlace(): boolean;
  release(): void;
}

const sqliteBusy = 5;
const sqliteNotADatabase = 26;

/**
 * Takes the lock or says who has it; never waits. `info` goes to `<file>.json` for the others to read, since reading
 * the locked file itself would lose the lock: POSIX drops all locks of a process on a file when it closes any
 * descriptor of it (fcntl(2)). The lock file stays when the lock is released; removing it would let two contenders
 * lock two different files of one name.
 *
 * A disk that is full has no room for the holder's name, which is no reason not to hold the lock.
 *
 * @throws BulkheadError `state_unusable`, when one of the two files can not be created or written.
 */
export function acquireLock(file: string, info: LockInfo): Lock {
  const sidecar = `${file}.json`;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
    // The rollback journal in memory: nothing appears beside the file.
    database.exec("PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if (resultOf(error) !== sqliteBusy) throw unusable(file, error);
    return { ok: false, holder: readHolder(sidecar) };
  }
  const locked = identityOf(file);
  const isInPlace = (): boolean => locked !== undefined && identityOf(file) === locked;
  const temporary = `${sidecar}.${process.pid}`;
  try {
    writeFileSync(temporary, JSON.stringify(info), { mode: 0o600 });
    renameSync(temporary, sidecar);
  } catch (error) {
    remove(temporary);
    if (!isFull(error)) {
      database.close();
      throw unusable(sidecar, error);
    }
  }
  return {
    ok: true,
    isInPlace,
    release() {
      if (!database.isOpen) return;
      // Beside another lock it is the name of another holder.
      if (isInPlace()) remove(sidecar);
      database.close();
    },
  };
}

/** Looked at, never opened: see above. */
function identityOf(file: string): string | undefined {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

/** SQLite's primary result code (sqlite.org/rescode.html). */
function resultOf(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
}

function unusable(file: string, error: unknown): BulkheadError {
  return BulkheadError.of("state_unusable", `the lock ${file} can't be used: ${reasonOf(file, error)}`);
}

/** SQLite has one message for all that it can not open. */
function reasonOf(file: string, error: unknown): string {
  try {
    if (!statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory()) return "its directory is missing";
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats !== undefined && !stats.isFile()) return `it is ${kindOf(stats)}`;
    accessSync(stats === undefined ? dirname(file) : file, constants.W_OK);
  } catch (reason) {
    return messageOf(reason);
  }
  if (resultOf(error) === sqliteNotADatabase) {
    return "it holds something else; remove it when no daemon is running";
  }
  return messageOf(error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A name that stays behind is not believed: its process will be gone. */
function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Somebody made a directory of it.
  }
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
