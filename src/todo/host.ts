/** The host of the todo api: one list, the plugins that work on it, and what they are told of it. */
import type { Caller, ServiceHost } from "../../protocol/caller.ts";
import { BulkheadError, errors } from "../../protocol/error.ts";
import type { SupervisorEvent } from "../../protocol/state.ts";
import { change as changeSchema, todo2, todoChanged, todoService } from "../../protocol/todo.ts";
import type { Ask, Change, Command, TodoId } from "../../protocol/todo.ts";
import { apply, batchErrorWords } from "./batch.ts";
import type { BatchError, BatchResult } from "./batch.ts";
import { happened, loaded } from "./happened.ts";
import type { TodoEvent } from "./happened.ts";
import { noHistory, recorded, redone, undone } from "./history.ts";
import type { Turn } from "./history.ts";
import { emptyList } from "./list.ts";
import type { TodoList } from "./list.ts";
import { isEmpty } from "./patch.ts";
import type { Patch } from "./patch.ts";
import { TodoPlugins } from "./plugins.ts";
import type { TodoPlugin } from "./plugins.ts";
import { answer } from "./query.ts";
import { Syncs } from "./syncs.ts";

export interface TodoHostOptions {
  /** An embedded supervisor, or a connection to a daemon. */
  readonly caller: Caller & ServiceHost;
  /** Tells plugins: `supervisor.publish`, or the control method `event.publish`. */
  readonly publish: (event: string, params: Readonly<Record<string, unknown>>) => unknown;
  readonly list?: TodoList;
  /** Told of each event as it is published: for a host that shows what its plugins hear. */
  readonly onEvent?: (event: TodoEvent) => void;
  /** Told of each batch that has changed the list; `by` null: a person's. */
  readonly onBatch?: (by: string | null, summary: string, patch: Patch) => void;
  /** Told when it has looked which plugins there are. */
  readonly onPlugins?: () => void;
  /** Told what went wrong where nobody waits for an answer. `plugin` null: it is not about one. */
  readonly onProblem?: (plugin: string | null, error: Error) => void;
}

/** What became of a batch. */
export type Outcome =
  | { readonly ok: true; readonly summary: string; readonly created: ReadonlyMap<string, TodoId> }
  | { readonly ok: false; readonly summary: string; readonly error: BatchError };

/** What a plugin would have done, and how the list would look then. Nothing has happened yet. */
export interface Proposal {
  readonly plugin: string;
  readonly change: Change;
  readonly result: BatchResult;
}

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((value: unknown) => void) | undefined;
}

export class TodoHost implements AsyncDisposable {
  readonly #options: TodoHostOptions;
  readonly #plugins: TodoPlugins;
  readonly #listeners = new Set<(list: TodoList) => void>();
  readonly #closing = new AbortController();
  readonly #syncs = new Syncs<Outcome>((plugin, isTold) => this.#syncOnce(plugin, isTold));
  #service: AsyncDisposable | null = null;
  #list: TodoList;
  #history = noHistory;

  constructor(options: TodoHostOptions) {
    this.#options = options;
    this.#list = options.list ?? emptyList;
    this.#plugins = new TodoPlugins(options.caller);
  }

  /**
   * Provides `todo.query`, finds the plugins, and asks those that mirror something for their todos. Everything that the
   * supervisor tells belongs into `receive`, from before this call on. May be called again, after `close` or when the
   * caller has lost its connection and has another one.
   * @throws BulkheadError `service_taken`: there is another host
   */
  async open(): Promise<void> {
    await this.close();
    this.#service = await this.#options.caller.provide(todoService.name, {
      query: (params) => {
        const asked = todoService.methods.query.params.safeParse(params);
        if (asked.success) return answer(this.#list, asked.data);
        const [issue] = asked.error.issues;
        const path = (issue?.path ?? []).map((step) => `/${String(step)}`).join("");
        throw BulkheadError.of("invalid_params", `todo.query: ${path} ${issue?.message ?? "does not fit"}`, {
          path,
        });
      },
    });
    this.#tell([loaded(this.#list, null)]);
    await this.refresh();
  }

  /** Parts with the service and the plugins. The list stays, and can be changed and undone as before. */
  async close(): Promise<void> {
    const service = this.#service;
    this.#service = null;
    await this.#plugins.clear();
    await service?.[Symbol.asyncDispose]();
  }

  get list(): TodoList {
    return this.#list;
  }

  /** Those that fit the contract, by their ids. */
  get plugins(): ReadonlyMap<string, TodoPlugin> {
    return this.#plugins.found;
  }

  /** Those that offer todos and do not fit, and why. */
  get unfit(): ReadonlyMap<string, BulkheadError> {
    return this.#plugins.unfit;
  }

  /** Told after each change. Returns what ends it. */
  subscribe(listener: (list: TodoList) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Looks which plugins there are. */
  async refresh(): Promise<void> {
    const fresh = await this.#plugins.refresh();
    this.#options.onPlugins?.();
    for (const { id, client } of fresh) {
      if (client.mirror !== undefined) this.#wake(id, true);
    }
  }

  /** A person's own changes. */
  apply(commands: readonly Command[], label: string): Outcome {
    return this.#apply({ summary: label, commands: [...commands] }, null, true);
  }

  /** What a plugin would add. @throws BulkheadError whatever the plugin answers, or why it does not */
  async generate(plugin: string, ask: Ask = {}, options: AskOptions = {}): Promise<Proposal> {
    const change = await this.#plugin(plugin).client.generate(ask, {
      ...options,
      signal: this.#signal(options),
    });
    return { plugin, change, result: apply(this.#list, change.commands, plugin) };
  }

  /** Does what was proposed; what it puts at the top level goes under a todo, where one is named. */
  async accept({ plugin, change }: Proposal, under: TodoId | null = null): Promise<Outcome> {
    return this.#take(
      plugin,
      under === null ? change : { ...change, commands: moved(change.commands, under) },
      true,
    );
  }

  /** Runs an action of a plugin, and does what it answers. @throws BulkheadError */
  async run(plugin: string, action: string, ask: Ask = {}, options: AskOptions = {}): Promise<Outcome> {
    const { actions, client } = this.#plugin(plugin);
    const method = actions.find(({ id }) => id === action)?.method;
    if (method === undefined) throw BulkheadError.of("method_not_found", `${plugin} has no action ${action}`);
    // A plugin knows of one batch that waits to be applied: two at once would make it forget the first.
    if (method === "sync" && client.mirror !== undefined) return this.sync(plugin);
    const target = `${plugin}/${todo2.name}.${method}`;
    const { onProgress } = options;
    const result = await this.#options.caller.call(target, ask, {
      onProgress,
      signal: this.#signal(options),
    });
    // Some actions have nothing to say.
    if (result === null) return { ok: true, summary: "", created: new Map() };
    const change = changeSchema.safeParse(result);
    if (change.success) return this.#take(plugin, change.data, true);
    const { number } = errors.invalid_result;
    throw new BulkheadError("invalid_result", `${target} answered with something else than a change`, number);
  }

  /** Asks a plugin that mirrors something for what is new there. One at a time: a later one asks once more. */
  sync(plugin: string): Promise<Outcome> {
    return this.#syncs.run(plugin, true);
  }

  /** What `undo` and `redo` would take back or do again, by the labels of those changes; null: nothing. */
  get history(): { readonly undo: string | null; readonly redo: string | null } {
    const { past, future } = this.#history;
    return { undo: past.at(-1)?.label ?? null, redo: future.at(-1)?.label ?? null };
  }

  /** Returns the label of what it has taken back; null: there was nothing to undo. */
  undo(): string | null {
    return this.#turn(undone(this.#history, this.#list));
  }

  /** Returns the label of what it has done again; null: there was nothing to redo. */
  redo(): string | null {
    return this.#turn(redone(this.#history, this.#list));
  }

  /** What the supervisor tells: a plugin that has something new, or a plugin that is new. */
  receive(event: SupervisorEvent): void {
    if (event.type === "plugin.event" && event.event === todoChanged && event.plugin !== null) {
      // What an event has led to leads to no further one: two plugins must not keep each other busy.
      this.#wake(event.plugin, event.depth === 0);
    } else if (
      event.type === "config.loaded" ||
      (event.type === "plugin.state" && event.to === "serving" && !this.plugins.has(event.plugin))
    ) {
      this.refresh().catch((error: unknown) => this.#problem(null, error));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#listeners.clear();
    await this.close();
    await this.#plugins[Symbol.asyncDispose]();
  }

  #plugin(id: string): TodoPlugin {
    const plugin = this.#plugins.found.get(id);
    if (plugin !== undefined) return plugin;
    throw (
      this.#plugins.unfit.get(id) ??
      BulkheadError.of("plugin_not_found", `${id} does not offer ${todo2.name} ${todo2.range}`)
    );
  }

  #signal({ signal }: AskOptions): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
  }

  /** In the background. */
  #wake(plugin: string, isTold: boolean): void {
    if (this.#plugins.found.get(plugin)?.client.mirror === undefined) return;
    this.#syncs.run(plugin, isTold).then(
      (outcome) => {
        if (outcome.ok) return;
        this.#problem(plugin, new Error(`its batch is refused: ${batchErrorWords(outcome.error)}`));
      },
      (error: unknown) => this.#problem(plugin, error),
    );
  }

  async #syncOnce(plugin: string, isTold: boolean): Promise<Outcome> {
    const { mirror } = this.#plugin(plugin).client;
    if (mirror === undefined) throw BulkheadError.of("method_not_found", `${plugin} mirrors nothing`);
    const change = await mirror.sync({}, { signal: this.#closing.signal });
    return this.#take(plugin, change, isTold);
  }

  /** Does what a plugin wants done, and tells it when it has named its batch. */
  async #take(plugin: string, change: Change, isTold: boolean): Promise<Outcome> {
    const outcome = this.#apply(change, plugin, isTold);
    // It may have gone since it has proposed this.
    const mirror = this.#plugins.found.get(plugin)?.client.mirror;
    if (outcome.ok && change.batch !== undefined && mirror !== undefined) {
      const created = Array.from(outcome.created, ([tempId, id]) => ({ tempId, id }));
      // It is done, whether the plugin hears of it or not.
      await mirror
        .applied({ batch: change.batch, created }, { signal: this.#closing.signal })
        .catch((error: unknown) => this.#problem(plugin, error));
    }
    return outcome;
  }

  #apply({ summary, commands }: Change, by: string | null, isTold: boolean): Outcome {
    const result = apply(this.#list, commands, by);
    if (!result.ok) return { ok: false, summary, error: result.error };
    const { list, patch, created } = result;
    this.#history = recorded(this.#history, { label: summary, patch });
    if (!isEmpty(patch)) this.#options.onBatch?.(by, summary, patch);
    this.#become(list, patch, by, isTold);
    return { ok: true, summary, created };
  }

  #turn(turn: Turn | null): string | null {
    if (turn === null) return null;
    this.#history = turn.history;
    this.#become(turn.list, turn.step.patch, null, true);
    return turn.step.label;
  }

  #become(list: TodoList, patch: Patch, by: string | null, isTold: boolean): void {
    this.#list = list;
    if (isEmpty(patch)) return;
    for (const listener of this.#listeners) listener(list);
    if (isTold) this.#tell(happened(patch, list, by));
  }

  #tell(events: readonly TodoEvent[]): void {
    for (const each of events) {
      this.#options.onEvent?.(each);
      void this.#publish(each);
    }
  }

  async #publish({ event, params }: TodoEvent): Promise<void> {
    try {
      await this.#options.publish(event, params);
    } catch (error) {
      this.#problem(null, error);
    }
  }

  #problem(plugin: string | null, error: unknown): void {
    if (this.#closing.signal.aborted) return;
    this.#options.onProblem?.(plugin, error instanceof Error ? error : new Error(String(error)));
  }
}

function moved(commands: readonly Command[], under: TodoId): Command[] {
  return commands.map((each) =>
    each.op === "create" && (each.parent ?? null) === null ? { ...each, parent: under } : each,
  );
}
