/** The shape of `bulkhead.toml` and of a `plugin.toml` manifest, and what the supervisor makes of an entry. */
import { z } from "zod";
import type { ContractDocument } from "./contract.ts";
import { pluginId, semverRange, serviceName } from "./description.ts";
import type { RequiredApi } from "./version.ts";

const second = 1000;
const minute = 60 * second;
const mebibyte = 1024 * 1024;

const durationUnits: Record<string, number> = {
  ms: 1,
  s: second,
  m: minute,
  h: 60 * minute,
  d: 24 * 60 * minute,
};
const sizeUnits: Record<string, number> = { B: 1, KiB: 1024, MiB: mebibyte, GiB: 1024 * mebibyte };

/** Milliseconds; written as `"500ms"`, `"30s"`, `"10m"`, `"2h"`, `"7d"`. */
export const duration = quantity(
  /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/,
  durationUnits,
  { least: 0, most: 3650 * 24 * 60 * minute },
  'a duration such as "500ms", "30s" or "10m", up to "3650d"',
);

/** A duration that a timer waits for. Node's timers fire at once beyond 2^31 ms, and jitter may double a delay. */
const delay = quantity(
  /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/,
  durationUnits,
  { least: 0, most: 10 * 24 * 60 * minute },
  'a duration such as "500ms", "30s" or "10m", up to "10d"',
);

/** Bytes; written as a number or as `"64KiB"`, `"512MiB"`, `"2GiB"`. */
export const size = z
  .union([
    z.int().positive(),
    quantity(
      /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/,
      sizeUnits,
      { least: 1, most: Number.MAX_SAFE_INTEGER },
      'a size such as "64KiB" or "512MiB"',
    ),
  ])
  .describe('a size such as 65536, "64KiB" or "512MiB"');

/** A number with its unit, as text; the description is what an error says is allowed. */
function quantity(
  pattern: RegExp,
  units: Record<string, number>,
  bounds: { least: number; most: number },
  what: string,
) {
  const amountOf = (text: string): number => {
    const [, amount, unit] = pattern.exec(text) ?? [];
    return Math.round(Number(amount) * (units[unit ?? ""] ?? Number.NaN));
  };
  const inBounds = (text: string): boolean => amountOf(text) >= bounds.least && amountOf(text) <= bounds.most;
  return z.string().regex(pattern, { abort: true }).refine(inBounds).transform(amountOf).describe(what);
}

/** The operating system ends arguments and variables at a NUL. */
const text = z.string().regex(/^[^\0]*$/, "must not contain a NUL character");
const path = text.min(1);

const count = z.int().positive();

/** In lower case. */
export const sha256 = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, "must be 64 hexadecimal digits")
  .transform((text) => text.toLowerCase());

/** `Ed`, the number of the key (8 bytes) and an ed25519 key (32 bytes), as base64. */
const publicKey = z
  .string()
  .regex(/^RW[Q-T][A-Za-z0-9+/]{53}$/, "must be a public key of minisign: RW and 54 more characters");

/** One executable for all platforms, or one for each: `{ linux = "…", darwin = "…", win32 = "…" }`. */
const command = z
  .union([path, z.strictObject({ linux: path.optional(), darwin: path.optional(), win32: path.optional() })])
  .describe('the path of an executable, or a table of one for each platform: { linux = "…" }');

/** What stands between a plugin and the machine. */
export const sandboxMode = z.enum(["none", "basic", "strict"]);
export type SandboxMode = z.output<typeof sandboxMode>;

/** What a plugin in a sandbox may have all the same. Paths are relative to the file of the entry. */
const grants = z.strictObject({
  /** Files and directories to read and to execute. */
  read: z.array(path).optional(),
  /** Files and directories to read and to change. */
  write: z.array(path).optional(),
  /** Device files to read, write and control. */
  devices: z.array(path).optional(),
  network: z.boolean().optional(),
});

const restart = z.strictObject({
  /** `on-failure`: after a crash; `always`: after an exit with status 0 as well; `never`. */
  when: z.enum(["on-failure", "always", "never"]).optional(),
  min_delay: delay.optional(),
  max_delay: delay.optional(),
  /** Fraction of the delay that chance adds or takes away. */
  jitter: z.number().min(0).max(1).optional(),
  /** After being ready for so long, the delay starts from `min_delay` again. */
  reset_after: delay.optional(),
  /** More failures than this within `window` are a crash loop. */
  max_failures: z.int().nonnegative().optional(),
  window: duration.optional(),
});

const timeouts = z.strictObject({
  handshake: delay.optional(),
  /** Without an answer or progress for so long, a call is given up. */
  call: delay.optional(),
  /** Upper bound of a call with progress; absent: none. */
  total: delay.optional(),
  /** For calls in flight to finish when a plugin is stopped. */
  drain: delay.optional(),
  /** Between SIGTERM and SIGKILL. */
  terminate: delay.optional(),
});

const limits = z.strictObject({
  in_flight: count.optional(),
  waiting: count.optional(),
  frame: size.optional(),
  depth: count.max(10_000).optional(),
  stderr_line: size.optional(),
  /** Enforced by the guard on the process: */
  memory: size.optional(),
  files: count.optional(),
  processes: count.optional(),
  cpu: duration.optional(),
  file_size: size.optional(),
  core: z.union([z.literal(0), size]).optional(),
  /** Sampled over the process and all its descendants; one that is over it is killed: */
  max_memory: size.optional(),
  max_files: count.optional(),
  /** In cores, on average over ten seconds: 0.5 is half a core. */
  max_cpu: z.number().positive().max(4096).optional(),
});

/** One `[plugins.NAME]` table, or a whole `plugin.toml`. */
export const pluginEntry = z.strictObject({
  command,
  args: z.array(text).optional(),
  /** Relative to the file that the entry stands in; default: the directory of that file. */
  cwd: path.optional(),
  /** Variables to set. */
  env: z
    .record(z.string().regex(/^[^=\0]+$/, "must be the name of an environment variable"), text)
    .optional(),
  /** Variables of the daemon's own environment to hand on, besides PATH, HOME, LANG, TZ and TMPDIR. */
  pass_env: z.array(z.string().min(1)).optional(),
  /** Apis that its users require, each with a semver range. */
  apis: z.record(pluginId, semverRange).optional(),
  start: z.enum(["auto", "lazy"]).optional(),
  /** Stop after so long without a call; a call starts it again. */
  idle_stop: delay.optional(),
  /** Host services that it may call: `host.log`, `host.storage`, `host.emit`, or what a client provides. */
  services: z.array(serviceName).optional(),
  /** Other plugins that it may call with `host.call`: `"wordcount"`, or one method, `"wordcount/text.count"`. */
  calls: z
    .array(
      z
        .string()
        .regex(
          /^[a-z][a-z0-9-]*(\/[A-Za-z0-9_.-]+)?$/,
          "must be a plugin, or one method as plugin/api.method",
        ),
    )
    .optional(),
  /** Contract documents that the plugin must fit before it is ready. Relative to the file of the entry. */
  contracts: z.array(path).optional(),
  /** `relay`: params and results are checked against the plugin's schemas on their way through the supervisor too. */
  validate: z.enum(["edges", "relay"]).optional(),
  /** Whether calls that kill the plugin again and again are held back, and then refused; default: true. */
  quarantine: z.boolean().optional(),
  /** Other names, each for one api of the plugin: `{ words = "text" }`. */
  aliases: z.record(pluginId, pluginId).optional(),
  /** Replace the running process when its executable changes, without dropping a call. */
  watch: z.boolean().optional(),
  /** `basic`: what the kernel alone can hold it to; `strict`: nothing of the machine but `/usr` and what is granted. */
  sandbox: sandboxMode.optional(),
  grants: grants.optional(),
  sha256: sha256.optional(),
  /** Of the executable, as minisign makes it; default: the executable's path with `.minisig`. */
  signature: path.optional(),
  /** Public keys of minisign; one of them must have signed the executable. Instead of those in `[trust]`; none: no signature. */
  signed_by: z.array(publicKey).optional(),
  /** Run where it stands, though something vouches for it: for a program that looks for its own files beside itself. */
  in_place: z.boolean().optional(),
  /** The plugin's own configuration, handed over by `activate`. */
  config: z.record(z.string(), z.unknown()).optional(),
  restart: restart.optional(),
  timeouts: timeouts.optional(),
  limits: limits.optional(),
});
export type PluginEntry = z.output<typeof pluginEntry>;

const daemon = z.strictObject({
  /** Journal rows and reports older than this are deleted. */
  keep: duration.optional(),
  /** The journal is kept below this size. */
  keep_size: size.optional(),
  /** Of one plugin's stderr log before it is rotated, and how many of them are kept. */
  log_size: size.optional(),
  log_files: count.max(100).optional(),
  log_level: z.enum(["trace", "debug", "info", "warn", "error"]).optional(),
  /** Clients at once on each socket; when one more comes, one goes: without a greeting, else just come, else the oldest. */
  max_clients: count.max(10_000).optional(),
  /** New connections a second to each socket; others wait for their turn, and beyond 600 of them are refused. */
  max_connection_rate: count.max(1_000_000).optional(),
  /** Requests to the daemon itself a second, of one client; one that is answered from memory counts for a twentieth. */
  max_request_rate: count.max(1_000_000).optional(),
  /** A second socket (mode 0660), whose clients can look and change nothing. */
  read_only_socket: path.optional(),
});
export type DaemonOptions = z.output<typeof daemon>;

/** What has to vouch for the executables of plugins. */
const trust = z.strictObject({
  /** Public keys of minisign; one of them must have signed each plugin whose entry names no keys of its own. */
  keys: z.array(publicKey).optional(),
  /** Nothing runs without a `sha256`, a signature or an entry in `bulkhead.lock`. */
  required: z.boolean().optional(),
});
export type TrustOptions = z.output<typeof trust>;

/** The whole file, with the entries still unread: one bad entry must not spoil the others. */
export const configFile = z.strictObject({
  /** Each subfolder with a `plugin.toml` is a plugin named after the folder. */
  plugin_dirs: z.array(path).optional(),
  daemon: daemon.optional(),
  trust: trust.optional(),
  plugins: z.record(z.string(), z.unknown()).optional(),
});

/** For `schema/`: the file as an editor should check it. */
export const configFileSchema = configFile.extend({ plugins: z.record(pluginId, pluginEntry).optional() });

export interface RestartPolicy {
  readonly when: "on-failure" | "always" | "never";
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly jitter: number;
  readonly resetAfterMs: number;
  readonly maxFailures: number;
  readonly windowMs: number;
}

export interface Timeouts {
  readonly handshakeMs: number;
  readonly callMs: number;
  readonly totalMs: number | undefined;
  readonly drainMs: number;
  readonly terminateMs: number;
}

/** Of one plugin process; enforced by the guard only. */
export interface ProcessLimits {
  /** Address space in bytes (RLIMIT_AS); counts reservations, so a garbage-collected runtime needs plenty. */
  readonly memory?: number;
  /** Open descriptors (RLIMIT_NOFILE). */
  readonly files?: number;
  /** Processes and threads of the whole user, not of the plugin alone (RLIMIT_NPROC); root is exempt. */
  readonly processes?: number;
  /** CPU time in seconds (RLIMIT_CPU). */
  readonly cpu?: number;
  /** Largest file it may write, in bytes (RLIMIT_FSIZE). */
  readonly fileSize?: number;
  /** Largest core dump, in bytes (RLIMIT_CORE). */
  readonly core?: number;
}

/** Of a plugin's process and all its descendants together; sampled, so that a short peak may pass. */
export interface UsageLimits {
  /** Resident memory in bytes, added up: pages that processes share count for each of them. */
  readonly memoryBytes?: number;
  /** Open descriptors. */
  readonly files?: number;
  /** CPU time per time, 1 = one core. */
  readonly cpu?: number;
}

/** What a sandboxed plugin may have of the machine; paths are absolute. */
export interface Grants {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly devices: readonly string[];
  readonly network: boolean;
}

export type Sandbox =
  | { readonly mode: "none" }
  | { readonly mode: Exclude<SandboxMode, "none">; readonly grants: Grants };

export interface Limits {
  readonly inFlight: number;
  readonly waiting: number;
  readonly frameBytes: number;
  readonly depth: number;
  readonly stderrLineBytes: number;
  readonly process: ProcessLimits;
  readonly usage: UsageLimits;
}

/** What else than `sha256` vouches for an executable. All that is named has to hold. */
export interface Trust {
  /** What `bulkhead trust` has accepted. */
  readonly locked: { readonly sha256: string; readonly version?: string | undefined } | undefined;
  /** An absolute path, and the keys of which one must have made it. */
  readonly signature: { readonly file: string; readonly keys: readonly string[] } | undefined;
  /** Something must vouch for it, and nothing does. */
  readonly refused: boolean;
  /** Run where it stands rather than from a private copy. */
  readonly inPlace: boolean;
}

/** Anybody's executable may be run. */
export const noTrust: Trust = { locked: undefined, signature: undefined, refused: false, inPlace: false };

/** All that the supervisor knows about how to run one plugin: complete, absolute, without defaults left to fill. */
export interface PluginSpec {
  readonly id: string;
  /** Absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly apis: readonly RequiredApi[];
  readonly start: "auto" | "lazy";
  readonly idleStopMs: number | undefined;
  /** Its executable must have this hash. */
  readonly sha256: string | undefined;
  readonly trust: Trust;
  readonly sandbox: Sandbox;
  readonly config: Readonly<Record<string, unknown>>;
  /** Granted host services. `host.call` stands there when `calls` names something. */
  readonly services: readonly string[];
  readonly calls: readonly string[];
  readonly validate: "edges" | "relay";
  readonly quarantine: boolean;
  /** Compared with what the plugin describes before it is ready. */
  readonly contracts: readonly ContractDocument[];
  /** Alias -> api. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly watch: boolean;
  readonly restart: RestartPolicy;
  readonly timeouts: Timeouts;
  readonly limits: Limits;
}

export const defaults: Pick<PluginSpec, "restart" | "timeouts" | "limits"> = {
  restart: {
    when: "on-failure",
    minDelayMs: 500,
    maxDelayMs: 30 * second,
    jitter: 0.2,
    resetAfterMs: minute,
    maxFailures: 8,
    windowMs: 10 * minute,
  },
  timeouts: {
    handshakeMs: 10 * second,
    callMs: 30 * second,
    totalMs: undefined,
    drainMs: 5 * second,
    terminateMs: 3 * second,
  },
  limits: {
    inFlight: 4096,
    waiting: 1024,
    frameBytes: 64 * mebibyte,
    depth: 100,
    stderrLineBytes: 64 * 1024,
    process: {},
    usage: {},
  },
};

/** Variables that every plugin gets when the daemon has them. Nothing else of its environment goes in unnamed. */
export const passedEnv = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"] as const;
/** In a strict sandbox: the other two would name places that are not there. */
export const strictlyPassedEnv = ["PATH", "LANG", "TZ"] as const;
