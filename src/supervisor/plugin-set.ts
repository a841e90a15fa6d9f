/** Which plugins there are: made what the configuration says, one change after the other. */
import { mkdirSync } from "node:fs";
import { aliasesOf } from "../../protocol/aliases.ts";
import type { Alias } from "../../protocol/aliases.ts";
import type { PluginSpec } from "../../protocol/config.ts";
import type { PluginStats } from "../../protocol/control-results.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { LogLine, PluginStatus } from "../../protocol/state.ts";
import { sameSpec } from "../io/config/config.ts";
import type { PluginRow } from "../io/journal/journal.ts";
import { PluginLog } from "../io/log/logfile.ts";
import { noCalls } from "./call-statistics.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Keeping } from "./options.ts";
import { Plugin } from "./plugin.ts";
import { brokenStatus } from "./plugin-status.ts";
import { Router } from "./router.ts";

/** What a changed configuration did. Ids, and for `errors` sentences. */
export interface Change {
  readonly added: string[];
  readonly removed: string[];
  readonly changed: string[];
  readonly errors: string[];
}

export interface PluginSetOptions {
  readonly surroundings: Omit<Surroundings, "log" | "dataDir" | "copies">;
  /** What the journal knows of plugins, configured or not. */
  readonly rows: readonly PluginRow[];
  readonly dataDir: (plugin: string) => string;
  readonly copies: (plugin: string) => string;
  readonly logDir: string | undefined;
  readonly keep: Keeping;
  readonly onLog: (line: LogLine) => void;
  readonly onProblem: (problem: { message: string; ok: boolean }) => void;
}

export class PluginSet {
  readonly router: Router;
  readonly #options: PluginSetOptions;
  readonly #plugins = new Map<string, Plugin>();
  readonly #aliases = new Map<string, Alias>();
  /** Entries that can not be run as they are written, with what is wrong. */
  readonly #broken = new Map<string, string>();
  readonly #rows: Map<string, PluginRow>;
  #changing: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** No configuration has been in force yet. */
  #isFirst = true;

  constructor(options: PluginSetOptions) {
    this.#options = options;
    this.#rows = new Map(options.rows.map((row) => [row.id, row]));
    this.router = new Router(this.#plugins, this.#aliases, this.#broken);
  }

  /** Only what changed is touched; what runs is replaced without dropping a call. */
  apply(specs: readonly PluginSpec[], broken: ReadonlyMap<string, string>): Promise<Change> {
    const change = this.#changing.then(() => this.#apply(specs, broken));
    this.#changing = change.catch(() => undefined);
    return change;
  }

  /**
   * Gives one plugin another configuration. Resolves when a process has it, or when there is none to have it.
   *
   * @throws BulkheadError why it is not in force, such as `config_invalid`: the old one is.
   */
  configure(id: string, config: PluginSpec["config"]): Promise<void> {
    const change = this.#changing.then(() => this.#configure(id, config));
    this.#changing = change.catch(() => undefined);
    return change;
  }

  /**
   * By its id or by one of its aliases.
   *
   * @throws BulkheadError `plugin_not_found`, or `plugin_unavailable` for an entry that can not be run.
   */
  get(id: string): Plugin {
    const plugin = this.#plugins.get(id) ?? this.#plugins.get(this.#aliases.get(id)?.plugin ?? "");
    if (plugin !== undefined) return plugin;
    throw BulkheadError.from(this.router.unknown(id));
  }

  /** Undefined: the name is no alias. */
  alias(id: string): Alias | undefined {
    return this.#plugins.has(id) ? undefined : this.#aliases.get(id);
  }

  all(): Iterable<Plugin> {
    return this.#plugins.values();
  }

  ids(): string[] {
    return [...this.#plugins.keys()];
  }

  /** Sorted by id, broken entries included. */
  list(): PluginStatus[] {
    const rows = [...this.#plugins.values()].map((plugin) => plugin.status());
    const broken = [...this.#broken].map(([id, problem]) => brokenStatus(id, problem));
    return [...rows, ...broken].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  status(id: string): PluginStatus {
    const problem = this.#broken.get(id);
    return problem === undefined ? this.get(id).status() : brokenStatus(id, problem);
  }

  /** Of all in the order of `list`, or of one. @throws BulkheadError `plugin_not_found` */
  async stats(id?: string): Promise<PluginStats[]> {
    const ids = id === undefined ? [...this.#plugins.keys(), ...this.#broken.keys()].sort() : [id];
    const of = async (each: string): Promise<PluginStats> =>
      this.#broken.has(each) ? { plugin: each, ...noCalls, process: null } : this.get(each).stats();
    return Promise.all(ids.map(of));
  }

  /** Stops every plugin; resolves when no process is left. */
  async close(): Promise<void> {
    this.#closed = true;
    this.router.close();
    await this.#changing;
    await Promise.all([...this.#plugins.values()].map((plugin) => plugin.close()));
  }

  async #apply(specs: readonly PluginSpec[], broken: ReadonlyMap<string, string>): Promise<Change> {
    if (this.#closed) throw BulkheadError.of("supervisor_stopping", "the supervisor is stopping");
    const wanted = new Set(specs.map(({ id }) => id));
    const gone = this.ids().filter((id) => !wanted.has(id));
    const leaving = gone.map((id) => this.#remove(id));
    this.#broken.clear();
    for (const [id, problem] of broken) this.#broken.set(id, problem);
    this.#aliases.clear();
    for (const [name, alias] of aliasesOf(specs, broken.keys()).aliases) this.#aliases.set(name, alias);
    const changing = Promise.all(specs.map((spec) => this.#replace(spec)));
    const added = specs.filter(({ id }) => !this.#plugins.has(id));
    for (const spec of added) await this.#tryToAdd(spec);
    this.#isFirst = false;
    await Promise.all(leaving);
    const changes = await changing;
    const changed = specs.filter((_, index) => changes[index] === "changed");
    const refused = changes.flatMap((each) => (typeof each === "string" ? [] : [each.refused]));
    const change = {
      added: added.map(({ id }) => id).filter((id) => this.#plugins.has(id)),
      // What is still written down and can not be run is an error, and told as that.
      removed: gone.filter((id) => !broken.has(id)),
      changed: changed.map(({ id }) => id),
      errors: [...[...this.#broken].map(([id, problem]) => `${id}: ${problem}`), ...refused],
    };
    this.#options.surroundings.events.tell({ type: "config.loaded", ...change });
    return change;
  }

  /** What was done about it, or why the plugin stays as it was. */
  async #replace(spec: PluginSpec): Promise<"same" | "changed" | { readonly refused: string }> {
    const plugin = this.#plugins.get(spec.id);
    if (plugin === undefined || sameSpec(plugin.spec, spec)) return "same";
    const refusal = await plugin.adopt(spec);
    if (refusal === null) return "changed";
    return { refused: `${spec.id}: the new configuration is refused: ${refusal.message}` };
  }

  async #configure(id: string, config: PluginSpec["config"]): Promise<void> {
    if (this.#closed) throw BulkheadError.of("supervisor_stopping", "the supervisor is stopping");
    const plugin = this.get(id);
    if (sameSpec(plugin.spec, { ...plugin.spec, config })) return;
    const refusal = await plugin.configure(config);
    if (refusal !== null) {
      const { code, message, detail } = refusal;
      throw BulkheadError.of(code, message, detail === undefined ? {} : { detail });
    }
    const change = { added: [], removed: [], changed: [plugin.id], errors: [] };
    this.#options.surroundings.events.tell({ type: "config.loaded", ...change });
  }

  /** One that can not even be prepared (its data directory is a file, say) does not stop the rest. */
  async #tryToAdd(spec: PluginSpec): Promise<void> {
    try {
      await this.#add(spec);
    } catch (error) {
      this.#broken.set(spec.id, error instanceof Error ? error.message : String(error));
    }
  }

  async #add(spec: PluginSpec): Promise<void> {
    const { id } = spec;
    const { surroundings, logDir, keep, onLog, onProblem } = this.#options;
    const fresh: PluginRow = { id, generation: 0, restarts: 0, disabled: false, failures: [], attempt: 0 };
    const [lastCrash] = await surroundings.journal.crashes({ plugin: id, limit: 1 });
    const dataDir = this.#options.dataDir(id);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const log = new PluginLog({
      dir: logDir,
      plugin: id,
      maxBytes: keep.logSize,
      files: keep.logFiles,
      lineBytes: spec.limits.stderrLineBytes,
      onLine: onLog,
      onProblem,
    });
    const plugin = new Plugin(spec, this.#rows.get(id) ?? fresh, lastCrash ?? null, {
      ...surroundings,
      log,
      dataDir,
      copies: this.#options.copies(id),
    });
    this.#plugins.set(id, plugin);
    if (this.#isFirst && !this.#rows.has(id) && surroundings.journal.forgot) {
      const message = `${id} counts as enabled: the journal was damaged, and with it is lost whether an operator had disabled it; if so: bulkhead disable ${id}`;
      onProblem({ message, ok: false });
      plugin.note(message);
    }
    if (spec.start === "auto") plugin.start("supervisor");
  }

  async #remove(id: string): Promise<void> {
    const plugin = this.get(id);
    this.#plugins.delete(id);
    await plugin.close();
    this.#rows.set(id, plugin.row());
  }
}
