/** The supervisor: a set of plugins with a journal. Used embedded, and by the daemon. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Caller, CallOptions } from "../../protocol/caller.ts";
import type { PluginSpec } from "../../protocol/config.ts";
import { description as descriptionSchema } from "../../protocol/description.ts";
import type { Description } from "../../protocol/description.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { LogLine, PluginStatus } from "../../protocol/state.ts";
import { daemonDefaults } from "../io/config/config.ts";
import { openExecutable } from "../io/process/executable.ts";
import { Journal } from "../io/journal/journal.ts";
import type { LogQuery } from "../io/log/logfile.ts";
import { acquireLock } from "../io/lock.ts";
import { ensurePrivateDir, statePaths } from "../io/paths.ts";
import { findGuard, isolation } from "../io/process/process.ts";
import type { Isolation } from "../io/process/process.ts";
import { Deadlines } from "../wire/deadlines.ts";
import { boundsOf, paramsSlice } from "../wire/peer.ts";
import type { CallOutcome, RouteOptions, Settle } from "./call.ts";
import { bulkheadDialect } from "./dialect.ts";
import { Events, tellSafely } from "./events.ts";
import type { Listener } from "./events.ts";
import { specsOf } from "./options.ts";
import type { SupervisorOptions } from "./options.ts";
import type { Plugin } from "./plugin.ts";
import { PluginSet } from "./plugin-set.ts";
import type { Change } from "./plugin-set.ts";

export const version = "0.1.0";

interface Releasable {
  release(): void;
}

type Opened = Awaited<ReturnType<typeof Journal.open>>;

export class Supervisor implements Caller {
  readonly journal: Journal;
  readonly events: Events;
  /** What holds for the processes of plugins on this machine. */
  readonly isolation: Isolation;
  readonly #set: PluginSet;
  readonly #logListeners = new Set<(line: LogLine) => void>();
  readonly #dataDir: (plugin: string) => string;
  /** Of an embedded supervisor without a state directory: goes with it. */
  readonly #temporary: string | null;
  readonly #lock: Releasable;
  #closed: Promise<void> | null = null;

  private constructor(opened: Opened, options: SupervisorOptions, lock: Releasable) {
    this.#lock = lock;
    const { stateDir, onProblem } = options;
    const guard = options.guard === null ? undefined : (options.guard ?? findGuard());
    const paths = stateDir === undefined ? null : statePaths({ flag: stateDir, env: {} });
    const temporary = paths === null ? mkdtempSync(path.join(tmpdir(), "bulkhead-")) : "";
    this.#temporary = paths === null ? temporary : null;
    this.#dataDir = paths === null ? (plugin) => path.join(temporary, plugin) : paths.dataDir;
    this.journal = opened.journal;
    this.events = new Events(opened.journal, opened.lastSeq, Date.now);
    this.isolation = isolation(guard);
    this.#set = new PluginSet({
      surroundings: {
        guard,
        deadlines: new Deadlines(),
        dialect: bulkheadDialect({ name: "bulkhead", version }),
        journal: opened.journal,
        events: this.events,
        now: Date.now,
        random: Math.random,
      },
      rows: opened.plugins,
      dataDir: this.#dataDir,
      logDir: paths?.logDir,
      keep: { ...daemonDefaults, ...options.keep },
      onLog: (line) => {
        for (const listener of this.#logListeners) tellSafely(listener, line);
      },
      onProblem: onProblem ?? (() => undefined),
    });
  }

  /**
   * Opens the journal and starts what is to be started, without waiting for it to be ready: calls wait.
   *
   * @throws BulkheadError `invalid_config`, for an entry that does not fit; `already_running`, when another supervisor
   * uses the state directory.
   */
  static async open(options: SupervisorOptions = {}): Promise<Supervisor> {
    const specs = specsOf(options);
    const { stateDir, onProblem } = options;
    const lock = lockOf(options);
    const { keepMs, keepBytes } = { ...daemonDefaults, ...options.keep };
    const file = stateDir === undefined ? ":memory:" : statePaths({ flag: stateDir, env: {} }).journal;
    const told = onProblem === undefined ? {} : { onProblem };
    // Whatever the disk is like, the journal opens: it says how it is, and goes on in memory.
    const opened = await Journal.open({ file, keepMs, keepBytes, ...told });
    const supervisor = new Supervisor(opened, options, lock);
    supervisor.events.tell({ type: "supervisor.started", pid: process.pid, version });
    if (specs.length > 0) await supervisor.apply(specs, new Map());
    return supervisor;
  }

  /** Makes the set what the configuration says; `broken` are entries that can not be run, with what is wrong. */
  apply(specs: readonly PluginSpec[], broken: ReadonlyMap<string, string>): Promise<Change> {
    return this.#set.apply(specs, broken);
  }

  async call(target: string, params: unknown = {}, options: CallOptions = {}): Promise<unknown> {
    const { signal, onProgress } = options;
    const { idle, total } = boundsOf(options);
    const { promise, resolve } = Promise.withResolvers<CallOutcome>();
    const routed = {
      signal,
      idleTimeout: idle,
      totalTimeout: total,
      onProgress: onProgress && ((value: Buffer) => onProgress(JSON.parse(value.toString("utf8")))),
    };
    this.route(target, paramsSlice(params), routed, resolve);
    const outcome = await promise;
    if ("error" in outcome) throw BulkheadError.from(outcome.error);
    return JSON.parse(outcome.result.toString("utf8"));
  }

  /** A call in bytes: what the daemon relays. */
  route(target: string, params: Buffer | undefined, options: RouteOptions, settle: Settle): void {
    this.#set.router.call(target, params, options, settle);
  }

  list(): PluginStatus[] {
    return this.#set.list();
  }

  status(id: string): PluginStatus {
    return this.#set.status(id);
  }

  /** The plugins that can be run. */
  ids(): string[] {
    return this.#set.ids();
  }

  spec(id: string): PluginSpec {
    return this.#set.get(id).spec;
  }

  dataDir(id: string): string {
    return this.#dataDir(id);
  }

  /** What a plugin wrote to stderr, oldest line first. `previous`: 0 is its current or last life, 1 the one before. */
  logs(id: string, query: LogQuery): Promise<LogLine[]> {
    return this.#set.get(id).logs(query);
  }

  /** Resolves when it serves. @throws BulkheadError saying why it does not. */
  start(id: string): Promise<PluginStatus> {
    return this.#begin(id, "start");
  }

  /** Stops it, starts it again, and resolves when it serves. @throws BulkheadError saying why it does not. */
  restart(id: string): Promise<PluginStatus> {
    return this.#begin(id, "restart");
  }

  /** Resolves when no process of it is left. */
  async stop(id: string): Promise<PluginStatus> {
    const plugin = this.#operate(id, "stop");
    await plugin.until(() => plugin.quiet || plugin.state !== "stopped");
    return plugin.status();
  }

  enable(id: string): PluginStatus {
    const plugin = this.#operate(id, "enable");
    if (plugin.spec.start === "auto") plugin.start("supervisor");
    return plugin.status();
  }

  /** Resolves when no process of it is left. It stays disabled across restarts of the supervisor. */
  async disable(id: string): Promise<PluginStatus> {
    const plugin = this.#operate(id, "disable");
    await plugin.until(() => plugin.quiet || plugin.state !== "disabled");
    return plugin.status();
  }

  /** Resolves when the plugin is so far. @throws BulkheadError when it can not get there by itself any more. */
  async wait(id: string, until: "ready" | "stopped", signal?: AbortSignal): Promise<PluginStatus> {
    const plugin = this.#set.get(id);
    if (until === "ready") {
      await plugin.until(() => plugin.state !== "starting" && plugin.state !== "backoff", signal);
      return serving(plugin);
    }
    await plugin.until(
      () => plugin.quiet && plugin.state !== "starting" && plugin.state !== "backoff",
      signal,
    );
    return plugin.status();
  }

  /** From the last session, else as cached for the executable's hash, else by starting the plugin. */
  async describe(id: string): Promise<Description> {
    const plugin = this.#set.get(id);
    const known = plugin.description ?? (await this.#cached(plugin));
    if (known !== null) return known;
    plugin.start("call");
    await this.wait(id, "ready");
    if (plugin.description !== null) return plugin.description;
    throw BulkheadError.of("plugin_unavailable", `${id} has not described itself`);
  }

  /** Everything that happens from now on. Returns what ends the subscription. */
  subscribe(listener: Listener): () => void {
    return this.events.subscribe(listener);
  }

  /** Each line that a plugin writes to stderr, as it comes. Returns what ends the subscription. */
  onLog(listener: (line: LogLine) => void): () => void {
    this.#logListeners.add(listener);
    return () => void this.#logListeners.delete(listener);
  }

  /** Drains and stops every plugin; resolves when no process is left and the journal is on disk. */
  close(reason = "closed"): Promise<void> {
    this.#closed ??= this.#close(reason);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(reason: string): Promise<void> {
    await this.#set.close();
    this.events.tell({ type: "supervisor.stopped", pid: process.pid, reason });
    await this.journal.close();
    this.#lock.release();
    if (this.#temporary !== null) rmSync(this.#temporary, { recursive: true, force: true });
  }

  async #cached(plugin: Plugin): Promise<Description | null> {
    const { command, sha256, timeouts } = plugin.spec;
    const opened = await openExecutable(command, sha256, AbortSignal.timeout(timeouts.handshakeMs));
    if (!opened.ok) return null;
    await opened.executable.close();
    const cached = descriptionSchema.safeParse(await this.journal.description(opened.executable.sha256));
    return cached.success ? cached.data : null;
  }

  async #begin(id: string, action: "start" | "restart"): Promise<PluginStatus> {
    const plugin = this.#operate(id, action);
    if (plugin.state === "disabled") {
      throw BulkheadError.of(
        "plugin_unavailable",
        `${id} is disabled; enable it first: bulkhead enable ${id}`,
      );
    }
    await plugin.until(() => plugin.state !== "starting");
    return serving(plugin);
  }

  #operate(id: string, action: "start" | "stop" | "restart" | "enable" | "disable"): Plugin {
    if (this.#closed !== null) throw BulkheadError.of("supervisor_stopping", "the supervisor is stopping");
    const plugin = this.#set.get(id);
    this.events.tell({ type: "operator.action", plugin: id, action });
    plugin.operate(action);
    return plugin;
  }
}

function serving(plugin: Plugin): PluginStatus {
  const status = plugin.status();
  if (status.state === "serving") return status;
  const report = status.lastCrash === null ? {} : { report: status.lastCrash.id };
  throw BulkheadError.of(
    status.error?.code ?? "plugin_unavailable",
    `${status.id} is ${status.state}: ${status.error?.message ?? status.why}`,
    report,
  );
}

/** One state directory, one supervisor: two would write each other's journal. */
function lockOf({ stateDir, locked }: SupervisorOptions): Releasable {
  if (stateDir === undefined || locked === true) return { release: () => undefined };
  const paths = statePaths({ flag: stateDir, env: {} });
  ensurePrivateDir(paths.stateDir);
  const lock = acquireLock(paths.lock, { pid: process.pid });
  if (lock.ok) return lock;
  throw BulkheadError.of("already_running", inUse(paths.stateDir, lock.holder?.pid));
}

export function inUse(stateDir: string, pid: number | undefined): string {
  return `${stateDir} is used by another supervisor already${pid === undefined ? "" : ` (pid ${pid})`}`;
}
