/** What a plugin asks of its host. */
import type { z } from "zod";
import type { Outgoing } from "./connection.ts";
import { codes, HostError, isObject } from "./error.ts";
import type { Level } from "./log.ts";

export interface HostCallOptions<T = unknown> {
  /** Aborted: the host is told to stop, and the call rejects with the code `cancelled`. */
  readonly signal?: AbortSignal;
  /** Time for the call, in milliseconds. */
  readonly ms?: number;
  readonly onProgress?: (value: unknown) => void;
  /** What the result must be. One that does not fit rejects with the code `unexpected_result`. */
  readonly result?: z.ZodType<T>;
}

export type Ask = (method: string, params: object, outgoing: Omit<Outgoing, "parent">) => Promise<unknown>;

/**
 * The host's services. Those of `call.host` are asked on behalf of that call: they end with it. Those of
 * `activation.host` are the plugin's own. Everything rejects with a `HostError`.
 */
export class Host {
  readonly #ask: Ask;
  readonly storage: Storage;

  constructor(ask: Ask) {
    this.#ask = ask;
    this.storage = new Storage(this);
  }

  /** Any method of any service: `host.storage.get`, or `todo.query` of a client that provides it. */
  async request<T = unknown>(
    method: string,
    params: object = {},
    options: HostCallOptions<T> = {},
  ): Promise<T> {
    const { signal, ms, onProgress, result: schema } = options;
    const result = await this.#ask(method, params, { signal, ms, onProgress });
    // Without a schema T is unknown, or what the caller says at his own risk.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    if (schema === undefined) return result as T;
    const parsed = schema.safeParse(result);
    if (parsed.success) return parsed.data;
    const message = `${method}: ${parsed.error.issues[0]?.message ?? "does not fit"}`;
    throw new HostError(codes.internalError, message, { code: "unexpected_result" });
  }

  /** A method of another plugin, `plugin/api.method`, where the configuration allows it. */
  call<T = unknown>(target: string, params: object = {}, options: HostCallOptions<T> = {}): Promise<T> {
    return this.request("host.call", { target, params }, options);
  }

  /** Tells the host's clients, and the plugins that want the event `api.event`. */
  async emit(event: string, params: object = {}): Promise<void> {
    await this.request("host.emit", { event, params });
  }

  /** A line of the plugin's log. `log` of this SDK does the same over stderr, without a round trip. */
  async log(level: Level, msg: string, fields?: Readonly<Record<string, unknown>>): Promise<void> {
    await this.request("host.log", { level, msg, ...(fields !== undefined && { fields }) });
  }
}

/** JSON values by key that survive restarts; limits in protocol/README.md. */
class Storage {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** The value, or undefined when there is none. */
  async get(key: string): Promise<unknown> {
    const found = await this.#host.request("host.storage.get", { key });
    return isObject(found) ? found["value"] : undefined;
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.#host.request("host.storage.set", { key, value });
  }

  /** Whether there was one. */
  async delete(key: string): Promise<boolean> {
    const found = await this.#host.request("host.storage.delete", { key });
    return isObject(found) && found["deleted"] === true;
  }

  /** Keys in byte order: those with the prefix, from behind `after`; `more` when there are further ones. */
  async list(
    options: { readonly prefix?: string; readonly after?: string; readonly limit?: number } = {},
  ): Promise<{ keys: string[]; more: boolean }> {
    const found = await this.#host.request("host.storage.list", options);
    const keys: unknown = isObject(found) ? found["keys"] : undefined;
    return {
      keys: Array.isArray(keys) ? keys.filter((key) => typeof key === "string") : [],
      more: isObject(found) && found["more"] === true,
    };
  }
}
