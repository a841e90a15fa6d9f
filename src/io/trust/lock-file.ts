/** `bulkhead.lock` beside `bulkhead.toml`: which executables an operator has accepted. Written by `bulkhead trust` alone. */
import { randomUUID } from "node:crypto";
import { lstat, open, realpath, rename, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { sha256 } from "../../../protocol/config.ts";
import { pluginId } from "../../../protocol/description.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import { inToml, keyInToml } from "../../../protocol/toml-value.ts";
import { formatProblem, problemsOf } from "../config/problem.ts";
import type { ConfigProblem } from "../config/problem.ts";
import { plainData, readToml, reasonOf } from "../config/read.ts";

const entry = z.strictObject({
  sha256,
  /** What the plugin said of itself when it ran; absent: it had not run yet. */
  version: z.string().optional(),
  /** When it was accepted. */
  trusted: z.iso.datetime({ offset: true }),
});

const lockFile = z.strictObject({ lock: z.literal(1), plugins: z.record(pluginId, entry).optional() });

export type LockEntry = z.output<typeof entry>;
/** By plugin. */
export type Lock = ReadonlyMap<string, LockEntry>;

export type LockResult =
  | { readonly ok: true; readonly lock: Lock; readonly exists: boolean }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** @param configFile absolute path of `bulkhead.toml` */
export function lockFileOf(configFile: string): string {
  const { dir, name } = path.parse(configFile);
  return path.join(dir, `${name}.lock`);
}

/** None is as good as an empty one. One that is wrong is not: what it said must not be forgotten silently. */
export async function readLock(file: string): Promise<LockResult> {
  if (!(await isThere(file))) return { ok: true, lock: new Map(), exists: false };
  const read = await readToml(file);
  if (!read.ok) return read;
  const { value, problems } = plainData(read.table, read.section);
  const parsed = lockFile.safeParse(value);
  if (!parsed.success)
    return { ok: false, problems: problemsOf(parsed.error, value, lockFile, read.section) };
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, lock: new Map(Object.entries(parsed.data.plugins ?? {})), exists: true };
}

/**
 * Changes one entry, or takes it away, and leaves the others as they stand in the file now.
 *
 * @throws BulkheadError `invalid_config`: it can not be read or written, and is as it was.
 */
export async function changeLock(
  file: string,
  plugin: string,
  changed: LockEntry | undefined,
): Promise<Lock> {
  const read = await readLock(file);
  if (!read.ok) throw BulkheadError.of("invalid_config", read.problems.map(formatProblem).join("\n"));
  const entries = new Map(read.lock);
  if (changed === undefined) entries.delete(plugin);
  else entries.set(plugin, changed);
  try {
    await replace(await realpath(file).catch(() => file), lockText(entries));
  } catch (error) {
    throw BulkheadError.of("invalid_config", `${file} can not be written: ${reasonOf(error)}`);
  }
  return entries;
}

/** Sorted, so that a change of one plugin is a change of its lines. */
export function lockText(lock: Lock): string {
  const tables = [...lock]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([plugin, { sha256: hash, version, trusted }]) => {
      const said = version === undefined ? "" : `version = ${inToml(version)}\n`;
      return `\n[plugins.${keyInToml(plugin)}]\nsha256 = ${inToml(hash)}\n${said}trusted = ${trusted}\n`;
    });
  return `# Executables that were accepted by "bulkhead trust". Belongs to the configuration beside it.\nlock = 1\n${tables.join("")}`;
}

/** As a whole or not at all. */
async function replace(file: string, text: string): Promise<void> {
  const staged = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(staged, "wx", 0o644);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(staged, file);
  } catch (error) {
    await rm(staged, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Unreadable counts as there, and so does a link that leads nowhere: told with its error rather than overlooked. */
async function isThere(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT" && error.code !== "ENOTDIR",
  );
}
