/** From what is written about a plugin to all that the supervisor needs: defaults filled in, paths absolute. */
import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  defaults,
  passedEnv,
  strictlyPassedEnv,
  type PluginEntry,
  type PluginSpec,
  type ProcessLimits,
  type Sandbox,
  type Trust,
  type TrustOptions,
  type UsageLimits,
} from "../../../protocol/config.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import type { Lock } from "../trust/lock-file.ts";
import { readContract } from "./contract-file.ts";

export interface SpecBase {
  /** Absolute directory that relative paths of the entry refer to: that of its file. */
  readonly dir: string;
  /** The daemon's environment, of which the plugin gets what is allowed. */
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  /** What the configuration as a whole says about trust; absent: nothing. */
  readonly trust?: {
    readonly options: TrustOptions;
    readonly lock: Lock;
    /** The entry is a manifest: it comes with the plugin, and can not vouch for it. */
    readonly isManifest: boolean;
  };
}

/** @throws BulkheadError `invalid_config`: no command for this platform, or a contract that can not be read. */
export function specFrom(id: string, entry: PluginEntry, base: SpecBase): PluginSpec {
  const command = commandFor(entry, base.platform);
  if (command === undefined)
    throw BulkheadError.of("invalid_config", `${id}: command ${noCommand(entry, base.platform)}`);
  const { restart, timeouts, limits } = entry;
  const executable = locate(command, base);
  return {
    id,
    command: executable,
    args: entry.args ?? [],
    cwd: path.resolve(base.dir, entry.cwd ?? "."),
    env: environment(entry, base.env),
    apis: Object.entries({ ...aliasedApis(entry), ...entry.apis })
      .map(([name, range]) => ({ name, range }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    start: entry.start ?? "auto",
    idleStopMs: entry.idle_stop,
    sha256: entry.sha256,
    trust: trustOf(id, entry, executable, base),
    sandbox: sandboxOf(id, entry, base.dir),
    config: entry.config ?? {},
    services: servicesOf(entry),
    calls: [...(entry.calls ?? [])].sort(),
    contracts: (entry.contracts ?? []).map((file) => readContract(file, base.dir)),
    validate: entry.validate ?? "edges",
    quarantine: entry.quarantine ?? true,
    aliases: entry.aliases ?? {},
    watch: entry.watch ?? false,
    restart: {
      when: restart?.when ?? defaults.restart.when,
      minDelayMs: restart?.min_delay ?? defaults.restart.minDelayMs,
      maxDelayMs: restart?.max_delay ?? defaults.restart.maxDelayMs,
      jitter: restart?.jitter ?? defaults.restart.jitter,
      resetAfterMs: restart?.reset_after ?? defaults.restart.resetAfterMs,
      maxFailures: restart?.max_failures ?? defaults.restart.maxFailures,
      windowMs: restart?.window ?? defaults.restart.windowMs,
    },
    timeouts: {
      handshakeMs: timeouts?.handshake ?? defaults.timeouts.handshakeMs,
      callMs: timeouts?.call ?? defaults.timeouts.callMs,
      totalMs: timeouts?.total ?? defaults.timeouts.totalMs,
      drainMs: timeouts?.drain ?? defaults.timeouts.drainMs,
      terminateMs: timeouts?.terminate ?? defaults.timeouts.terminateMs,
    },
    limits: {
      inFlight: limits?.in_flight ?? defaults.limits.inFlight,
      waiting: limits?.waiting ?? defaults.limits.waiting,
      frameBytes: limits?.frame ?? defaults.limits.frameBytes,
      depth: limits?.depth ?? defaults.limits.depth,
      stderrLineBytes: limits?.stderr_line ?? defaults.limits.stderrLineBytes,
      process: { ...defaults.limits.process, ...processLimits(entry) },
      usage: usageLimits(entry),
    },
  };
}

/** An alias is of no use without its api, so that the api is required. */
function aliasedApis({ aliases = {} }: PluginEntry): Record<string, string> {
  return Object.fromEntries(Object.values(aliases).map((api) => [api, "*"]));
}

/** An entry's own keys replace those of `[trust]`; those of a manifest do not. */
function trustOf(id: string, entry: PluginEntry, command: string, { dir, trust }: SpecBase): Trust {
  const { keys: common, required = false } = trust?.options ?? {};
  const isManifest = trust?.isManifest === true;
  const own = isManifest ? undefined : entry.signed_by;
  const keys = own ?? common ?? entry.signed_by ?? [];
  const accepted = trust?.lock.get(id);
  const isVouchedFor =
    accepted !== undefined || (own ?? common ?? []).length > 0 || (entry.sha256 !== undefined && !isManifest);
  const file = entry.signature === undefined ? `${command}.minisig` : path.resolve(dir, entry.signature);
  return {
    locked: accepted === undefined ? undefined : { sha256: accepted.sha256, version: accepted.version },
    signature: keys.length === 0 ? undefined : { file, keys },
    refused: required && !isVouchedFor,
    // A manifest comes with the plugin, and would take back what the operator has asked for.
    inPlace: !isManifest && (entry.in_place ?? false),
  };
}

/** Sorted, each once. A grant of other plugins is a grant of the service that calls them. */
function servicesOf({ services = [], calls = [] }: PluginEntry): string[] {
  return [...new Set([...services, ...(calls.length > 0 ? ["host.call"] : [])])].sort();
}

/** Whether a plugin may go on running under the other specification: nothing at all differs. */
export function sameSpec(a: PluginSpec, b: PluginSpec): boolean {
  return isDeepStrictEqual(a, b);
}

/** Whether they differ in nothing but what is accepted in `bulkhead.lock`. */
export function sameButLocked(a: PluginSpec, b: PluginSpec): boolean {
  return sameSpec({ ...a, trust: { ...a.trust, locked: b.trust.locked, refused: b.trust.refused } }, b);
}

export function commandFor(entry: PluginEntry, platform: NodeJS.Platform): string | undefined {
  if (typeof entry.command === "string") return entry.command;
  const known: Readonly<Record<string, string | undefined>> = entry.command;
  return known[platform];
}

export function noCommand(entry: PluginEntry, platform: NodeJS.Platform): string {
  const given = typeof entry.command === "string" ? [] : Object.keys(entry.command);
  return `names no executable for this platform (${platform}); given: ${given.join(", ") || "none"}`;
}

/**
 * A file next to the configuration wins over one of the same name on the PATH. What is nowhere stays a path below
 * `dir`, so that the start fails with `executable_not_found` and names the place.
 */
function locate(command: string, { dir, env }: SpecBase): string {
  const besideFile = path.resolve(dir, command);
  if (/[/\\]/.test(command) || isFile(besideFile)) return besideFile;
  const folders = (env["PATH"] ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return folders.map((folder) => path.join(folder, command)).find(isExecutableFile) ?? besideFile;
}

/** What can not be looked at, and what can not even be a name, is none. */
function isFile(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}

function isExecutableFile(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
  } catch {
    return false;
  }
  return isFile(file);
}

function environment(entry: PluginEntry, env: NodeJS.ProcessEnv): Record<string, string> {
  const always = entry.sandbox === "strict" ? strictlyPassedEnv : passedEnv;
  const passed = [...always, ...(entry.pass_env ?? [])].flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(passed), ...entry.env };
}

/** Grants alone would look as if everything else were denied. */
function sandboxOf(id: string, { sandbox = "none", grants }: PluginEntry, dir: string): Sandbox {
  if (sandbox !== "none") {
    const absolute = (paths: readonly string[] = []) => paths.map((each) => path.resolve(dir, each));
    const above = absolute(grants?.write).find((each) => !path.relative(each, dir).startsWith(".."));
    if (above !== undefined) {
      const message = `${id}: grants.write holds ${above}, in which the configuration lies: it could grant itself anything; name a directory beside it`;
      throw BulkheadError.of("invalid_config", message);
    }
    return {
      mode: sandbox,
      grants: {
        read: absolute(grants?.read),
        write: absolute(grants?.write),
        devices: absolute(grants?.devices),
        network: grants?.network ?? false,
      },
    };
  }
  if (grants === undefined) return { mode: "none" };
  const message = `${id}: grants are of no use without a sandbox: write sandbox = "strict" or "basic"`;
  throw BulkheadError.of("invalid_config", message);
}

function usageLimits({ limits }: PluginEntry): UsageLimits {
  return {
    ...(limits?.max_memory === undefined ? {} : { memoryBytes: limits.max_memory }),
    ...(limits?.max_files === undefined ? {} : { files: limits.max_files }),
    ...(limits?.max_cpu === undefined ? {} : { cpu: limits.max_cpu }),
  };
}

function processLimits({ limits }: PluginEntry): ProcessLimits {
  const written = {
    memory: limits?.memory,
    files: limits?.files,
    processes: limits?.processes,
    // The kernel counts CPU time in whole seconds, and 0 would mean none at all.
    cpu: limits?.cpu === undefined ? undefined : Math.max(1, Math.ceil(limits.cpu / 1000)),
    fileSize: limits?.file_size,
    core: limits?.core,
  };
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}
