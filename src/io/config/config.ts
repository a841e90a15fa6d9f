/** `bulkhead.toml`: which plugins there are, and how each of them is run. The only truth about that. */
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { z } from "zod";
import { configFile, pluginEntry, type PluginSpec } from "../../../protocol/config.ts";
import { pluginId } from "../../../protocol/description.ts";
import { aliasesOf } from "../../../protocol/aliases.ts";
import { configured, Unanswered } from "../looks.ts";
import { contractProblems } from "./contract-file.ts";
import {
  daemonOrigins,
  pluginOrigins,
  settingOrigins,
  trustOrigins,
  type DaemonSettings,
  type Origin,
} from "./origin.ts";
import {
  firstProblems,
  problemAt,
  problemsOf,
  shortened,
  type ConfigProblem,
  type Section,
} from "./problem.ts";
import { plainData, readToml, reasonOf } from "./read.ts";
import type { TomlFile } from "./read.ts";
import { readSettings, settingsFileOf } from "./settings-file.ts";
import { commandFor, noCommand, specFrom, type SpecBase } from "./spec.ts";
import { lockFileOf, readLock } from "../trust/lock-file.ts";

export { settingKey, unseen, withoutSettings, type DaemonSettings, type Origin } from "./origin.ts";
export { formatProblem, type ConfigProblem } from "./problem.ts";
export { sameButLocked, sameSpec, specFrom } from "./spec.ts";

/** A plugin that is named but can not be run as it is written; the others are not affected. */
export interface BrokenPlugin {
  readonly id: string;
  readonly problems: readonly ConfigProblem[];
}

export interface LoadedConfig {
  /** Absolute; null: there is none, and so there are no plugins. */
  readonly file: string | null;
  readonly daemon: DaemonSettings;
  /** Sorted by id. */
  readonly plugins: readonly PluginSpec[];
  /** Sorted by id. */
  readonly broken: readonly BrokenPlugin[];
  /** What is wrong without costing a plugin: a plugin directory that is not there, an id that is defined twice. */
  readonly problems: readonly ConfigProblem[];
  readonly origins: readonly Origin[];
  /** All files that were read, manifests included. */
  readonly files: readonly string[];
}

/** Not ok: the file does not parse or its top level is wrong, so that whatever was in force stays in force. */
export type ConfigResult =
  | { readonly ok: true; readonly config: LoadedConfig }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

export interface LoadOptions {
  /** The daemon's own environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Default: this one. */
  readonly platform?: NodeJS.Platform;
}

export const daemonDefaults: DaemonSettings = {
  keepMs: 30 * 24 * 3_600_000,
  keepBytes: 256 * 1024 ** 2,
  logSize: 8 * 1024 ** 2,
  logFiles: 5,
  logLevel: "info",
  maxClients: 256,
  maxConnectionRate: 500,
  maxRequestRate: 200,
  readOnlySocket: null,
};

const manifestName = "plugin.toml";

/** Reads the configuration and all manifests that it leads to. Never throws: what is wrong comes as a problem. */
export async function loadConfig(file: string | null, options: LoadOptions): Promise<ConfigResult> {
  if (file === null) return { ok: true, config: assemble(null, daemonDefaults, [], [], []) };
  const read = await readToml(path.resolve(file));
  if (!read.ok) return read;
  const { table, section } = read;

  // Of the entries only that they are a table: they are judged one by one below.
  const parsed = configFile.safeParse(table);
  if (!parsed.success)
    return { ok: false, problems: inOrder(problemsOf(parsed.error, table, configFile, section)) };

  const lockPath = lockFileOf(section.file);
  const locked = await readLock(lockPath);
  if (!locked.ok) return locked;

  const platform = options.platform ?? process.platform;
  const trust = { options: parsed.data.trust ?? {}, lock: locked.lock };
  const environment = { env: options.env, platform, trust, configFile: section.file };
  const found = await Promise.all(
    Object.entries(table["plugins"] ?? {}).map(([id, entry]) =>
      readEntry(id, entry, { ...section, path: ["plugins", id] }, environment),
    ),
  );
  const directories = await discover(parsed.data.plugin_dirs ?? [], section, environment);
  const daemon = daemonSettings(parsed.data, path.dirname(section.file));
  const origins = [
    ...daemonOrigins(daemon, table["daemon"], { ...section, path: ["daemon"] }),
    ...trustOrigins(table["trust"], { ...section, path: ["trust"] }),
  ];
  const all = [...found, ...directories.found];
  const config = assemble(section.file, daemon, origins, all, directories.problems);
  return { ok: true, config: { ...config, files: [...config.files, ...(locked.exists ? [lockPath] : [])] } };
}

/** Another name that is taken is of no use, and costs nobody else anything. */
function aliasProblems(found: readonly Found[]): ConfigProblem[] {
  const specs = found.flatMap(({ result }) => (result.ok ? [result.spec] : []));
  const ids = found.map(({ id }) => id);
  return aliasesOf(specs, ids).clashes.flatMap(({ plugin, alias, other }) => {
    const section = found.find(({ id }) => id === plugin)?.section;
    const message = `ignored: ${alias} is a name of ${other} already`;
    return section === undefined ? [] : [problemAt(section, ["aliases", alias], message)];
  });
}

type Environment = Pick<SpecBase, "env" | "platform"> & {
  readonly configFile: string;
  readonly trust: Omit<NonNullable<SpecBase["trust"]>, "isManifest">;
};

/** A plugin that was found, whether it can be run or not. */
interface Found {
  readonly id: string;
  readonly section: Section;
  /** The file of its own settings, where it has one. */
  readonly settingsFile?: string;
  readonly result:
    | { readonly ok: true; readonly spec: PluginSpec; readonly origins: readonly Origin[] }
    | { readonly ok: false; readonly problems: readonly ConfigProblem[] };
}

function assemble(
  file: string | null,
  daemon: DaemonSettings,
  origins: readonly Origin[],
  found: readonly Found[],
  problems: readonly ConfigProblem[],
): LoadedConfig {
  // The first definition stands: the configuration's own before manifests, one directory's before the next one's.
  const first = new Map<string, Found>();
  const again: ConfigProblem[] = [];
  for (const each of found) {
    const other = first.get(each.id);
    if (other === undefined) first.set(each.id, each);
    else
      again.push(
        problemAt(
          each.section,
          [],
          `ignored: plugin ${each.id} is defined in ${placeOf(other.section)} already`,
        ),
      );
  }
  const byId = [...first.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    file,
    daemon,
    plugins: byId.flatMap(({ result }) => (result.ok ? [result.spec] : [])),
    broken: byId.flatMap(({ id, result }) => (result.ok ? [] : [{ id, problems: result.problems }])),
    problems: [...problems, ...again, ...aliasProblems(byId)],
    origins: [...origins, ...byId.flatMap(({ result }) => (result.ok ? result.origins : []))],
    files: [...new Set([...(file === null ? [] : [file]), ...found.flatMap(filesOf)])],
  };
}

function filesOf({ section, settingsFile }: Found): string[] {
  return settingsFile === undefined ? [section.file] : [section.file, settingsFile];
}

async function readEntry(
  id: string,
  written: unknown,
  section: Section,
  environment: Environment,
): Promise<Found> {
  const problems: ConfigProblem[] = [];
  const name = pluginId.safeParse(id);
  if (!name.success) {
    const rule = name.error.issues[0]?.message ?? "is not allowed";
    problems.push(problemAt(section, [], `the plugin's name ${JSON.stringify(shortened(id))} ${rule}`));
  }
  const plain = plainData(written, section);
  const entry = pluginEntry.safeParse(plain.value);
  problems.push(...plain.problems);
  if (!entry.success) problems.push(...problemsOf(entry.error, plain.value, pluginEntry, section));
  else if (commandFor(entry.data, environment.platform) === undefined) {
    problems.push(problemAt(section, ["command"], noCommand(entry.data, environment.platform)));
  } else problems.push(...contractProblems(entry.data, section));
  // A name that is none could lead anywhere.
  const own = name.success ? await ownSettings(id, entry.data?.config, section, environment) : none;
  problems.push(...own.problems);
  const files = own.file === undefined ? {} : { settingsFile: own.file };
  if (entry.success && problems.length === 0) {
    const whole = { ...entry.data, config: { ...entry.data.config, ...own.settings } };
    const trust = { ...environment.trust, isManifest: section.file !== environment.configFile };
    const spec = specFrom(id, whole, { dir: path.dirname(section.file), ...environment, trust });
    problems.push(...(await contradictions(spec, section)));
    if (problems.length === 0) {
      const origins = [...pluginOrigins(spec, entry.data, plain.value, section), ...own.origins];
      return { id, section, ...files, result: { ok: true, spec, origins } };
    }
  }
  return { id, section, ...files, result: { ok: false, problems: inOrder(problems) } };
}

interface OwnSettings {
  /** Undefined: there is none. */
  readonly file?: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly origins: readonly Origin[];
  readonly problems: readonly ConfigProblem[];
}

const none: OwnSettings = { settings: {}, origins: [], problems: [] };

/** What stands in the plugin's settings file. One thing in two places is a mistake: none of them is the one to change. */
async function ownSettings(
  id: string,
  config: Readonly<Record<string, unknown>> = {},
  entry: Section,
  { configFile: main }: Environment,
): Promise<OwnSettings> {
  const file = settingsFileOf(main, id);
  const read = await readSettings(file);
  if (read.kind === "absent") return none;
  if (read.kind === "wrong") return { ...none, file, problems: read.problems };
  const { settings, section } = read;
  const problems = Object.keys(settings)
    .filter((key) => Object.hasOwn(config, key))
    .map((key) => {
      const other = placeOf({ ...entry, path: [...entry.path, "config", key] });
      return problemAt(section, [key], `is set in ${other} as well; keep it in one place`);
    });
  return {
    file,
    settings,
    problems: firstProblems(problems),
    origins: settingOrigins(id, settings, section),
  };
}

/** For a working directory to say that it is none. Milliseconds. */
const cwdMs = 1000;
/** For a directory of plugins to say what is in it. Without an answer they are left out. Milliseconds. */
const discoveryMs = 5000;

/** Mistakes that no single value shows. */
async function contradictions(spec: PluginSpec, section: Section): Promise<ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  const { minDelayMs, maxDelayMs } = spec.restart;
  if (minDelayMs > maxDelayMs) {
    const message = `found ${minDelayMs} ms, must not be above max_delay, which is ${maxDelayMs} ms`;
    problems.push(problemAt(section, ["restart", "min_delay"], message));
  }
  // A spawn in a missing directory fails with ENOENT, which would be blamed on the executable.
  const isDirectory = await configured
    .at(spec.cwd, () => stat(spec.cwd), { signal: AbortSignal.timeout(cwdMs) })
    .then(
      (found) => found.isDirectory(),
      // What does not answer may be one. Its start says more.
      (error: unknown) => error instanceof Unanswered,
    );
  if (!isDirectory) problems.push(problemAt(section, ["cwd"], `${spec.cwd} is not a directory`));
  return problems;
}

/** @throws Unanswered, and whatever the look throws */
function discovered<T>(file: string, look: () => Promise<T>): Promise<T> {
  return configured.at(file, look, { signal: AbortSignal.timeout(discoveryMs) });
}

/** Each subfolder with a manifest is a plugin, named after the folder. */
async function discover(
  directories: readonly string[],
  section: Section,
  environment: Environment,
): Promise<{ found: Found[]; problems: ConfigProblem[] }> {
  const found: Found[] = [];
  const problems: ConfigProblem[] = [];
  for (const [index, directory] of directories.entries()) {
    const absolute = path.resolve(path.dirname(section.file), directory);
    let names: string[];
    try {
      names = await discovered(absolute, () => readdir(absolute));
    } catch (error) {
      problems.push(
        problemAt(section, ["plugin_dirs", index], `${absolute} cannot be read: ${reasonOf(error)}`),
      );
      continue;
    }
    for (const id of names.sort()) {
      const manifest = path.join(absolute, id, manifestName);
      if (await isThere(manifest)) found.push(await readManifest(id, manifest, environment));
    }
  }
  return { found, problems };
}

async function readManifest(id: string, manifest: string, environment: Environment): Promise<Found> {
  const read = await discovered(manifest, () => readToml(manifest)).catch(unread(manifest));
  if (read.ok) return readEntry(id, read.table, read.section, environment);
  const section: Section = { file: manifest, find: () => undefined, path: [] };
  return { id, section, result: { ok: false, problems: read.problems } };
}

function unread(file: string): (error: unknown) => Extract<TomlFile, { ok: false }> {
  return (error) => ({
    ok: false,
    problems: [
      { file, line: undefined, column: undefined, key: "", message: `cannot be read: ${reasonOf(error)}` },
    ],
  });
}

/** Unreadable counts as there: it is listed with its error rather than overlooked. */
async function isThere(file: string): Promise<boolean> {
  return discovered(file, () => stat(file)).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT" && error.code !== "ENOTDIR",
  );
}

function daemonSettings({ daemon }: z.output<typeof configFile>, dir: string): DaemonSettings {
  return {
    keepMs: daemon?.keep ?? daemonDefaults.keepMs,
    keepBytes: daemon?.keep_size ?? daemonDefaults.keepBytes,
    logSize: daemon?.log_size ?? daemonDefaults.logSize,
    logFiles: daemon?.log_files ?? daemonDefaults.logFiles,
    logLevel: daemon?.log_level ?? daemonDefaults.logLevel,
    maxClients: daemon?.max_clients ?? daemonDefaults.maxClients,
    maxConnectionRate: daemon?.max_connection_rate ?? daemonDefaults.maxConnectionRate,
    maxRequestRate: daemon?.max_request_rate ?? daemonDefaults.maxRequestRate,
    readOnlySocket:
      daemon?.read_only_socket === undefined
        ? daemonDefaults.readOnlySocket
        : path.resolve(dir, daemon.read_only_socket),
  };
}

function placeOf(section: Section): string {
  const position = section.find(section.path);
  return position === undefined ? section.file : `${section.file}:${position.line}`;
}

function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
