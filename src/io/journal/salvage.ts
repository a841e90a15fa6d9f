/** Reads what a damaged file of the journal still gives. */
import {
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { crashRow, decodeDisabled, decodePlugin, emptyBatch } from "./rows.ts";
import type { Batch, CrashRow, PluginRow } from "./rows.ts";
import { JournalStore } from "./store.ts";

const salvagedCrashes = 1000;
/** As SQLite has it for every new file. */
const pageBytes = 4096;

export interface Salvage {
  readonly batch: Batch;
  readonly lastSeq: number;
  /** Nothing is missing of what it said of plugins. */
  readonly whole: boolean;
}

export function salvage(file: string): Salvage {
  if (isAbsent(file)) return { batch: emptyBatch, lastSeq: 0, whole: true };
  const found = readDamaged(() => openToRead(file));
  if (found.whole) return found;
  const more = readBehindHead(file);
  return more !== undefined && (more.whole || more.batch.plugins.length > found.batch.plugins.length)
    ? more
    : found;
}

/** One that can not even be looked at may be there. */
function isAbsent(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

/** Reads row by row until the damage: what comes before it is still worth having. */
function readDamaged(open: () => DatabaseSync): Salvage {
  const crashes: CrashRow[] = [];
  const plugins = new Map<string, PluginRow>();
  let lastSeq = 0;
  let whole = false;
  let database: DatabaseSync | undefined;
  try {
    const damaged = (database = open());
    // Without it, SQLite reads nothing at all from a file that was cut short.
    damaged.exec("PRAGMA writable_schema = ON");
    tryTo(() => {
      lastSeq = Number(
        damaged.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'events'").get()?.["seq"] ?? 0,
      );
    });
    tryTo(() => {
      let bad = 0;
      for (const row of damaged.prepare("SELECT * FROM plugins").iterate()) {
        const plugin = decodePlugin(row);
        if (plugin === undefined) bad++;
        else plugins.set(plugin.id, plugin);
      }
      whole = bad === 0;
    });
    if (!whole) for (const row of lastWords(damaged)) if (!plugins.has(row.id)) plugins.set(row.id, row);
    tryTo(() => {
      const newest = damaged.prepare("SELECT * FROM crashes ORDER BY at DESC LIMIT ?");
      for (const row of newest.iterate(salvagedCrashes)) crashes.push(crashRow(row));
    });
  } catch {
    // Not a database at all.
  } finally {
    tryTo(() => database?.close());
  }
  return {
    batch: { ...emptyBatch, crashes: crashes.toReversed(), plugins: [...plugins.values()] },
    lastSeq,
    whole,
  };
}

/** What operators said of plugins whose rows are lost: each `enable` and `disable` is an event as well. */
function lastWords(damaged: DatabaseSync): PluginRow[] {
  const words = new Map<string, boolean>();
  // From both ends up to the damage; what was said last counts.
  for (const order of ["DESC", "ASC"]) {
    const found = new Map<string, boolean>();
    tryTo(() => {
      const events = damaged.prepare(
        `SELECT plugin, body FROM events WHERE type = 'operator.action' ORDER BY seq ${order}`,
      );
      for (const row of events.iterate()) {
        const word = decodeDisabled(row);
        if (word === undefined) continue;
        if (order === "ASC" || !found.has(word.id)) found.set(word.id, word.disabled);
      }
    });
    for (const [id, disabled] of found) if (!words.has(id)) words.set(id, disabled);
  }
  return Array.from(words, ([id, disabled]) => ({
    id,
    generation: 0,
    restarts: 0,
    disabled,
    failures: [],
    attempt: 0,
  }));
}

/**
 * The first page says where the tables are, and everything is lost with it; but the tables of the first version are at the same
 * place in every journal. So a copy gets the first page of a new one.
 */
function readBehindHead(file: string): Salvage | undefined {
  const copy = `${file}.salvage`;
  const fresh = `${file}.fresh`;
  try {
    new JournalStore({ file: fresh, keepMs: 0, keepBytes: 1024 * 1024, maxPages: undefined }).close();
    const head = readFileSync(fresh).subarray(0, pageBytes);
    copyFileSync(file, copy);
    const written = openSync(copy, "r+");
    try {
      const pages = Math.ceil(fstatSync(written).size / pageBytes);
      // Its size in pages, and that no page is free: what the new one says of itself is not so of the old one.
      // https://www.sqlite.org/fileformat2.html#the_database_header
      head.writeUInt32BE(pages, 28);
      head.writeUInt32BE(0, 32);
      head.writeUInt32BE(0, 36);
      writeSync(written, head, 0, pageBytes, 0);
    } finally {
      closeSync(written);
    }
    return readDamaged(() => openToRead(copy));
  } catch {
    return undefined;
  } finally {
    for (const left of [copy, fresh]) {
      for (const end of ["", "-wal", "-shm"]) tryTo(() => rmSync(left + end, { force: true }));
    }
  }
}

function openToRead(file: string): DatabaseSync {
  // To read beside a write-ahead log takes files that a full disk has no room for. Without a log, none are needed.
  const immutable = pathToFileURL(file);
  immutable.searchParams.set("immutable", "1");
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false });
  const source = log !== undefined && log.size > 0 ? file : immutable;
  return new DatabaseSync(source, { readOnly: true, defensive: false });
}

/** What is worth trying, and not worth failing for. */
export function tryTo(act: () => void): void {
  try {
    act();
  } catch {
    // The next one may do.
  }
}
