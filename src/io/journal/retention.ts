/** What the journal deletes, and in which order, to stay within its age and size. */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { StoreOptions } from "./messages.ts";
import type { StoredValues } from "./stored-values.ts";

const batchRows = 200;
const batchPages = 64;
/** So many of the newest crash rows go only after the last event has gone. */
const sparedCrashes = 100;
/**
 * So many of each stay whatever their age: a clock that is set forward by mistake, or was wrong when they were written, must not
 * empty the journal.
 */
const agelessCrashes = 100;
const agelessEvents = 1000;

/** Shares of `keepBytes`: deleting begins at the first and ends at the second; the write-ahead log has its own. */
const fullAt = 0.75;
const roomAt = 0.65;
const walShare = 0.1;
const walMaxBytes = 4 * 1024 * 1024;

/** Bounds the write-ahead log, which is part of what the journal takes up on the disk. */
export function limitWal(database: DatabaseSync, keepBytes: number): void {
  const bytes = Math.min(Math.floor(keepBytes * walShare), walMaxBytes);
  const pages = Math.max(4, Math.floor(bytes / pragma(database, "page_size")));
  database.exec(`PRAGMA wal_autocheckpoint = ${pages}; PRAGMA journal_size_limit = ${bytes}`);
}

function pragma(database: DatabaseSync, name: "page_size" | "page_count" | "freelist_count"): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

export class Retention {
  readonly #database: DatabaseSync;
  readonly #limits: Pick<StoreOptions, "keepMs" | "keepBytes">;
  readonly #values: Pick<StoredValues, "bytes">;

  constructor(
    database: DatabaseSync,
    limits: Pick<StoreOptions, "keepMs" | "keepBytes">,
    values: Pick<StoredValues, "bytes">,
  ) {
    this.#database = database;
    this.#limits = limits;
    this.#values = values;
  }

  get full(): boolean {
    return this.#liveBytes() > this.#limits.keepBytes * fullAt;
  }

  *prune(now: number): Generator<undefined, void> {
    while (this.#deleteOlderThan(now - this.#limits.keepMs)) yield;
    if (this.full) {
      const room = this.#limits.keepBytes * roomAt;
      while (this.#liveBytes() > room && this.#deleteOldest()) yield;
    }
    while (this.#shrinkFile()) yield;
    this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
  }

  #deleteOlderThan(time: number): boolean {
    const events = this.#delete(
      `events WHERE seq IN (SELECT seq FROM events ORDER BY seq LIMIT ${batchRows}) AND at < ?
         AND seq < (SELECT seq FROM events ORDER BY seq DESC LIMIT 1 OFFSET ${agelessEvents - 1})`,
      time,
    );
    const crashes = this.#delete(
      `crashes WHERE rowid IN (SELECT rowid FROM crashes WHERE at < ? ORDER BY at LIMIT ${batchRows})
         AND rowid < (SELECT rowid FROM crashes ORDER BY rowid DESC LIMIT 1 OFFSET ${agelessCrashes - 1})`,
      time,
    );
    return events + crashes > 0;
  }

  /** Crash rows go with the events of their age; the newest hundred stay until no event is left, the newest for good. */
  #deleteOldest(): boolean {
    const oldestEvent = this.#database.prepare("SELECT at FROM events ORDER BY seq LIMIT 1").get()?.["at"];
    if (oldestEvent === undefined) {
      const crashes = Number(this.#database.prepare("SELECT count(*) AS n FROM crashes").get()?.["n"]);
      // Half of them at most: a whole batch might be all there is.
      const spared = Math.max(1, crashes - batchRows, Math.floor(crashes / 2));
      return this.#deleteCrashes(Number.MAX_SAFE_INTEGER, spared) > 0;
    }
    if (this.#deleteCrashes(oldestEvent, sparedCrashes) > 0) return true;
    return this.#delete(`events WHERE seq IN (SELECT seq FROM events ORDER BY seq LIMIT ${batchRows})`) > 0;
  }

  #deleteCrashes(upTo: SQLInputValue, spared: number): number {
    return this.#delete(
      `crashes WHERE rowid IN (
         SELECT rowid FROM crashes
         WHERE at <= ? AND rowid NOT IN (SELECT rowid FROM crashes ORDER BY at DESC, rowid DESC LIMIT ?)
         ORDER BY at LIMIT ${batchRows})`,
      upTo,
      spared,
    );
  }

  /** Free pages are used again, so this is needed only where the file itself is too large: `keepBytes` was lowered. */
  #shrinkFile(): boolean {
    const pages = pragma(this.#database, "page_count");
    const tooLarge =
      pages * pragma(this.#database, "page_size") > this.#limits.keepBytes * (fullAt + walShare);
    if (!tooLarge || pragma(this.#database, "freelist_count") === 0) return false;
    this.#database.exec(`PRAGMA incremental_vacuum(${batchPages})`);
    return pragma(this.#database, "page_count") < pages;
  }

  #liveBytes(): number {
    const pages = pragma(this.#database, "page_count") - pragma(this.#database, "freelist_count");
    // What plugins store has its own limit: they must not be able to push the past out.
    return pages * pragma(this.#database, "page_size") - this.#values.bytes;
  }

  #delete(what: string, ...values: SQLInputValue[]): number {
    return Number(this.#database.prepare(`DELETE FROM ${what}`).run(...values).changes);
  }
}
