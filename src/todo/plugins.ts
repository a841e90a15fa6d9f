/** The plugins that work on todos, as they come and go. */
import type { Caller } from "../../protocol/caller.ts";
import type { Action } from "../../protocol/description.ts";
import type { BulkheadError } from "../../protocol/error.ts";
import { todo2 } from "../../protocol/todo.ts";
import { implementing } from "../client/bind/bind.ts";
import type { TypedClient } from "../client/bind/typed.ts";

export interface TodoPlugin {
  readonly id: string;
  readonly client: TypedClient<typeof todo2>;
  /** What a person may start. Each method takes an `ask` and answers with a change, or null. */
  readonly actions: readonly Action[];
}

export class TodoPlugins implements AsyncDisposable {
  readonly #caller: Caller;
  readonly found = new Map<string, TodoPlugin>();
  unfit: ReadonlyMap<string, BulkheadError> = new Map();
  #refreshing: Promise<TodoPlugin[]> = Promise.resolve([]);
  #isClosed = false;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Returns those that were not there before. One at a time. */
  refresh(): Promise<TodoPlugin[]> {
    this.#refreshing = this.#refreshing.catch(() => undefined).then(() => this.#refresh());
    return this.#refreshing;
  }

  /** Knows of none, until it is asked to look again. */
  async clear(): Promise<void> {
    for (const id of this.found.keys()) await this.#drop(id);
    this.unfit = new Map();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.clear();
  }

  async #refresh(): Promise<TodoPlugin[]> {
    if (this.#isClosed) return [];
    const clients = await implementing(this.#caller, todo2);
    this.unfit = clients.mismatched;
    for (const id of this.found.keys()) {
      if (!clients.has(id) && !clients.undescribed.has(id)) await this.#drop(id);
    }
    const fresh: TodoPlugin[] = [];
    for (const [id, client] of clients) {
      // The old client compares by itself when the plugin changes, and calls may be under way.
      const isNew = !this.found.has(id) && !this.#isClosed;
      const kept = isNew ? client : this.found.get(id)?.client;
      if (!isNew) await client[Symbol.asyncDispose]();
      if (kept === undefined) continue;
      const plugin = { id, client: kept, actions: await this.#actionsOf(id) };
      this.found.set(id, plugin);
      if (isNew) fresh.push(plugin);
    }
    return fresh;
  }

  async #actionsOf(id: string): Promise<readonly Action[]> {
    const { apis, agreed } = await this.#caller.describe(id);
    const version = agreed.find(({ name }) => name === todo2.name)?.version;
    return apis.find((api) => api.name === todo2.name && api.version === version)?.actions ?? [];
  }

  async #drop(id: string): Promise<void> {
    const plugin = this.found.get(id);
    this.found.delete(id);
    await plugin?.client[Symbol.asyncDispose]();
  }
}
