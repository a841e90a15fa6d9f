/** How a supervisor is asked for. */
import path from "node:path";
import type { z } from "zod";
import { aliasesOf } from "../../protocol/aliases.ts";
import { pluginEntry } from "../../protocol/config.ts";
import type { PluginSpec } from "../../protocol/config.ts";
import { pluginId } from "../../protocol/description.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { specFrom } from "../io/config/config.ts";

export interface SupervisorOptions {
  /** As in `bulkhead.toml`, under the same names: `{ min: { command: "./min" } }`. */
  readonly plugins?: Readonly<Record<string, z.input<typeof pluginEntry>>>;
  /** What relative paths refer to; default: the working directory. */
  readonly baseDir?: string;
  /** Where journal, logs and the plugins' data are kept; absent: nothing outlives this supervisor. */
  readonly stateDir?: string;
  /** The caller holds the lock of the state directory already. */
  readonly locked?: boolean;
  /** The environment of which plugins get what is allowed; default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** The guard's executable; null: run without one, and lose what it guarantees. Default: the one that was built. */
  readonly guard?: string | null;
  /** Files and directories that no grant of a sandbox opens, besides the state directory. */
  readonly hidden?: readonly string[];
  readonly keep?: Partial<Keeping>;
  /** Told when the journal or a log can not be written, and when it can be again. */
  readonly onProblem?: (problem: { message: string; ok: boolean }) => void;
}

/** How much of the past is kept. Milliseconds and bytes. */
export interface Keeping {
  readonly keepMs: number;
  readonly keepBytes: number;
  readonly logSize: number;
  readonly logFiles: number;
}

/** @throws BulkheadError `invalid_config`, naming the first entry and key that do not fit. */
export function specsOf(options: SupervisorOptions): PluginSpec[] {
  const base = {
    dir: path.resolve(options.baseDir ?? "."),
    env: options.env ?? process.env,
    platform: process.platform,
  };
  const specs = Object.entries(options.plugins ?? {}).map(([id, entry]) => {
    const name = pluginId.safeParse(id);
    const parsed = pluginEntry.safeParse(entry);
    if (name.success && parsed.success) return specFrom(id, parsed.data, base);
    const issue = name.error?.issues[0] ?? parsed.error?.issues[0];
    const where = [`plugins.${id}`, ...(issue?.path.map(String) ?? [])].join(".");
    throw BulkheadError.of("invalid_config", `${where}: ${issue?.message ?? "does not fit"}`);
  });
  const [clash] = aliasesOf(specs).clashes;
  if (clash === undefined) return specs;
  const message = `plugins.${clash.plugin}.aliases.${clash.alias}: it is a name of ${clash.other} already`;
  throw BulkheadError.of("invalid_config", message);
}
