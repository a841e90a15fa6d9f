/** The supervisor: a set of plugins with a journal. Used embedded, and by the daemon. */
import type { JsonText } from "../wire/peer.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type {
  Caller,
  CallOptions,
  Described,
  ItemStream,
  ServiceHandlers,
  ServiceHost,
  StreamOptions,
} from "../../protocol/caller.ts";
import type { PluginSpec } from "../../protocol/config.ts";
import type { OfferedAction, PluginStats, Published } from "../../protocol/control-results.ts";
import { description as descriptionSchema, eventName } from "../../protocol/description.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { LogLine, PluginStatus } from "../../protocol/state.ts";
import { daemonDefaults } from "../io/config/config.ts";
import { openExecutable } from "../io/process/executable.ts";
import { Journal } from "../io/journal/journal.ts";
import type { LogQuery } from "../io/log/logfile.ts";
import { statePaths } from "../io/paths.ts";
import { findGuard, isolation, type Isolation } from "../io/process/process.ts";
import { Deadlines } from "../wire/deadlines.ts";
import { itemStream, paramsText } from "../wire/peer.ts";
import { describedUnstarted, onlyApi } from "./agreement.ts";
import type { RoutedCall, RouteOptions, Settle } from "./call.ts";
import { bulkheadDialect } from "./dialect.ts";
import { Configurations } from "./settings/configurations.ts";
import { callBy, embeddedProvider, noOptions, routeOptions, routeValues } from "./embedded.ts";
import { descriptionKey } from "./description-key.ts";
import { Events, tellSafely } from "./events.ts";
import type { Listener } from "./events.ts";
import type { Route } from "./services/host-call.ts";
import { unfit } from "./services/host-emit.ts";
import { actionsOf } from "./offers.ts";
import { specsOf } from "./options.ts";
import type { SupervisorOptions } from "./options.ts";
import type { Plugin } from "./plugin.ts";
import { Pipes } from "./pipes/pipes.ts";
import { PluginSet } from "./plugin-set.ts";
import type { Change } from "./plugin-set.ts";
import { QuarantinedCalls } from "./quarantined-calls.ts";
import { ProvidedServices } from "./services/provided.ts";
import { Publications } from "./publications.ts";
import { Services } from "./services/services.ts";
import { serving } from "./serving.ts";
import { lockOf } from "./state-lock.ts";
import type { StateLock } from "./state-lock.ts";

export const version = "0.1.0";

type Opened = Awaited<ReturnType<typeof Journal.open>>;

export class Supervisor implements Caller, ServiceHost {
  readonly journal: Journal;
  readonly events: Events;
  /** What holds for the processes of plugins on this machine. */
  readonly isolation: Isolation;
  /** Services of programs beside the supervisor. */
  readonly provided = new ProvidedServices();
  /** The plugins' own configurations. */
  readonly configurations: Configurations;
  /** Those that may have killed their plugins. */
  readonly quarantine = new QuarantinedCalls(() => this.#set);
  /** Streams joined to methods. */
  readonly pipes: Pipes;
  readonly #deadlines = new Deadlines();
  readonly #publications: Publications;
  readonly #route = (...call: Parameters<Route>): RoutedCall => this.route(...call);
  readonly #set: PluginSet;
  readonly #logListeners = new Set<(line: LogLine) => void>();
  readonly #dataDir: (plugin: string) => string;
  /** Of an embedded supervisor without a state directory: goes with it. */
  readonly #temporary: string | null;
  readonly #lock: StateLock;
  #closed: Promise<void> | null = null;

  private constructor(opened: Opened, options: SupervisorOptions, lock: StateLock) {
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
    this.pipes = new Pipes(this, (name) => this.#set.get(name));
    this.#publications = new Publications(this.events, () => this.#set.all());
    this.#set = new PluginSet({
      surroundings: {
        guard,
        hidden: [stateDir ?? temporary, ...(options.hidden ?? [])],
        deadlines: this.#deadlines,
        dialect: bulkheadDialect({ name: "bulkhead", version }),
        journal: opened.journal,
        events: this.events,
        services: new Services({
          deadlines: this.#deadlines,
          storage: opened.journal.storage,
          provided: this.provided,
          route: this.#route,
          publish: (...event) => this.#publications.publish(...event),
        }),
        now: Date.now,
        random: Math.random,
      },
      rows: opened.plugins,
      dataDir: this.#dataDir,
      copies: paths?.copies ?? ((plugin) => path.join(temporary, ".executables", plugin)),
      logDir: paths?.logDir,
      keep: { ...daemonDefaults, ...options.keep },
      onLog: (line) => {
        for (const listener of this.#logListeners) tellSafely(listener, line);
      },
      onProblem: onProblem ?? (() => undefined),
    });
    this.configurations = new Configurations(this.#set);
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
    const opened = await Journal.open({ file, keepMs, keepBytes, ...told }).catch((error: unknown) => {
      lock.release();
      throw error;
    });
    const supervisor = new Supervisor(opened, options, lock);
    supervisor.events.tell({ type: "supervisor.started", pid: process.pid, version });
    if (specs.length > 0) await supervisor.apply(specs, new Map());
    return supervisor;
  }

  /** Makes the set what the configuration says; `broken` are entries that can not be run, with what is wrong. */
  apply(specs: readonly PluginSpec[], broken: ReadonlyMap<string, string>): Promise<Change> {
    return this.#set.apply(specs, broken).finally(() => void this.#recall());
  }

  call(target: string, params: unknown = {}, options: CallOptions = noOptions): Promise<unknown> {
    return callBy(this.#route, target, params, options);
  }

  stream(target: string, params: unknown = {}, options: StreamOptions = {}): ItemStream {
    return itemStream(options, ({ signal, credit, onItem, succeed, fail }) => {
      const routed = { ...routeOptions(options), signal, credit, onItem };
      return routeValues(this.#route, target, params, routed, (outcome) => {
        if ("error" in outcome) fail(BulkheadError.from(outcome.error));
        else succeed(outcome.result, outcome.data);
      });
    });
  }

  /** A call in bytes: what the daemon relays. */
  route(target: string, params: JsonText | undefined, options: RouteOptions, settle: Settle): RoutedCall {
    return this.#set.router.call(target, params, options, settle);
  }

  /**
   * Tells subscribers and the plugins that want this event, and waits for none of them.
   *
   * @param event `api.name`
   * @throws BulkheadError `invalid_params`
   */
  publish(event: string, params: Readonly<Record<string, unknown>> = {}): Published {
    const name = eventName.safeParse(event);
    const slice = Buffer.from(paramsText(params));
    const wrong = name.error?.issues[0]?.message ?? unfit(slice);
    if (wrong !== undefined) throw BulkheadError.of("invalid_params", `event ${event}: ${wrong}`);
    return { subscribers: this.#publications.publish(null, event, slice, 0) };
  }

  /** Answers the calls of `service.method` by plugins that are granted it. @throws BulkheadError `service_taken` */
  async provide(service: string, handlers: ServiceHandlers): Promise<AsyncDisposable> {
    const provider = embeddedProvider(handlers, this.#route, this.#deadlines);
    const end = this.provided.provide(service, provider);
    return { [Symbol.asyncDispose]: () => Promise.resolve(end()) };
  }

  /** What plugins offer to be started from a menu or with a key, as far as their descriptions are known. */
  actions(id?: string): OfferedAction[] {
    const plugins = id === undefined ? [...this.#set.all()] : [this.#set.get(id)];
    return plugins.flatMap((plugin) =>
      plugin.description === null ? [] : actionsOf(plugin.id, plugin.description, plugin.spec.apis),
    );
  }

  list(): PluginStatus[] {
    return this.#set.list().map((status) => this.#withSubscriptions(status));
  }

  status(id: string): PluginStatus {
    return this.#withSubscriptions(this.#set.status(id));
  }

  /** Calls, latency, memory and CPU: of all in the order of `list`, or of one. @throws BulkheadError `plugin_not_found` */
  stats(id?: string): Promise<PluginStats[]> {
    return this.#set.stats(id);
  }

  /** The plugins that can be run. */
  ids(): string[] {
    return this.#set.ids();
  }

  plugins(): Promise<string[]> {
    return Promise.resolve(this.#set.list().map(({ id }) => id));
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

  /**
   * Stops it, starts it again, and resolves when it serves. `rolling`: the old process serves until the new one is ready,
   * and on if it does not get there; no call is dropped.
   *
   * @throws BulkheadError saying why it, or the new process, does not serve.
   */
  async restart(id: string, { rolling = false }: { rolling?: boolean } = {}): Promise<PluginStatus> {
    const plugin = this.#set.get(id);
    if (!rolling || plugin.state !== "serving") return this.#begin(id, "restart");
    this.events.tell({ type: "operator.action", plugin: plugin.id, action: "restart" });
    const problem = await plugin.roll();
    if (problem === null) return plugin.status();
    throw BulkheadError.of("plugin_unavailable", `${id} was not replaced: ${problem}`);
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

  /**
   * From the last session, else as cached for the executable's hash, else by starting the plugin. By an alias, only the
   * api that it stands for.
   */
  async describe(id: string): Promise<Described> {
    const plugin = this.#set.get(id);
    const alias = this.#set.alias(id);
    const described = await this.#described(plugin);
    return alias === undefined ? described : onlyApi(described, alias.api);
  }

  /** Whether it can be described without being started. @throws BulkheadError `plugin_not_found` */
  async isDescribed(id: string): Promise<boolean> {
    const plugin = this.#set.get(id);
    return (plugin.described ?? (await this.#cached(plugin))) !== null;
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

  #withSubscriptions(status: PluginStatus): PluginStatus {
    if (!this.#set.ids().includes(status.id)) return status;
    const subscriptions = this.#publications.subscriptions(this.#set.get(status.id));
    return subscriptions.length === 0 ? status : { ...status, subscriptions };
  }

  async #close(reason: string): Promise<void> {
    this.#publications.close();
    this.pipes.close();
    await this.#set.close();
    this.events.tell({ type: "supervisor.stopped", pid: process.pid, reason });
    await this.journal.close();
    this.#lock.release();
    if (this.#temporary !== null) rmSync(this.#temporary, { recursive: true, force: true });
  }

  /** What waits for its first call may be told of events all the same, and shows its actions. */
  async #recall(): Promise<void> {
    for (const plugin of this.#set.all()) {
      if (plugin.description !== null || plugin.state !== "idle") continue;
      const known = await this.#cached(plugin).catch(() => null);
      if (known !== null) plugin.recall(known);
    }
  }

  async #described(plugin: Plugin): Promise<Described> {
    const known = plugin.described ?? (await this.#cached(plugin));
    if (known !== null) return known;
    plugin.start("call");
    // One that crashes as it starts may go on so for minutes: whoever asks is told, as a caller is.
    await plugin.until(() => plugin.state !== "starting");
    if (plugin.described !== null) return plugin.described;
    serving(plugin);
    throw BulkheadError.of("plugin_unavailable", `${plugin.id} has not described itself`);
  }

  async #cached(plugin: Plugin): Promise<Described | null> {
    const { spec } = plugin;
    const { command, sha256, timeouts, apis } = spec;
    const opened = await openExecutable(command, sha256, AbortSignal.timeout(timeouts.handshakeMs));
    if (!opened.ok) return null;
    await opened.executable.close();
    const key = await descriptionKey(opened.executable.sha256, spec);
    const cached = descriptionSchema.safeParse(await this.journal.description(key));
    return cached.success ? describedUnstarted(cached.data, apis) : null;
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
    this.events.tell({ type: "operator.action", plugin: plugin.id, action });
    plugin.operate(action);
    return plugin;
  }
}
