/** The supervisor as a process of its own: one for each state directory, reached through its socket. */
import type { Socket } from "node:net";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { Accepted, PluginSettings } from "../../protocol/control-results.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { controlRange } from "../../protocol/range.ts";
import { formatProblem, loadConfig } from "../io/config/config.ts";
import type { ConfigResult, LoadedConfig } from "../io/config/config.ts";
import { openDaemonLog } from "../io/log/daemon-log.ts";
import type { DaemonLog } from "../io/log/daemon-log.ts";
import { statePaths } from "../io/paths.ts";
import type { StatePaths } from "../io/paths.ts";
import { listen } from "../io/socket.ts";
import type { SettingsChange } from "../io/config/settings-file.ts";
import type { Change } from "../supervisor/plugin-set.ts";
import { Supervisor, version } from "../supervisor/supervisor.ts";
import { Deadlines } from "../wire/deadlines.ts";
import { Connection } from "./connection.ts";
import { doctor } from "./doctor.ts";
import { displaced, Entrance } from "./entrance.ts";
import { ControlMethods } from "./methods.ts";
import type { DaemonItself } from "./methods.ts";
import { PluginConfigurations } from "./plugin-settings.ts";
import { PluginTrust } from "./plugin-trust.ts";
import { Notices } from "./notices.ts";
import { notify } from "./notify.ts";
import { Place } from "./place.ts";

export interface DaemonRunOptions {
  /** Absolute; null: no configuration, and so no plugins until one is found and reloaded. */
  readonly configFile: string | null;
  readonly stateDir?: string;
  /** What is made of the configuration before it takes effect, at the start and whenever it is read again. */
  readonly override?: (config: LoadedConfig) => LoadedConfig;
  /** In the foreground: what goes to the daemon's log is also said on stderr. */
  readonly logToStderr?: boolean;
  /** Called when the socket answers. */
  readonly ready?: (info: { pid: number; socket: string }) => void;
}

/**
 * Runs until it is stopped by a signal or by `daemon.stop`; resolves with the exit status.
 *
 * @throws BulkheadError `already_running`, `state_unusable`, `invalid_config`, `daemon_failed`: why it could not start, or go on.
 */
export async function runDaemon(options: DaemonRunOptions): Promise<number> {
  const paths = statePaths({ flag: options.stateDir, env: process.env });
  // A write beyond RLIMIT_FSIZE ends a process that does not listen; one that does gets an error, which is told.
  process.on("SIGXFSZ", () => undefined);
  const place = Place.take(paths);
  try {
    const load = loaderFor(options);
    const config = await soundConfig(load);
    const log = openDaemonLog({
      file: paths.daemonLog,
      level: config.daemon.logLevel,
      alsoStderr: options.logToStderr === true,
    });
    await new Daemon(paths, place, load, config, log).run(options.ready);
    log.close();
    return 0;
  } finally {
    place.release();
  }
}

/** Between two looks at whether lock and socket are still there. Milliseconds. */
const placeMs = 10_000;

type Load = () => Promise<ConfigResult>;

function loaderFor({ configFile, override = (config) => config }: DaemonRunOptions): Load {
  return async () => {
    const loaded = await loadConfig(configFile, { env: process.env });
    return loaded.ok ? { ok: true, config: override(loaded.config) } : loaded;
  };
}

async function soundConfig(load: Load): Promise<LoadedConfig> {
  const loaded = await load();
  if (loaded.ok) return loaded.config;
  throw BulkheadError.of("invalid_config", loaded.problems.map(formatProblem).join("\n"));
}

class Daemon implements DaemonItself {
  readonly #paths: StatePaths;
  readonly #place: Place;
  readonly #load: Load;
  readonly #log: Logger;
  readonly #reopenLog: () => void;
  readonly #notices = new Notices(Date.now);
  readonly #connections = new Set<Connection>();
  readonly #entrances: Entrance[] = [];
  readonly #startedAt = Date.now();
  readonly #stopped = Promise.withResolvers<void>();
  #config: LoadedConfig;
  #supervisor: Supervisor | null = null;
  #stopping: Promise<void> | null = null;
  /** Another daemon has taken the place of this one. */
  #ousted: BulkheadError | null = null;
  #restoring = false;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(paths: StatePaths, place: Place, load: Load, config: LoadedConfig, log: DaemonLog) {
    this.#paths = paths;
    this.#place = place;
    this.#load = load;
    this.#config = config;
    this.#log = log.logger;
    // The next line opens the file anew.
    this.#reopenLog = log.close;
  }

  async run(ready: DaemonRunOptions["ready"]): Promise<void> {
    const log = this.#log;
    const { daemon } = this.#config;
    const supervisor = await Supervisor.open({
      stateDir: this.#paths.stateDir,
      hidden: [this.#paths.socket, daemon.readOnlySocket ?? []].flat(),
      locked: true,
      keep: daemon,
      onProblem: ({ message, ok }) => this.#notice(message, ok),
    });
    this.#supervisor = supervisor;
    supervisor.subscribe(({ type, at: _at, seq: _seq, ...event }) => {
      // Stray output stands in the plugin's own log; what plugins tell each other is theirs, and may be much.
      if (type !== "session.noise" && type !== "plugin.event")
        log[type === "session.crash" ? "warn" : "info"](event, type);
    });
    const signals = this.#listenToSignals();
    let looking: NodeJS.Timeout | undefined;
    try {
      // Before anybody can ask: a client must not be told that a plugin does not exist because it is not there yet.
      await this.#apply(this.#config);
      await this.#listen(supervisor);
      looking = setInterval(() => void this.#keepPlace(), placeMs);
      log.info({ pid: process.pid, version, socket: this.#paths.socket }, "ready");
      ready?.({ pid: process.pid, socket: this.#paths.socket });
      await notify("READY=1");
      await this.#stopped.promise;
    } finally {
      clearInterval(looking);
      await this.#place.close();
      for (const entrance of this.#entrances) entrance.close();
      await this.stop("finished");
      await Promise.all([...this.#connections].map((connection) => connection.close()));
      signals.close();
      log.info({ pid: process.pid }, "stopped");
    }
    if (this.#ousted !== null) throw this.#ousted;
  }

  async #listen(supervisor: Supervisor): Promise<void> {
    const methods = new ControlMethods(supervisor, this);
    const deadlines = new Deadlines();
    const onEnd = (connection: Connection, why: string): void => {
      if (!this.#connections.delete(connection)) return;
      this.#log.debug({ client: connection.client, why }, "client left");
    };
    const { maxConnectionRate, maxRequestRate, readOnlySocket } = this.#config.daemon;
    const now = (): number => deadlines.now();
    const entrance = (readOnly: boolean): ((socket: Socket) => void) => {
      const enter = (socket: Socket): void => {
        this.#makeRoom(readOnly, now());
        const options = { socket, supervisor, methods, deadlines, onEnd, readOnly, maxRequestRate };
        this.#connections.add(new Connection(options));
      };
      const onRefused = (count: number): void =>
        this.#log.warn({ refused: count, readOnly }, "too many new connections: refused");
      const each = new Entrance({ perSecond: maxConnectionRate, now, enter, onRefused });
      this.#entrances.push(each);
      return (socket) => each.arrive(socket);
    };
    const [own, shared] = [entrance(false), entrance(true)];
    const refused = (why: string): void => this.#notice(`a client could not be taken: ${why}`, false);
    try {
      await this.#place.listen(
        () => listen(this.#paths.socket, own, 0o600, refused),
        ...(readOnlySocket === null ? [] : [() => listen(readOnlySocket, shared, 0o660, refused)]),
      );
    } catch (error) {
      await supervisor.close("could not listen");
      throw error;
    }
  }

  /** Told to the log once, and kept for `doctor`. */
  #notice(message: string, ok: boolean): void {
    if (!this.#notices.add(message, ok)) return;
    if (ok) this.#log.info({ message }, "storage");
    else this.#log.error({ message }, "storage");
  }

  async #keepPlace(): Promise<void> {
    if (this.#stopping !== null || this.#restoring) return;
    this.#restoring = true;
    try {
      const restored = await this.#place.restore();
      if (restored.length === 0) return;
      // Where they went, the log may have gone as well.
      this.#reopenLog();
      this.#notice(`somebody had removed the daemon's ${restored.join(" and ")}; made again`, false);
    } catch (error) {
      const isOusted = error instanceof BulkheadError && error.code === "already_running";
      if (!isOusted) return this.#notice(error instanceof Error ? error.message : String(error), false);
      // Two on one state would write each other's files.
      this.#ousted ??= error;
      this.#log.fatal({ err: error }, "another daemon has taken this one's place");
      void this.stop(error.message).finally(() => this.#stopped.resolve());
    } finally {
      this.#restoring = false;
    }
  }

  /** Those who came by the read-only socket take nobody else's place. */
  #makeRoom(readOnly: boolean, now: number): void {
    const { maxClients } = this.#config.daemon;
    const connections = [...this.#connections].filter((each) => each.cameReadOnly === readOnly);
    if (connections.length < maxClients) return;
    const one = displaced(connections, now);
    this.#log.warn({ client: one?.client, clients: maxClients }, "too many clients: one was cut off");
    one?.cutOff("too many clients");
  }

  #listenToSignals(): { close(): void } {
    let signalled = false;
    const stop = (signal: NodeJS.Signals): void => {
      // A second one means now; the guards take the plugins along.
      if (signalled) process.exit(130);
      signalled = true;
      void this.stop(signal).finally(() => this.#stopped.resolve());
    };
    const reload = (): void => {
      void this.#keepPlace();
      void this.reload().catch(() => undefined);
    };
    const died = (error: unknown): void => {
      // Nothing is known about the state any more. The guards see to the plugins.
      this.#log.fatal({ err: error }, "the daemon failed");
      process.stderr.write(
        `bulkhead: the daemon failed: ${error instanceof Error ? error.stack : String(error)}\n`,
      );
      process.exit(1);
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    process.on("SIGHUP", reload);
    process.on("uncaughtException", died);
    process.on("unhandledRejection", died);
    return {
      close: () => {
        process.off("SIGTERM", stop);
        process.off("SIGINT", stop);
        process.off("SIGHUP", reload);
        process.off("uncaughtException", died);
        process.off("unhandledRejection", died);
      },
    };
  }

  /** For `daemon.stop`: the daemon leaves once the answer has been sent. */
  async stop(reason = "asked to stop"): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    await this.#stopping;
    setImmediate(this.#stopped.resolve);
  }

  async #stop(reason: string): Promise<void> {
    this.#log.info({ reason }, "stopping");
    await notify("STOPPING=1");
    await this.#supervisor?.close(reason);
  }

  /** A file that does not parse changes nothing. */
  reload(): Promise<Change> {
    return this.#inTurn(async () => {
      const loaded = await this.#load();
      if (!loaded.ok) {
        const message = loaded.problems.map(formatProblem).join("\n");
        this.#supervisor?.events.tell({ type: "config.rejected", message });
        throw BulkheadError.of("invalid_config", message);
      }
      return this.#apply(loaded.config);
    });
  }

  get configurations(): PluginConfigurations {
    return new PluginConfigurations({
      supervisor: this.#started(),
      config: () => this.#config,
      load: () => soundConfig(this.#load),
      adopt: (config) => {
        this.#config = config;
      },
    });
  }

  get trust(): PluginTrust {
    return new PluginTrust({
      supervisor: this.#started(),
      config: () => this.#config,
      load: () => soundConfig(this.#load),
      apply: (config) => this.#apply(config),
    });
  }

  acceptTrust(plugin: string, sha256: string | undefined): Promise<Accepted> {
    return this.#inTurn(() => this.trust.accept(plugin, sha256));
  }

  removeTrust(plugin: string): Promise<null> {
    return this.#inTurn(() => this.trust.remove(plugin));
  }

  configure(plugin: string, change: SettingsChange): Promise<PluginSettings> {
    return this.#inTurn(() => this.configurations.configure(plugin, change));
  }

  /** One change after the other: what was read from the files must still hold when it takes effect. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const next = this.#changing.then(change);
    this.#changing = next.catch(() => undefined);
    return next;
  }

  async #apply(config: LoadedConfig): Promise<Change> {
    const broken = new Map(
      config.broken.map(({ id, problems }) => [id, problems.map(formatProblem).join("; ")]),
    );
    if (this.#supervisor === null) throw BulkheadError.of("supervisor_stopping", "the daemon is stopping");
    const change = await this.#supervisor.apply(config.plugins, broken);
    const unused = isDeepStrictEqual(config.daemon, this.#config.daemon)
      ? []
      : ["[daemon]: changed settings take effect when the daemon is started again"];
    this.#config = config;
    return { ...change, errors: [...change.errors, ...config.problems.map(formatProblem), ...unused] };
  }

  status() {
    const { journal, isolation } = this.#started();
    return {
      pid: process.pid,
      version,
      protocol: controlRange.max,
      startedAt: this.#startedAt,
      socket: this.#paths.socket,
      stateDir: this.#paths.stateDir,
      configFile: this.#config.file,
      configErrors: this.#problems(),
      clients: this.#connections.size,
      memoryBytes: process.memoryUsage.rss(),
      journal: { ok: journal.ok, message: journal.problem },
      isolation: { ...isolation },
    };
  }

  doctor() {
    return doctor(this.#started(), this.#config.file, this.#problems(), this.#notices.list());
  }

  showConfig() {
    const { file, origins } = this.#config;
    return { file, entries: this.configurations.masked(origins), problems: this.#problems() };
  }

  #problems(): string[] {
    const { broken, problems } = this.#config;
    return [...broken.flatMap((each) => each.problems), ...problems].map(formatProblem);
  }

  #started(): Supervisor {
    if (this.#supervisor === null) throw BulkheadError.of("supervisor_stopping", "the daemon is starting");
    return this.#supervisor;
  }
}
