/** What `bulkhead dev` is pointed at: an executable, or a directory with a manifest; and the configuration made of it. */
import { statSync } from "node:fs";
import path from "node:path";
import { noTrust } from "../../../protocol/config.ts";
import type { PluginSpec } from "../../../protocol/config.ts";
import { pluginId } from "../../../protocol/description.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import type { LoadedConfig } from "../../io/config/config.ts";

export interface DevTarget {
  readonly id: string;
  /** Of a `bulkhead.toml`. */
  readonly config: string;
  /** Null: an executable without one. */
  readonly manifest: string | null;
  /** The one plugin of a configuration, run as its author wants it. */
  readonly override: (config: LoadedConfig) => LoadedConfig;
  /** Its executable, absolute; undefined before there was a configuration without a mistake. */
  readonly executable: () => string | undefined;
}

const manifestName = "plugin.toml";

/**
 * @param named a path; an executable need not be there yet
 * @param args for the plugin, after its own
 * @throws BulkheadError `usage`
 */
export function devTarget(named: string, args: readonly string[], name: string | undefined): DevTarget {
  const file = path.resolve(named);
  const found = statSync(file, { throwIfNoEntry: false });
  const isDirectory = found?.isDirectory() === true || (found === undefined && /[/\\]$/.test(named));
  return isDirectory ? directoryTarget(file, args, name) : fileTarget(file, args, name);
}

function directoryTarget(directory: string, args: readonly string[], name: string | undefined): DevTarget {
  const manifest = path.join(directory, manifestName);
  if (statSync(manifest, { throwIfNoEntry: false }) === undefined) {
    throw usage(`there is no ${manifest}: name the executable, or begin with bulkhead new`);
  }
  const id = path.basename(directory);
  if (name !== undefined && name !== id) {
    throw usage(`--name is for an executable: ${directory} has its name from the directory, ${id}`);
  }
  refuseName(id, `${directory} can not be a plugin's directory: its name`);
  return {
    id,
    // The directory itself, not a link to it: paths in messages are the author's own.
    config: `plugin_dirs = [${tomlString(path.dirname(directory))}]\n`,
    manifest,
    ...only(id, args),
  };
}

function fileTarget(file: string, args: readonly string[], name: string | undefined): DevTarget {
  const id = name ?? nameOf(file);
  refuseName(id, name === undefined ? `choose a name with --name: ${id}` : `the name ${name}`);
  const entry = [
    `[plugins.${id}]`,
    `command = ${tomlString(file)}`,
    `args = [${args.map(tomlString).join(", ")}]`,
    `cwd = ${tomlString(process.cwd())}`,
  ];
  return { id, config: `${entry.join("\n")}\n`, manifest: null, ...only(id, []) };
}

/** `./target/release/To_Do.py` -> `to-do`. */
function nameOf(file: string): string {
  return path
    .parse(file)
    .name.toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-+$/g, "");
}

function refuseName(id: string, what: string): void {
  const parsed = pluginId.safeParse(id);
  if (!parsed.success) throw usage(`${what} ${parsed.error.issues[0]?.message}`);
}

/**
 * Of a configuration only this plugin, started at once and replaced whenever it is rebuilt. A manifest that has become
 * wrong leaves the last one that was right in force, with what is wrong as a problem.
 */
function only(id: string, args: readonly string[]): Pick<DevTarget, "override" | "executable"> {
  let last: PluginSpec | undefined;
  const override = (config: LoadedConfig): LoadedConfig => {
    const written = config.plugins.find((spec) => spec.id === id);
    const broken = config.broken.filter((each) => each.id === id);
    // A pin would refuse the very next build.
    const changes = {
      start: "auto",
      idleStopMs: undefined,
      sha256: undefined,
      trust: noTrust,
      watch: true,
    } as const;
    if (written !== undefined) last = { ...written, ...changes, args: [...written.args, ...args] };
    if (last === undefined) return { ...config, plugins: [], broken, problems: [] };
    return {
      ...config,
      plugins: [last],
      broken: [],
      problems: broken.flatMap(({ problems }) => problems),
    };
  };
  return { override, executable: () => last?.command };
}

/** JSON's strings are TOML's, but for one character. */
function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", String.raw`\u007f`);
}

function usage(message: string): BulkheadError {
  return BulkheadError.of("usage", message);
}
