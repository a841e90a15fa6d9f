/** Opens the journal's file whatever state it is in: a damaged one is moved aside, and what it still gives is taken over. */
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StoreOptions } from "./messages.ts";
import type { PluginRow } from "./rows.ts";
import { salvage, tryTo } from "./salvage.ts";
import { NewerSchemaError } from "./schema.ts";
import { isCorrupt, JournalStore } from "./store.ts";

const keptAside = 3;

interface Opening {
  readonly store: JournalStore;
  /** What happened to a file that could not be used. */
  readonly notice: string | undefined;
  /** Something that it said of plugins is lost. */
  readonly forgot: boolean;
}

/** Throws when no file can be had. */
export function openStore(options: StoreOptions, now: number): Opening {
  // SQLite takes it for a new one.
  const emptied = isEmpty(options.file);
  try {
    const store = new JournalStore(options);
    const notice = emptied ? `the journal ${options.file} was empty, and is begun again` : undefined;
    return { store, notice, forgot: emptied };
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
export function peek(file: string): { lastSeq: number; plugins: PluginRow[]; forgot: boolean } {
  const { batch, lastSeq, whole } = salvage(file);
  return { lastSeq, plugins: [...batch.plugins], forgot: !whole };
}

/** Begins a new file in place of one that is damaged. The store of the old one must be closed. */
export function replaceStore(
  options: StoreOptions,
  now: number,
  reason: unknown,
): Opening & { readonly notice: string } {
  const { batch, lastSeq, whole } = salvage(options.file);
  const aside = moveAside(options.file, now);
  const store = new JournalStore(options);
  store.continueFrom(lastSeq);
  store.write(batch, true);
  takeOverValues(aside, store);
  const why = reason instanceof Error ? reason.message : String(reason);
  const saved = `${batch.plugins.length} plugins' counters and ${batch.crashes.length} crash reports were taken over`;
  const lost = whole ? "" : "; what it said of other plugins is lost, and so is whether they were disabled";
  return {
    store,
    forgot: !whole,
    notice: `the journal could not be used (${why}); it was moved to ${aside}, and ${saved} into a new one${lost}`,
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

function isEmpty(file: string): boolean {
  return sizeOf(file) === 0 && (sizeOf(`${file}-wal`) ?? 0) === 0;
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}
