/** The journal's database: synchronous, and therefore used by the worker thread only. */
import { closeSync, openSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue, StatementSync } from "node:sqlite";
import type { StoreOptions } from "./messages.ts";
import { claim, disclaim } from "./owner.ts";
import { limitWal, Retention } from "./retention.ts";
import { crashRow, decodePlugin, eventRow } from "./rows.ts";
import type { Batch, EventRow, PluginRow, StoredCrashRow } from "./rows.ts";
import { migrate } from "./schema.ts";
import { StoredPipes } from "./stored-pipes.ts";
import { StoredValues } from "./stored-values.ts";

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const resultCode = { readonly: 8, ioError: 10, corrupt: 11, cantOpen: 14, notADatabase: 26 } as const;

/** The file is there and is not what was written to it. */
class CorruptError extends Error {}

/** The file under its name is not the open one any more: what is written goes nowhere. */
class ReplacedError extends Error {}

export function isCorrupt(error: unknown): boolean {
  const code = primaryCode(error);
  return error instanceof CorruptError || code === resultCode.corrupt || code === resultCode.notADatabase;
}

/** Only a fresh attempt to open the file can help. */
export function needsReopen(error: unknown): boolean {
  const code = primaryCode(error);
  return (
    error instanceof ReplacedError ||
    code === resultCode.readonly ||
    code === resultCode.ioError ||
    code === resultCode.cantOpen
  );
}

/** What is written from here on goes to another file. */
export function wasReplaced(error: unknown): boolean {
  return error instanceof ReplacedError;
}

function primaryCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
}

const keptDescriptions = 200;
/** What SQLite says for INCREMENTAL. */
const incremental = 2;

export class JournalStore {
  readonly #database: DatabaseSync;
  readonly #options: StoreOptions;
  readonly #inMemory: boolean;
  readonly #inode: bigint | undefined;
  readonly #retention: Retention;
  /** What plugins have stored. */
  readonly values: StoredValues;
  readonly pipes: StoredPipes;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens or creates the file; throws what SQLite or the file system throws, or a CorruptError. */
  constructor(options: StoreOptions) {
    this.#options = options;
    this.#inMemory = options.file === ":memory:";
    if (!this.#inMemory) {
      // For its mode, which the files beside it inherit, and for an error that says more than SQLite's.
      closeSync(openSync(options.file, "a", 0o600));
      this.#inode = inodeOf(options.file);
    }
    this.#database = new DatabaseSync(options.file, { timeout: 1000 });
    const values = new StoredValues(this.#database);
    const pipes = new StoredPipes(this.#database);
    this.values = values;
    this.pipes = pipes;
    this.#retention = new Retention(this.#database, options, {
      get bytes() {
        return values.bytes + pipes.bytes;
      },
    });
    try {
      this.#prepareFile();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  #prepareFile(): void {
    // Takes effect only in a file without tables; in any other it is a write all the same, for which a full disk has no room.
    if (this.#database.prepare("PRAGMA auto_vacuum").get()?.["auto_vacuum"] !== incremental) {
      this.#database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    }
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    limitWal(this.#database, this.#options.keepBytes);
    if (this.#options.maxPages !== undefined) {
      this.#database.exec(`PRAGMA max_page_count = ${this.#options.maxPages}`);
    }
    const verdict = this.#database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
    if (verdict !== "ok") throw new CorruptError(String(verdict));
    migrate(this.#database);
    if (!this.#inMemory) claim(this.#database, this.#options.file);
  }

  close(): void {
    this.#statements.clear();
    if (!this.#inMemory) disclaim(this.#database);
    this.#database.close();
  }

  /** The highest position ever given to an event. */
  lastSeq(): number {
    return Number(this.#get("SELECT seq FROM sqlite_sequence WHERE name = 'events'")?.["seq"] ?? 0);
  }

  /** Gives no position up to this one to an event that has none of its own. */
  continueFrom(lastSeq: number): void {
    if (lastSeq <= this.lastSeq()) return;
    this.#run("DELETE FROM sqlite_sequence WHERE name = 'events'");
    this.#run("INSERT INTO sqlite_sequence (name, seq) VALUES ('events', ?)", lastSeq);
  }

  /** Rows that do not hold what they should are left out. */
  plugins(): PluginRow[] {
    return this.#all("SELECT * FROM plugins ORDER BY id").flatMap((row) => decodePlugin(row) ?? []);
  }

  /** One transaction; with `synced` it is on the disk when this returns, and its crash rows say so. */
  write(batch: Batch, synced: boolean): void {
    if (synced) this.checkFile();
    if (synced) this.#database.exec("PRAGMA synchronous = FULL");
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        this.#insert(batch, synced && !this.#inMemory);
        this.#database.exec("COMMIT");
      } catch (error) {
        // Some errors, a full disk among them, roll back by themselves.
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    } finally {
      if (synced) this.#database.exec("PRAGMA synchronous = NORMAL");
    }
  }

  /** A deleted file can be written to without an error; but nobody will ever read it. */
  checkFile(): void {
    if (this.#inMemory || inodeOf(this.#options.file) === this.#inode) return;
    throw new ReplacedError(`${this.#options.file} was deleted or replaced`);
  }

  #insert(batch: Batch, durable: boolean): void {
    for (const event of batch.events) this.#insertEvent(event);
    for (const crash of batch.crashes) {
      this.#run(
        `INSERT INTO crashes (id, plugin, at, durable, body) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE
         SET plugin = excluded.plugin, at = excluded.at, durable = excluded.durable, body = excluded.body`,
        crash.id,
        crash.plugin,
        crash.at,
        durable ? 1 : 0,
        crash.body,
      );
    }
    for (const row of batch.plugins) {
      this.#run(
        "INSERT OR REPLACE INTO plugins (id, generation, restarts, disabled, failures, attempt, quarantine) VALUES (?, ?, ?, ?, ?, ?, ?)",
        row.id,
        row.generation,
        row.restarts,
        row.disabled ? 1 : 0,
        JSON.stringify(row.failures),
        row.attempt,
        row.quarantine === undefined ? null : JSON.stringify(row.quarantine),
      );
    }
    for (const { sha256, body } of batch.descriptions) {
      this.#run("INSERT OR REPLACE INTO descriptions (sha256, body) VALUES (?, ?)", sha256, body);
      this.#run(
        "DELETE FROM descriptions WHERE saved <= (SELECT saved FROM descriptions ORDER BY saved DESC LIMIT 1 OFFSET ?)",
        keptDescriptions,
      );
    }
  }

  #insertEvent(event: EventRow): void {
    const values = [event.at, event.type, event.plugin, event.body] as const;
    const insert = "INSERT INTO events (seq, at, type, plugin, body) VALUES (?, ?, ?, ?, ?)";
    if (this.#run(`${insert} ON CONFLICT (seq) DO NOTHING`, event.seq, ...values) > 0) return;
    // Either a retry of what had arrived after all, or a position given out while the old file could not be read.
    const present = this.#get("SELECT at, body FROM events WHERE seq = ?", event.seq);
    if (present?.["at"] !== event.at || present["body"] !== event.body) this.#run(insert, null, ...values);
  }

  /** The newest `limit`, in their order. */
  events(plugin: string | null, since: number, limit: number): EventRow[] {
    const rows =
      plugin === null
        ? this.#all("SELECT * FROM events WHERE seq > ? ORDER BY seq DESC LIMIT ?", since, limit)
        : this.#all(
            "SELECT * FROM events WHERE plugin = ? AND seq > ? ORDER BY seq DESC LIMIT ?",
            plugin,
            since,
            limit,
          );
    return rows.map(eventRow).toReversed();
  }

  /** Newest first. */
  crashes(plugin: string | null, limit: number): StoredCrashRow[] {
    const rows =
      plugin === null
        ? this.#all("SELECT * FROM crashes ORDER BY at DESC, rowid DESC LIMIT ?", limit)
        : this.#all(
            "SELECT * FROM crashes WHERE plugin = ? ORDER BY at DESC, rowid DESC LIMIT ?",
            plugin,
            limit,
          );
    return rows.map(crashRow);
  }

  findCrash(prefix: string, limit: number): StoredCrashRow[] {
    const rows = this.#all(
      "SELECT * FROM crashes WHERE substr(id, 1, length(?1)) = ?1 ORDER BY at DESC, rowid DESC LIMIT ?2",
      prefix,
      limit,
    );
    return rows.map(crashRow);
  }

  description(sha256: string): string | null {
    const body = this.#get("SELECT body FROM descriptions WHERE sha256 = ?", sha256)?.["body"];
    return typeof body === "string" ? body : null;
  }

  /** Whether retention by size has something to do. */
  get full(): boolean {
    return this.#retention.full;
  }

  /** Deletes what is too old or too much. Each step is one short transaction; others may come between two steps. */
  prune(now: number): Generator<undefined, void> {
    return this.#retention.prune(now);
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #get(sql: string, ...values: SQLInputValue[]) {
    return this.#prepared(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]) {
    return this.#prepared(sql).all(...values);
  }

  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }
}

function inodeOf(file: string): bigint | undefined {
  try {
    return statSync(file, { bigint: true }).ino;
  } catch {
    return undefined;
  }
}
