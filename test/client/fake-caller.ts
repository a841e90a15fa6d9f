/** Plugins in memory, as a caller sees them. */
import type {
  CallOptions,
  Caller,
  Described,
  ItemStream,
  StreamItem,
  StreamOptions,
} from "../../protocol/caller.ts";
import type { Api } from "../../protocol/description.ts";
import { BulkheadError } from "../../protocol/error.ts";

type Answer = (params: unknown, options: CallOptions) => unknown;
type Source = (params: unknown, options: StreamOptions) => AsyncGenerator<Omit<StreamItem, "seq">, unknown>;

export interface FakePlugin {
  described: Described;
  readonly calls?: Readonly<Record<string, Answer>>;
  readonly streams?: Readonly<Record<string, Source>>;
}

export function described(fingerprint: string, ...apis: Api[]): Described {
  const agreed = apis.slice(0, 1).map(({ name, version }) => ({ name, version }));
  return { protocol: 1, plugin: { name: "fake", version: "1.0.0" }, apis, fingerprint, agreed };
}

const cancelled = () => BulkheadError.of("cancelled", "it was cancelled", { settlement: "maybe_executed" });

export class FakeCaller implements Caller {
  readonly log: string[] = [];
  readonly #plugins: Readonly<Record<string, FakePlugin>>;

  constructor(plugins: Readonly<Record<string, FakePlugin>>) {
    this.#plugins = plugins;
  }

  async plugins(): Promise<string[]> {
    return Object.keys(this.#plugins);
  }

  async describe(plugin: string): Promise<Described> {
    this.log.push(`describe ${plugin}`);
    const found = this.#plugins[plugin];
    if (found === undefined) throw BulkheadError.of("plugin_not_found", `there is no ${plugin}`);
    return found.described;
  }

  async call(target: string, params: unknown = {}, options: CallOptions = {}): Promise<unknown> {
    const [plugin, method] = this.#admit(target, options);
    this.log.push(`call ${target} ${JSON.stringify(params)}`);
    const answer = plugin.calls?.[method];
    if (answer === undefined) throw BulkheadError.of("method_not_found", `no ${target}`);
    const aborted = Promise.withResolvers<never>();
    options.signal?.addEventListener("abort", () => aborted.reject(cancelled()));
    if (options.signal?.aborted === true) aborted.reject(cancelled());
    return Promise.race([(async () => answer(params, options))(), aborted.promise]);
  }

  stream(target: string, params: unknown = {}, options: StreamOptions = {}): ItemStream {
    const result = Promise.withResolvers<unknown>();
    result.promise.catch(() => {});
    const items = this.#items(target, params, options, result);
    return Object.assign(items, { result: result.promise });
  }

  async *#items(
    target: string,
    params: unknown,
    options: StreamOptions,
    result: PromiseWithResolvers<unknown>,
  ): AsyncGenerator<StreamItem> {
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {});
    options.signal?.addEventListener("abort", () => aborted.reject(cancelled()));
    if (options.signal?.aborted === true) aborted.reject(cancelled());
    try {
      const [plugin, method] = this.#admit(target, options);
      this.log.push(`stream ${target} ${JSON.stringify(params)} credit ${options.credit ?? 64}`);
      const source = plugin.streams?.[method]?.(params, options);
      if (source === undefined) throw BulkheadError.of("method_not_found", `no ${target}`);
      for (let seq = 0; ; seq++) {
        const next = await Promise.race([source.next(), aborted.promise]);
        if (next.done === true) {
          result.resolve(next.value);
          return;
        }
        yield { seq, ...next.value };
      }
    } catch (error) {
      result.reject(error);
      throw error;
    } finally {
      result.reject(cancelled());
      this.log.push(`end ${target}`);
    }
  }

  #admit(target: string, options: CallOptions): [FakePlugin, string] {
    const [id = "", method = ""] = target.split("/");
    const plugin = this.#plugins[id];
    if (plugin === undefined) throw BulkheadError.of("plugin_not_found", `there is no ${id}`);
    if (options.fingerprint !== undefined && options.fingerprint !== plugin.described.fingerprint) {
      this.log.push(`refused ${target}`);
      throw BulkheadError.of("contract_changed", "another version serves");
    }
    return [plugin, method];
  }
}
