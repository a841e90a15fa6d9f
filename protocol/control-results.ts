/** What each method of the control socket answers. The params stand in protocol/control.ts. */
import type { Limits, RestartPolicy, Timeouts } from "./config.ts";
import type { ControlMethod, DaemonStatus, HelloResult } from "./control.ts";
import type { Description } from "./description.ts";
import type { CrashReport, LogLine, PluginStatus, SupervisorEvent } from "./state.ts";

/** A row of `ps` and all else that is known about the plugin. What is missing is not known, or not decided. */
export interface PluginDetail extends PluginStatus {
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Where its entry stands: a file, or a manifest. */
  readonly origin?: string;
  /** Apis that its users require. */
  readonly required?: readonly { readonly name: string; readonly range: string }[];
  readonly restart?: RestartPolicy;
  readonly timeouts?: Timeouts;
  readonly limits?: Limits;
  readonly isolation?: Readonly<Record<string, boolean>>;
  readonly dataDir?: string;
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

export interface ControlResults extends Record<ControlMethod, unknown> {
  hello: HelloResult;
  "daemon.status": DaemonStatus;
  "daemon.stop": unknown;
  "daemon.doctor": Check[];
  "plugin.list": PluginStatus[];
  "plugin.status": PluginDetail;
  "plugin.start": PluginStatus;
  "plugin.stop": PluginStatus;
  "plugin.restart": PluginStatus;
  "plugin.enable": PluginStatus;
  "plugin.disable": PluginStatus;
  "plugin.wait": PluginStatus;
  "plugin.describe": Description;
  "log.read": LogLine[];
  "crash.list": CrashReport[];
  "crash.get": CrashReport;
  "event.read": SupervisorEvent[];
  "config.show": ConfigView;
  "config.reload": ConfigChange;
}

export type ResultOf<M extends ControlMethod> = ControlResults[M];
