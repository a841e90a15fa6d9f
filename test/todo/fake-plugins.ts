/** Plugins of functions instead of processes, and a supervisor of nothing else. */
import type {
  Caller,
  CallOptions,
  Described,
  ItemStream,
  ServiceHandlers,
  ServiceHost,
} from "../../protocol/caller.ts";
import type { Action, Method } from "../../protocol/description.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { todo2 } from "../../protocol/todo.ts";
import type { Change } from "../../protocol/todo.ts";

export interface FakePlugin {
  /** By the method's name; a method that is not here is not offered. */
  readonly methods: Readonly<Record<string, (params: never, options: CallOptions) => unknown>>;
  readonly version?: string;
  readonly actions?: readonly Action[];
}

export class FakePlugins implements Caller, ServiceHost {
  readonly plugin = new Map<string, FakePlugin>();
  readonly services = new Map<string, ServiceHandlers>();

  constructor(plugins: Readonly<Record<string, FakePlugin>>) {
    for (const [id, plugin] of Object.entries(plugins)) this.plugin.set(id, plugin);
  }

  async call(target: string, params: unknown = {}, options: CallOptions = {}): Promise<unknown> {
    const [id = "", method = ""] = target.split("/todo.");
    const run = this.plugin.get(id)?.methods[method];
    if (run === undefined) throw BulkheadError.of("method_not_found", target);
    // As if it had travelled.
    return JSON.parse(JSON.stringify((await run(structuredClone(params) as never, options)) ?? null));
  }

  stream(): ItemStream {
    throw new Error("nothing streams here");
  }

  async describe(id: string): Promise<Described> {
    const plugin = this.plugin.get(id);
    if (plugin === undefined) throw BulkheadError.of("plugin_not_found", id);
    const { methods } = todo2.document();
    const name = "todo";
    const { version = "2.0.0", actions = [{ id: "generate", method: "generate" }] } = plugin;
    const offered = Object.keys(plugin.methods).map((method): Method => ({
      ...methods[method],
      name: method,
    }));
    return {
      protocol: 1,
      plugin: { name: id, version: "1.0.0" },
      apis: [{ name, version, methods: offered, actions: [...actions] }],
      fingerprint: id,
      agreed: [{ name, version }],
    };
  }

  async plugins(): Promise<string[]> {
    return [...this.plugin.keys()];
  }

  async provide(service: string, handlers: ServiceHandlers): Promise<AsyncDisposable> {
    if (this.services.has(service)) throw BulkheadError.of("service_taken", service);
    this.services.set(service, handlers);
    return { [Symbol.asyncDispose]: async () => void this.services.delete(service) };
  }

  /** As a plugin asks for it. */
  async query(params: unknown): Promise<unknown> {
    const handler = this.services.get("todo")?.["query"];
    if (handler === undefined) throw BulkheadError.of("service_unavailable", "todo");
    return handler(params, {
      signal: new AbortController().signal,
      plugin: "asker",
      caller: this,
      progress: () => undefined,
    });
  }
}

export function changing(summary: string, ...commands: Change["commands"]): Change {
  return { summary, commands };
}
