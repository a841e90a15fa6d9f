/** Opens the journal's file whatever state it is in: a damaged one is moved aside, and what it still gives is taken over. */
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { StoreOptions } from "./messages.ts";
import { crashRow, decodePlugin, emptyBatch } from "./rows.ts";
import type { Batch, CrashRow, PluginRow } from "./rows.ts";
import { NewerSchemaError } from "./schema.ts";
import { isCorrupt, JournalStore } from "./store.ts";

const keptAside = 3;
const salvagedCrashes = 1000;

/** `notice` says what happened to a file that could not be used. Throws when no file can be had. */
export function openStore(
  options: StoreOptions,
  now: number,
): { store: JournalStore; notice: string | undefined } {
  try {
    return { store: new JournalStore(options), notice: undefined };
  } catch (error) {
    if (isCorrupt(error)) return replaceStore(options, now, error);
    if (error instanceof NewerSchemaError) return replaceStore(options, now, error);
    throw error;
  }
}

/**
 * What a file that can not be opened for writing says of the plugins: on a disk that is full it can be read all the same. Without
 * that, their counters would begin at nothing, and be written over those that are there as soon as there is room again.
 */
export function peek(file: string): { lastSeq: number; plugins: PluginRow[] } {
  const { batch, lastSeq } = salvage(file);
  return { lastSeq, plugins: [...batch.plugins] };
}

/** Begins a new file in place of one that is damaged. The store of the old one must be closed. */
export function replaceStore(
  options: StoreOptions,
  now: number,
  reason: unknown,
): { store: JournalStore; notice: string } {
  const { batch, lastSeq } = salvage(options.file);
  const aside = moveAside(options.file, now);
  const store = new JournalStore(options);
  store.continueFrom(lastSeq);
  store.write(batch, true);
  takeOverValues(aside, store);
  const why = reason instanceof Error ? reason.message : String(reason);
  const saved = `${batch.plugins.length} plugins' counters and ${batch.crashes.length} crash reports were taken over`;
  return {
    store,
    notice: `the journal could not be used (${why}); it was moved to ${aside}, and ${saved} into a new one`,
  };
}

/** What plugins have stored may be much, so it goes from file to file; and pipes with it. */
function takeOverValues(aside: string, store: JournalStore): void {
  tryTo(() => {
    const damaged = new DatabaseSync(aside, { readOnly: true, defensive: false });
    try {
      damaged.exec("PRAGMA writable_schema = ON");
      // First what is small: it comes before the damage more likely.
      tryTo(() => store.pipes.takeOver(damaged));
      store.values.takeOver(damaged);
    } finally {
      damaged.close();
    }
  });
}

function moveAside(file: string, now: number): string {
  const aside = `${file}.corrupt-${new Date(now).toISOString().replaceAll(":", "")}`;
  renameSync(file, aside);
  // With its log, for whoever wants to repair it; the shared-memory index is made anew from the log.
  tryTo(() => renameSync(`${file}-wal`, `${aside}-wal`));
  rmSync(`${file}-shm`, { force: true });
  tryTo(() => removeOldest(file));
  return aside;
}

/** Damage that comes back must not fill the disk. */
function removeOldest(file: string): void {
  const prefix = `${basename(file)}.corrupt-`;
  const moved = readdirSync(dirname(file)).filter(
    (name) => name.startsWith(prefix) && !name.endsWith("-wal"),
  );
  for (const name of moved.sort().slice(0, -keptAside)) {
    rmSync(join(dirname(file), name), { force: true });
    rmSync(join(dirname(file), `${name}-wal`), { force: true });
  }
}

/** Reads row by row until the damage: what comes before it is still worth having. */
function salvage(file: string): { batch: Batch; lastSeq: number } {
  const crashes: CrashRow[] = [];
  const plugins: Batch["plugins"][number][] = [];
  let lastSeq = 0;
  let database: DatabaseSync | undefined;
  try {
    const open = (database = openToRead(file));
    // Without it, SQLite reads nothing at all from a file that was cut short.
    open.exec("PRAGMA writable_schema = ON");
    tryTo(() => {
      lastSeq = Number(
        open.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'events'").get()?.["seq"] ?? 0,
      );
    });
    tryTo(() => {
      for (const row of open.prepare("SELECT * FROM plugins").iterate()) {
        const plugin = decodePlugin(row);
        if (plugin !== undefined) plugins.push(plugin);
      }
    });
    tryTo(() => {
      const newest = open.prepare("SELECT * FROM crashes ORDER BY at DESC LIMIT ?");
      for (const row of newest.iterate(salvagedCrashes)) crashes.push(crashRow(row));
    });
  } catch {
    // Not a database at all.
  } finally {
    tryTo(() => database?.close());
  }
  return { batch: { ...emptyBatch, crashes: crashes.toReversed(), plugins }, lastSeq };
}

function openToRead(file: string): DatabaseSync {
  // To read beside a write-ahead log takes files that a full disk has no room for. Without a log, none are needed.
  const immutable = pathToFileURL(file);
  immutable.searchParams.set("immutable", "1");
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false });
  const source = log !== undefined && log.size > 0 ? file : immutable;
  return new DatabaseSync(source, { readOnly: true, defensive: false });
}

function tryTo(act: () => void): void {
  try {
    act();
  } catch {
    // Each of these is worth trying and none is worth failing for.
  }
}
