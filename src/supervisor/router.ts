/** From a call's target to the plugin that serves it. Params and results pass through as bytes. */
import type { JsonText } from "../wire/peer.ts";
import type { Alias } from "../../protocol/aliases.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { RpcError } from "../../protocol/error.ts";
import { nearest } from "../../protocol/nearest.ts";
import type { RoutedCall, RouteOptions, Settle } from "./call.ts";
import { endedCall, refusal } from "./call.ts";
import type { Plugin } from "./plugin.ts";

/** What a target is taken apart into. The same text again is hashed already, its parts would be new each time. */
interface Address {
  readonly id: string;
  readonly method: string;
}

/** How many targets are remembered; a program calls a few, again and again. */
const mostAddresses = 1024;
/** Longer ones are not remembered. Characters. */
const longestKept = 256;

/** Calls are addressed as `plugin/api.method`; method names without a slash are the daemon's own. */
export class Router {
  readonly #plugins: ReadonlyMap<string, Plugin>;
  readonly #aliases: ReadonlyMap<string, Alias>;
  /** Why an id that stands in the configuration has no plugin. */
  readonly #broken: ReadonlyMap<string, string>;
  readonly #addresses = new Map<string, Address>();
  #closed = false;

  constructor(
    plugins: ReadonlyMap<string, Plugin>,
    aliases: ReadonlyMap<string, Alias>,
    broken: ReadonlyMap<string, string>,
  ) {
    this.#plugins = plugins;
    this.#aliases = aliases;
    this.#broken = broken;
  }

  close(): void {
    this.#closed = true;
  }

  call(target: string, params: JsonText | undefined, options: RouteOptions, settle: Settle): RoutedCall {
    const { id, method } = this.#addresses.get(target) ?? this.#taken(target);
    const plugin = this.#plugins.get(id);
    if (this.#closed) settle(refusal("supervisor_stopping", "the supervisor is stopping"));
    else if (plugin !== undefined) return plugin.call(method, params, options, settle);
    else return this.#callByAlias(id, method, params, options, settle);
    return endedCall;
  }

  #taken(target: string): Address {
    const slash = target.indexOf("/");
    const address = { id: slash < 0 ? target : target.slice(0, slash), method: target.slice(slash + 1) };
    if (target.length > longestKept) return address;
    if (this.#addresses.size >= mostAddresses) this.#addresses.clear();
    this.#addresses.set(target, address);
    return address;
  }

  #callByAlias(
    id: string,
    method: string,
    params: JsonText | undefined,
    options: RouteOptions,
    settle: Settle,
  ): RoutedCall {
    const alias = this.#aliases.get(id);
    const plugin = alias && this.#plugins.get(alias.plugin);
    if (alias === undefined || plugin === undefined) settle({ error: this.unknown(id) });
    else if (method.startsWith(`${alias.api}.`)) return plugin.call(method, params, options, settle);
    else {
      const message = `${id} is the api ${alias.api} of ${alias.plugin}, and has no method ${method}`;
      settle(refusal("method_not_found", message));
    }
    return endedCall;
  }

  /** Why there is no plugin of that name. */
  unknown(id: string): RpcError {
    const problem = this.#broken.get(id);
    if (problem !== undefined) {
      const detail = { code: "invalid_config" };
      return BulkheadError.of("plugin_unavailable", `${id} is failed: ${problem}`, { detail }).toRpc();
    }
    const near = nearest(id, [...this.#plugins.keys(), ...this.#aliases.keys(), ...this.#broken.keys()]);
    const meant = near === undefined ? "" : `; did you mean ${near}?`;
    const detail = near === undefined ? {} : { nearest: near };
    return BulkheadError.of("plugin_not_found", `no plugin is called ${JSON.stringify(id)}${meant}`, {
      detail,
    }).toRpc();
  }
}
