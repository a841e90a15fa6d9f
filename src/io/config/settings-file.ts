/** `config/<plugin>.toml` beside `bulkhead.toml`: a plugin's own settings, which may be changed without an editor. */
import { randomUUID } from "node:crypto";
import { mkdir, open, readlink, realpath, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "smol-toml";
import { BulkheadError } from "../../../protocol/error.ts";
import { formatProblem } from "./problem.ts";
import type { ConfigProblem, Section } from "./problem.ts";
import { plainData, readToml, reasonOf } from "./read.ts";
import { editedText, UneditableKey } from "./settings-text.ts";
import type { SettingsChange } from "./settings-text.ts";

export type { SettingsChange } from "./settings-text.ts";

export type Settings = Readonly<Record<string, unknown>>;

/** @param configFile absolute path of `bulkhead.toml` */
export function settingsFileOf(configFile: string, plugin: string): string {
  return path.join(path.dirname(configFile), "config", `${plugin}.toml`);
}

export type SettingsFile =
  /** There is none, which is as good as an empty one. */
  | { readonly kind: "absent" }
  | { readonly kind: "wrong"; readonly problems: readonly ConfigProblem[] }
  | { readonly kind: "read"; readonly settings: Settings; readonly section: Section; readonly text: string };

/** Never throws: what is wrong comes as a problem. */
export async function readSettings(file: string): Promise<SettingsFile> {
  if (!(await isThere(file))) return { kind: "absent" };
  const read = await readToml(file);
  if (!read.ok) return { kind: "wrong", problems: read.problems };
  const { value, problems } = plainData(read.table, read.section);
  if (problems.length > 0) return { kind: "wrong", problems };
  return { kind: "read", settings: asTable(value), section: read.section, text: read.text };
}

/** Unreadable counts as there: it is told with its error rather than overlooked. */
async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT" && error.code !== "ENOTDIR",
  );
}

/** A changed file that is written out and not in its place yet. */
export interface StagedSettings {
  /** Puts it in place, at once and for good. @throws BulkheadError `invalid_config`: the old file is untouched. */
  commit(): Promise<void>;
  /** Forgets about it. */
  discard(): Promise<void>;
}

/**
 * Writes the changed file beside the old one. What it says has been read back: exactly the wanted change.
 *
 * @throws BulkheadError `invalid_config`: it can not be read, changed or written.
 */
export async function stageSettings(file: string, change: SettingsChange): Promise<StagedSettings> {
  const old = await currentText(file);
  const text = changedText(file, old, change);
  if (text === (old ?? "")) return { commit: nothing, discard: nothing };
  // A link stays one: what it leads to is replaced.
  const target = await realpath(file).catch(() => leadsTo(file));
  const staged = `${target}.${randomUUID()}.tmp`;
  const refuse = (error: unknown): BulkheadError =>
    BulkheadError.of("invalid_config", `${file} can not be written: ${reasonOf(error)}`);
  const discard = (): Promise<void> => rm(staged, { force: true });
  try {
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    await writeDurably(staged, text);
  } catch (error) {
    await discard().catch(nothing);
    throw refuse(error);
  }
  return {
    discard,
    async commit() {
      try {
        if ((await currentText(file)) !== old) {
          throw BulkheadError.of(
            "invalid_config",
            `${file} was changed by somebody else just now; try again`,
          );
        }
        await rename(staged, target);
      } catch (error) {
        await discard().catch(nothing);
        throw error instanceof BulkheadError ? error : refuse(error);
      }
      // The name lasts when its directory is written. It is in force whether or not that can be had.
      await syncDirectory(path.dirname(target)).catch(nothing);
    },
  };
}

/** Of a link to what is not there yet, that; else the file itself. */
async function leadsTo(file: string): Promise<string> {
  const link = await readlink(file).catch(() => undefined);
  return link === undefined ? file : path.resolve(path.dirname(file), link);
}

const nothing = (): Promise<void> => Promise.resolve();

/** Null: there is no file. */
async function currentText(file: string): Promise<string | null> {
  const read = await readSettings(file);
  if (read.kind === "wrong") {
    throw BulkheadError.of("invalid_config", read.problems.map(formatProblem).join("\n"));
  }
  return read.kind === "absent" ? null : read.text;
}

function changedText(file: string, old: string | null, change: SettingsChange): string {
  try {
    const text = editedText(old ?? "", change);
    const before = tableOf(file, old ?? "");
    const kept = Object.entries(before).filter(([key]) => !change.unset.includes(key));
    const wanted = { ...Object.fromEntries(kept), ...change.set };
    if (isDeepStrictEqual(tableOf(file, text), wanted)) return text;
  } catch (error) {
    if (error instanceof UneditableKey || error instanceof TypeError) {
      throw BulkheadError.of("invalid_config", `${file}: ${error.message}`);
    }
    // What was written does not even parse.
  }
  throw BulkheadError.of("invalid_config", `${file} can not be changed safely; edit it by hand`);
}

/** As it would be read. @throws when it would not */
function tableOf(file: string, text: string): Settings {
  const { value, problems } = plainData(parse(text), { file, find: () => undefined, path: [] });
  if (problems.length > 0) throw new Error("not what a plugin can be given");
  return asTable(value);
}

function asTable(value: unknown): Settings {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
