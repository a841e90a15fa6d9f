/** What each method of the control socket answers. The params stand in protocol/control.ts. */
import type { Described } from "./caller.ts";
import type { Limits, RestartPolicy, Timeouts } from "./config.ts";
import type { JsonSchema } from "./description.ts";
import type { ErrorCode } from "./error.ts";
import type { ControlMethod, DaemonStatus, HelloResult } from "./control.ts";
import type { PipeStatus } from "./pipe.ts";
import type { CrashReport, LogLine, PluginStatus, QuarantinedCall, SupervisorEvent } from "./state.ts";

/** A row of `ps` and all else that is known about the plugin. What is missing is not known, or not decided. */
export interface PluginDetail extends PluginStatus {
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Where its entry stands: a file, or a manifest. */
  readonly origin?: string;
  /** Apis that its users require. */
  readonly required?: readonly { readonly name: string; readonly range: string }[];
  /** Other names, each of one of its apis. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** What it may ask of its host, and which plugins it may call. */
  readonly granted?: { readonly services: readonly string[]; readonly calls: readonly string[] };
  readonly restart?: RestartPolicy;
  readonly timeouts?: Timeouts;
  readonly limits?: Limits;
  readonly isolation?: Readonly<Record<string, boolean>>;
  readonly dataDir?: string;
}

/** What a plugin does with its time. Counted since its first call, sampled when somebody asks. */
export interface PluginStats {
  readonly plugin: string;
  /** Settled calls in each of the last 60 whole seconds, oldest first. */
  readonly perSecond: readonly number[];
  /** Of the last `seconds` (at most 60). */
  readonly recent: {
    readonly seconds: number;
    readonly calls: number;
    /** Settled otherwise than with a result (its own errors, timeouts, crashes; not the caller's cancellation). */
    readonly errors: number;
    /** Of answered calls, as their callers see it, milliseconds; null: there were none. Within 10 % of the true value. */
    readonly p50: number | null;
    readonly p99: number | null;
  };
  /** Of the process and all its descendants; null: no process, or a system that does not tell. */
  readonly process: {
    readonly count: number;
    /** Resident. */
    readonly memoryBytes: number;
    /** Used up to now. */
    readonly cpuMicros: number;
    /** Share of one core since the last sample, 1 = one core; null: this is the first one. */
    readonly cpu: number | null;
  } | null;
}

/** A plugin's own configuration. */
export interface PluginSettings {
  readonly plugin: string;
  /** Where `plugin.configure` writes, whether it is there or not; null: nowhere, for want of a `bulkhead.toml`. */
  readonly file: string | null;
  /** The running process takes a change; without that it is replaced, and no call is dropped. */
  readonly live: boolean;
  /** Null: the plugin does not describe its configuration. */
  readonly schema: JsonSchema | null;
  /** As they are described, then those that are set beyond that. */
  readonly settings: readonly PluginSetting[];
}

export interface PluginSetting {
  readonly key: string;
  /** `strings`: an array of them; `select`: one of `choices`; `secret`: its value is shown to nobody. */
  readonly type: "string" | "integer" | "boolean" | "strings" | "select" | "secret" | "other";
  /** In force. `(secret)` for a secret that is set; absent: unset. */
  readonly value?: unknown;
  /** `bulkhead.toml:12`, `config/min.toml:3`, `default`, `unset`. */
  readonly origin: string;
  readonly description?: string;
  readonly choices?: readonly unknown[];
  readonly required: boolean;
  readonly default?: unknown;
}

export interface SettingsTemplate {
  /** Where it belongs; null: nowhere, for want of a `bulkhead.toml`. */
  readonly file: string | null;
  readonly text: string;
}

/** What is known of the trust in one plugin's executable. */
export interface TrustStatus {
  readonly plugin: string;
  readonly executable: string;
  /** Of the file as it is now; null: it can not be read. */
  readonly sha256: string | null;
  /** What says that it may be run, and holds: `sha256`, `bulkhead.lock`, `key ID`. Empty: nothing, or there is a problem. */
  readonly vouched: readonly string[];
  /** What `bulkhead.lock` says; `at` is an ISO 8601 date. */
  readonly accepted: { readonly sha256: string; readonly version: string | null; readonly at: string } | null;
  /** It runs from where it stands, not from a private copy. */
  readonly inPlace: boolean;
  /** Why it would not be started. */
  readonly problem: { readonly code: ErrorCode; readonly message: string } | null;
}

/** What an operator has just accepted. */
export interface Accepted {
  readonly plugin: string;
  readonly sha256: string;
  /** Null: it has not run yet, so that nobody knows. */
  readonly version: string | null;
  /** What was accepted before; null: nothing. */
  readonly previous: { readonly sha256: string; readonly version: string | null } | null;
}

export interface ConfigView {
  readonly file: string | null;
  readonly entries: readonly ConfigValue[];
  readonly problems: readonly string[];
}

/** One effective value and where it comes from: `bulkhead.toml:12`, `default`, `BULKHEAD_STATE_DIR` … */
export interface ConfigValue {
  /** Such as `plugins.min.command`. */
  readonly key: string;
  readonly value: unknown;
  readonly origin: string;
}

export interface ConfigChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly errors: readonly string[];
}

/** One finding of `bulkhead doctor`. */
export interface Check {
  readonly name: string;
  readonly level: "ok" | "warn" | "fail";
  readonly message: string;
  /** What to do about it. */
  readonly advice?: string;
}

export interface Published {
  /** How many plugins are to be told. */
  readonly subscribers: number;
}

/** A service that a client, or the embedding program, provides to plugins. */
export interface ProvidedService {
  readonly service: string;
  /** Name and version of the program. */
  readonly provider: string;
}

/** An action of a plugin, with what is needed to run it. */
export interface OfferedAction {
  readonly plugin: string;
  readonly api: string;
  readonly id: string;
  /** Of the api: call `plugin/api.method`. */
  readonly method: string;
  readonly description?: string | undefined;
  /** Suggested, such as `ctrl+t`: the host decides. */
  readonly key?: string | undefined;
}

export interface ControlResults extends Record<ControlMethod, unknown> {
  hello: HelloResult;
  "daemon.status": DaemonStatus;
  "daemon.stop": unknown;
  "daemon.doctor": Check[];
  "plugin.list": PluginStatus[];
  "plugin.stats": PluginStats[];
  "plugin.status": PluginDetail;
  "plugin.start": PluginStatus;
  "plugin.stop": PluginStatus;
  "plugin.restart": PluginStatus;
  "plugin.enable": PluginStatus;
  "plugin.disable": PluginStatus;
  "plugin.wait": PluginStatus;
  "plugin.describe": Described;
  "plugin.settings": PluginSettings;
  "plugin.configure": PluginSettings;
  "plugin.template": SettingsTemplate;
  "trust.list": TrustStatus[];
  "trust.accept": Accepted;
  "trust.remove": null;
  "log.read": LogLine[];
  "crash.list": CrashReport[];
  "crash.get": CrashReport;
  "quarantine.list": QuarantinedCall[];
  "quarantine.release": QuarantinedCall[];
  "event.read": SupervisorEvent[];
  "event.publish": Published;
  "service.provide": null;
  "service.withdraw": null;
  "service.list": ProvidedService[];
  "action.list": OfferedAction[];
  "pipe.create": PipeStatus;
  "pipe.list": PipeStatus[];
  "pipe.pause": PipeStatus;
  "pipe.resume": PipeStatus;
  "pipe.remove": PipeStatus;
  "config.show": ConfigView;
  "config.reload": ConfigChange;
}

export type ResultOf<M extends ControlMethod> = ControlResults[M];
