/** The effective value of every setting, and who says so: for `bulkhead config show`. */
import { passedEnv, type PluginEntry, type PluginSpec } from "../../../protocol/config.ts";
import { formatKey, memberOf, type Section } from "./problem.ts";

export interface Origin {
  /** `plugins.min.restart.jitter` */
  readonly key: string;
  /** As it would be written in the file; never the value of a variable that is passed on from the environment. */
  readonly value: unknown;
  /** `file:line`, or `default`. */
  readonly origin: string;
}

/** What keeps the daemon's own house: its journal and its logs. */
export interface DaemonSettings {
  readonly keepMs: number;
  readonly keepBytes: number;
  readonly logSize: number;
  readonly logFiles: number;
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error";
  readonly maxClients: number;
  /** Both a second. */
  readonly maxConnectionRate: number;
  readonly maxRequestRate: number;
  /** Absolute; null: there is none. */
  readonly readOnlySocket: string | null;
}

export function daemonOrigins(settings: DaemonSettings, written: unknown, section: Section): Origin[] {
  return originsOf(["daemon"], written, section, [
    [["keep"], inMilliseconds(settings.keepMs)],
    [["keep_size"], inBytes(settings.keepBytes)],
    [["log_size"], inBytes(settings.logSize)],
    [["log_files"], settings.logFiles],
    [["log_level"], settings.logLevel],
    [["max_clients"], settings.maxClients],
    [["max_connection_rate"], settings.maxConnectionRate],
    [["max_request_rate"], settings.maxRequestRate],
    [["read_only_socket"], undefined],
  ]);
}

export function trustOrigins(written: unknown, section: Section): Origin[] {
  return originsOf(["trust"], written, section, [
    [["keys"], undefined],
    [["required"], undefined],
  ]);
}

export function pluginOrigins(
  spec: PluginSpec,
  entry: PluginEntry,
  written: unknown,
  section: Section,
): Origin[] {
  const { restart, timeouts, limits } = spec;
  const settings = originsOf(["plugins", spec.id], written, section, [
    [["args"], spec.args],
    [["start"], spec.start],
    [["idle_stop"], inMilliseconds(spec.idleStopMs)],
    [["sha256"], spec.sha256],
    [["signature"], undefined],
    [["signed_by"], undefined],
    [["in_place"], undefined],
    ...Object.keys(entry.config ?? {}).map((key): Setting => [["config", key], undefined]),
    ...spec.apis.map(({ name, range }): Setting => [["apis", name], range]),
    [["restart", "when"], restart.when],
    [["restart", "min_delay"], inMilliseconds(restart.minDelayMs)],
    [["restart", "max_delay"], inMilliseconds(restart.maxDelayMs)],
    [["restart", "jitter"], restart.jitter],
    [["restart", "reset_after"], inMilliseconds(restart.resetAfterMs)],
    [["restart", "max_failures"], restart.maxFailures],
    [["restart", "window"], inMilliseconds(restart.windowMs)],
    [["timeouts", "handshake"], inMilliseconds(timeouts.handshakeMs)],
    [["timeouts", "call"], inMilliseconds(timeouts.callMs)],
    [["timeouts", "total"], inMilliseconds(timeouts.totalMs)],
    [["timeouts", "drain"], inMilliseconds(timeouts.drainMs)],
    [["timeouts", "terminate"], inMilliseconds(timeouts.terminateMs)],
    [["limits", "in_flight"], limits.inFlight],
    [["limits", "waiting"], limits.waiting],
    [["limits", "frame"], inBytes(limits.frameBytes)],
    [["limits", "depth"], limits.depth],
    [["limits", "stderr_line"], inBytes(limits.stderrLineBytes)],
    ...Object.keys(entry.limits ?? {})
      .filter((key) => processLimits.has(key))
      .map((key): Setting => [["limits", key], undefined]),
  ]);
  const at = (...path: string[]): string => originAt(section, path);
  return [
    // Resolved, because that is the question: which file is it that runs?
    { key: formatKey(["plugins", spec.id, "command"]), value: spec.command, origin: at("command") },
    {
      key: formatKey(["plugins", spec.id, "cwd"]),
      value: spec.cwd,
      origin: entry.cwd === undefined ? "default" : at("cwd"),
    },
    ...Object.keys(spec.env).map((name) => {
      const key = formatKey(["plugins", spec.id, "env", name]);
      const set = entry.env?.[name];
      // A value may be a secret, and this is read over people's shoulders.
      if (set !== undefined) return { key, value: "(set)", origin: at("env", name) };
      const named = entry.pass_env?.includes(name) === true && !passedEnv.some((always) => always === name);
      return { key, value: "(from the environment)", origin: named ? at("pass_env") : "default" };
    }),
    ...settings,
  ];
}

/** Of what stands in the plugin's own settings file. */
export function settingOrigins(
  id: string,
  settings: Readonly<Record<string, unknown>>,
  section: Section,
): Origin[] {
  return Object.entries(settings).map(([key, value]) => ({
    key: settingKey(id, key),
    value,
    origin: originAt(section, [key]),
  }));
}

/** Shown for a value of which nobody can say whether it is a secret: only the plugin's schema would. */
export const unseen = "(set)";

/** Without the values of plugins' own settings. */
export function withoutSettings(origins: readonly Origin[]): Origin[] {
  return origins.map((each) =>
    /^plugins\.[^.]+\.config\./.test(each.key) ? { ...each, value: unseen } : each,
  );
}

/** The key of a plugin's own setting among the origins. */
export function settingKey(id: string, key: string): string {
  return formatKey(["plugins", id, "config", key]);
}

const processLimits: ReadonlySet<string> = new Set([
  "memory",
  "files",
  "processes",
  "cpu",
  "file_size",
  "core",
]);

/** A key, and the value that holds when the file does not set it. */
type Setting = readonly [path: readonly string[], byDefault: unknown];

function originsOf(
  root: readonly string[],
  written: unknown,
  section: Section,
  settings: readonly Setting[],
): Origin[] {
  return settings.flatMap(([path, byDefault]) => {
    const key = formatKey([...root, ...path]);
    const value = path.reduce(memberOf, written);
    if (value !== undefined) return [{ key, value, origin: originAt(section, path) }];
    return byDefault === undefined ? [] : [{ key, value: byDefault, origin: "default" }];
  });
}

function originAt(section: Section, path: readonly string[]): string {
  const position = section.find([...section.path, ...path]);
  return position === undefined ? section.file : `${section.file}:${position.line}`;
}

function inMilliseconds(amount: number | undefined): string | undefined {
  return amount === undefined
    ? undefined
    : inLargestUnit(amount, { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 });
}

function inBytes(amount: number): string {
  return inLargestUnit(amount, { GiB: 1024 ** 3, MiB: 1024 ** 2, KiB: 1024, B: 1 });
}

function inLargestUnit(amount: number, units: Record<string, number>): string {
  const [name, factor] = Object.entries(units).find(([, each]) => amount !== 0 && amount % each === 0) ?? [
    "",
    1,
  ];
  return `${amount / factor}${name}`;
}
