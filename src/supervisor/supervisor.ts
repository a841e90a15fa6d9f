/** The set of plugins: made from a configuration, changed by another one, closed without leaving a process. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { z } from "zod";
import { pluginEntry } from "../../protocol/config.ts";
import type { PluginSpec } from "../../protocol/config.ts";
import { description as descriptionSchema, pluginId } from "../../protocol/description.ts";
import type { Description } from "../../protocol/description.ts";
import { BulkheadError, errors } from "../../protocol/error.ts";
import type { LogLine, PluginStatus } from "../../protocol/state.ts";
import { sameSpec, specFrom } from "../io/config.ts";
import { openExecutable } from "../io/executable.ts";
import { Journal } from "../io/journal.ts";
import type { PluginRow } from "../io/journal.ts";
import { PluginLog } from "../io/logfile.ts";
import type { LogQuery } from "../io/logfile.ts";
import { statePaths } from "../io/paths.ts";
import { findGuard, isolation } from "../io/process.ts";
import type { Isolation } from "../io/process.ts";
import { Deadlines } from "../wire/deadlines.ts";
import type { CallOptions, CallOutcome, Settle } from "./call.ts";
import { bulkheadDialect } from "./dialect.ts";
import { Events } from "./events.ts";
import type { Listener } from "./events.ts";
import { Plugin } from "./plugin.ts";
import { Router } from "./router.ts";

export interface SupervisorOptions {
  /** As in `bulkhead.toml`, under the same names: `{ min: { command: "./min" } }`. */
  readonly plugins?: Readonly<Record<string, z.input<typeof pluginEntry>>>;
  /** What relative paths refer to; default: the working directory. */
  readonly baseDir?: string;
  /** Where journal, logs and the plugins' data are kept; absent: nothing outlives this supervisor. */
  readonly stateDir?: string;
  /** The environment of which plugins get what is allowed; default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** The guard's executable; null: run without one, and lose what it guarantees. Default: the one that was built. */
  readonly guard?: string | null;
  readonly keep?: Partial<Keeping>;
  /** Told when the journal can not be written, and when it can be again. */
  readonly onProblem?: (problem: { message: string; ok: boolean }) => void;
}

/** How much of the past is kept. Milliseconds and bytes. */
export interface Keeping {
  readonly keepMs: number;
  readonly keepBytes: number;
  readonly logSize: number;
  readonly logFiles: number;
}

const defaultKeeping: Keeping = {
  keepMs: 30 * 24 * 3600 * 1000,
  keepBytes: 256 * 1024 * 1024,
  logSize: 8 * 1024 * 1024,
  logFiles: 5,
};

export interface Change {
  readonly added: string[];
  readonly removed: string[];
  readonly changed: string[];
  readonly errors: string[];
}

export const version = "0.1.0";

export class Supervisor {
  readonly journal: Journal;
  readonly events: Events;
  readonly router: Router;
  readonly isolation: Isolation;
  readonly #logDir: string | undefined;
  readonly #plugins = new Map<string, Plugin>();
  readonly #broken = new Map<string, string>();
  readonly #rows: Map<string, PluginRow>;
  readonly #dataDir: (plugin: string) => string;
  readonly #temporary: string | null;
  readonly #guard: string | undefined;
  readonly #keep: Keeping;
  readonly #deadlines = new Deadlines();
  readonly #dialect = bulkheadDialect({ name: "bulkhead", version });
  readonly #logListeners = new Set<(line: LogLine) => void>();
  #changing: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | null = null;

  private constructor(
    opened: { journal: Journal; lastSeq: number; plugins: readonly PluginRow[] },
    options: SupervisorOptions,
    keep: Keeping,
  ) {
    const { stateDir } = options;
    this.journal = opened.journal;
    this.events = new Events(opened.journal, opened.lastSeq, Date.now);
    this.router = new Router(this.#plugins, this.#broken);
    this.#rows = new Map(opened.plugins.map((row) => [row.id, row]));
    this.#guard = options.guard === null ? undefined : (options.guard ?? findGuard());
    this.isolation = isolation(this.#guard);
    this.#keep = keep;
    if (stateDir === undefined) {
      const temporary = mkdtempSync(path.join(tmpdir(), "bulkhead-"));
      this.#temporary = temporary;
      this.#dataDir = (plugin) => path.join(temporary, plugin);
    } else {
      const paths = statePaths({ flag: stateDir, env: {} });
      this.#temporary = null;
      this.#dataDir = paths.dataDir;
      this.#logDir = paths.logDir;
    }
  }

  /**
   * Opens the journal and starts what is to be started, without waiting for it to be ready: calls wait.
   *
   * @throws BulkheadError `invalid_config`, for an entry that does not fit.
   */
  static async open(options: SupervisorOptions = {}): Promise<Supervisor> {
    const specs = specsOf(options);
    const keep = { ...defaultKeeping, ...options.keep };
    const file = options.stateDir === undefined ? ":memory:" : statePaths({ flag: options.stateDir, env: {} }).journal;
    if (options.stateDir !== undefined) mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
    const opened = await Journal.open({
      file,
      keepMs: keep.keepMs,
      keepBytes: keep.keepBytes,
      ...(options.onProblem === undefined ? {} : { onProblem: options.onProblem }),
    });
    const supervisor = new Supervisor(opened, options, keep);
    supervisor.events.tell({ type: "supervisor.started", pid: process.pid, version });
    await supervisor.apply(specs, new Map());
    return supervisor;
  }

  /** Makes the set what the configuration says. Only what changed is touched, and a running plugin is replaced in place. */
  apply(specs: readonly PluginSpec[], broken: ReadonlyMap<string, string>): Promise<Change> {
    const change = this.#changing.then(() => this.#apply(specs, broken));
    this.#changing = change.catch(() => undefined);
    return change;
  }

  async #apply(specs: readonly PluginSpec[], broken: ReadonlyMap<string, string>): Promise<Change> {
    if (this.#closed !== null) throw BulkheadError.of("supervisor_stopping", "the supervisor is stopping");
    const wanted = new Map(specs.map((spec) => [spec.id, spec]));
    const removed = [...this.#plugins.keys()].filter((id) => !wanted.has(id));
    const leaving = removed.map((id) => this.#remove(id));
    this.#broken.clear();
    for (const [id, problem] of broken) this.#broken.set(id, problem);

    const added: string[] = [];
    const changed: string[] = [];
    for (const spec of specs) {
      const plugin = this.#plugins.get(spec.id);
      if (plugin === undefined) {
        added.push(spec.id);
        await this.#add(spec);
      } else if (!sameSpec(plugin.spec, spec)) {
        changed.push(spec.id);
        plugin.replaceSpec(spec);
      }
    }
    await Promise.all(leaving);
    const change = { added, removed, changed, errors: [...broken].map(([id, problem]) => `${id}: ${problem}`) };
    this.events.tell({ type: "config.loaded", ...change });
    return change;
  }

  async #add(spec: PluginSpec): Promise<void> {
    const { id } = spec;
    const row = this.#rows.get(id) ?? { id, generation: 0, restarts: 0, disabled: false, failures: [], attempt: 0 };
    const [lastCrash] = await this.journal.crashes({ plugin: id, limit: 1 });
    const dataDir = this.#dataDir(id);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const log = new PluginLog({
      dir: this.#logDir,
      plugin: id,
      maxBytes: this.#keep.logSize,
      files: this.#keep.logFiles,
      lineBytes: spec.limits.stderrLineBytes,
      onLine: (line) => {
        for (const listener of this.#logListeners) listener(line);
      },
    });
    const plugin = new Plugin(spec, row, lastCrash ?? null, {
      guard: this.#guard,
      deadlines: this.#deadlines,
      dialect: this.#dialect,
      journal: this.journal,
      log,
      dataDir,
      now: Date.now,
      random: Math.random,
      events: this.events,
    });
    this.#plugins.set(id, plugin);
    if (spec.start === "auto") plugin.dispatch({ type: "start", by: "supervisor" });
  }

  async #remove(id: string): Promise<void> {
    const plugin = this.#plugins.get(id);
    if (plugin === undefined) return;
    this.#plugins.delete(id);
    await plugin.close();
    this.#rows.set(id, plugin.row());
  }

  /**
   * Calls `plugin/api.method` with a JSON value.
   *
   * @throws BulkheadError: the plugin's own error, or why there is no answer, with `settlement`.
   */
  async call(target: string, params?: unknown, options: CallOptions = {}): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<CallOutcome>();
    const bytes = params === undefined ? undefined : Buffer.from(JSON.stringify(params));
    this.router.call(target, bytes, options, resolve);
    const outcome = await promise;
    if ("error" in outcome) throw BulkheadError.from(outcome.error);
    return JSON.parse(outcome.result.toString("utf8"));
  }

  /** The same in bytes: what the daemon relays. */
  route(target: string, params: Buffer | undefined, options: CallOptions, settle: Settle): void {
    this.router.call(target, params, options, settle);
  }

  list(): PluginStatus[] {
    const rows = [...this.#plugins.values()].map((plugin) => plugin.status());
    const broken = [...this.#broken].map(([id, problem]) => brokenStatus(id, problem));
    return [...rows, ...broken].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  status(id: string): PluginStatus {
    const problem = this.#broken.get(id);
    return problem === undefined ? this.#get(id).status() : brokenStatus(id, problem);
  }

  /** The plugins that can be run. */
  ids(): string[] {
    return [...this.#plugins.keys()];
  }

  /** What a plugin wrote to stderr, oldest line first. `previous`: 0 is its current or last life, 1 the one before. */
  logs(id: string, query: LogQuery): Promise<LogLine[]> {
    return this.#get(id).logs(query);
  }

  spec(id: string): PluginSpec | null {
    return this.#plugins.get(id)?.spec ?? null;
  }

  dataDir(id: string): string {
    return this.#dataDir(id);
  }

  /** Resolves when it serves. @throws BulkheadError saying why it does not. */
  async start(id: string): Promise<PluginStatus> {
    return this.#operate(id, "start");
  }

  /** Resolves when no process of it is left. */
  async stop(id: string): Promise<PluginStatus> {
    const plugin = this.#operated(id, "stop");
    plugin.operate("stop");
    await plugin.until(() => plugin.quiet || plugin.state !== "stopped");
    return plugin.status();
  }

  /** Stops it, starts it again, and resolves when it serves. */
  async restart(id: string): Promise<PluginStatus> {
    return this.#operate(id, "restart");
  }

  enable(id: string): PluginStatus {
    const plugin = this.#operated(id, "enable");
    plugin.setDisabled(false);
    if (plugin.spec.start === "auto") plugin.operate("start");
    return plugin.status();
  }

  disable(id: string): PluginStatus {
    const plugin = this.#operated(id, "disable");
    plugin.setDisabled(true);
    return plugin.status();
  }

  async #operate(id: string, action: "start" | "restart"): Promise<PluginStatus> {
    const plugin = this.#operated(id, action);
    if (plugin.state === "disabled") {
      throw BulkheadError.of("plugin_unavailable", `${id} is disabled; enable it first: bulkhead enable ${id}`);
    }
    plugin.operate(action);
    await plugin.until(() => plugin.state !== "starting");
    return ready(plugin);
  }

  /** Resolves when the plugin is so far. @throws BulkheadError when it can not get there by itself any more. */
  async wait(id: string, until: "ready" | "stopped", signal?: AbortSignal): Promise<PluginStatus> {
    const plugin = this.#get(id);
    if (until === "stopped") {
      await plugin.until(() => plugin.quiet && plugin.state !== "starting", signal);
      return plugin.status();
    }
    await plugin.until(() => plugin.state !== "starting" && plugin.state !== "backoff", signal);
    return ready(plugin);
  }

  /** From the running session, else as cached for the executable's hash, else by starting the plugin. */
  async describe(id: string): Promise<Description> {
    const plugin = this.#get(id);
    const known = plugin.description ?? (await this.#cached(plugin));
    if (known !== null) return known;
    if (plugin.state === "idle") plugin.dispatch({ type: "start", by: "call" });
    await this.wait(id, "ready");
    const described = plugin.description;
    if (described === null) throw BulkheadError.of("plugin_unavailable", `${id} has not described itself`);
    return described;
  }

  async #cached(plugin: Plugin): Promise<Description | null> {
    const opened = await openExecutable(plugin.spec.command, plugin.spec.sha256);
    if (!opened.ok) return null;
    await opened.executable.close();
    const cached = descriptionSchema.safeParse(await this.journal.description(opened.executable.sha256));
    return cached.success ? cached.data : null;
  }

  subscribe(listener: Listener): () => void {
    return this.events.subscribe(listener);
  }

  /** Each line that a plugin writes to stderr, as it comes. */
  onLog(listener: (line: LogLine) => void): () => void {
    this.#logListeners.add(listener);
    return () => void this.#logListeners.delete(listener);
  }

  /** Drains and stops every plugin; resolves when no process is left and the journal is on disk. */
  close(reason = "closed"): Promise<void> {
    this.#closed ??= this.#close(reason);
    return this.#closed;
  }

  async #close(reason: string): Promise<void> {
    this.router.close();
    await this.#changing;
    await Promise.all([...this.#plugins.values()].map((plugin) => plugin.close()));
    this.events.tell({ type: "supervisor.stopped", pid: process.pid, reason });
    await this.journal.close();
    if (this.#temporary !== null) rmSync(this.#temporary, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #get(id: string): Plugin {
    const plugin = this.#plugins.get(id);
    if (plugin !== undefined) return plugin;
    throw BulkheadError.from(this.router.unknown(id));
  }

  #operated(id: string, action: "start" | "stop" | "restart" | "enable" | "disable"): Plugin {
    const plugin = this.#get(id);
    this.events.tell({ type: "operator.action", plugin: id, action });
    return plugin;
  }
}

function ready(plugin: Plugin): PluginStatus {
  const status = plugin.status();
  if (status.state === "serving") return status;
  throw BulkheadError.of(
    status.error?.code ?? "plugin_unavailable",
    `${status.id} is ${status.state}: ${status.error?.message ?? status.why}`,
    status.lastCrash === null ? {} : { report: status.lastCrash.id },
  );
}

function specsOf(options: SupervisorOptions): PluginSpec[] {
  const base = {
    dir: path.resolve(options.baseDir ?? "."),
    env: options.env ?? process.env,
    platform: process.platform,
  };
  return Object.entries(options.plugins ?? {}).map(([id, entry]) => {
    const name = pluginId.safeParse(id);
    const parsed = pluginEntry.safeParse(entry);
    const issue = name.error?.issues[0] ?? parsed.error?.issues[0];
    if (issue !== undefined || !parsed.success) {
      const where = [`plugins.${id}`, ...(issue?.path.map(String) ?? [])].join(".");
      throw BulkheadError.of("invalid_config", `${where}: ${issue?.message ?? "does not fit"}`);
    }
    return specFrom(id, parsed.data, base);
  });
}

function brokenStatus(id: string, problem: string): PluginStatus {
  return {
    id,
    state: "failed",
    why: problem,
    pid: null,
    guardPid: null,
    generation: 0,
    readySince: null,
    restarts: 0,
    recentFailures: 0,
    retryAt: null,
    error: { code: "invalid_config", message: problem, hint: errors.invalid_config.hint },
    lastCrash: null,
    version: null,
    profile: null,
    apis: [],
    calls: { inFlight: 0, waiting: 0, answered: 0, failed: 0 },
    executable: "",
    sha256: null,
  };
}
