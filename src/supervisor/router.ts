/** From a call's target to the plugin that serves it. Params and results pass through as bytes. */
import { BulkheadError } from "../../protocol/error.ts";
import type { RpcError } from "../../protocol/error.ts";
import { nearest } from "../../protocol/nearest.ts";
import type { RouteOptions, Settle } from "./call.ts";
import { refusal } from "./call.ts";
import type { Plugin } from "./plugin.ts";

/** Calls are addressed as `plugin/api.method`; method names without a slash are the daemon's own. */
export class Router {
  readonly #plugins: ReadonlyMap<string, Plugin>;
  /** Why an id that stands in the configuration has no plugin. */
  readonly #broken: ReadonlyMap<string, string>;
  #closed = false;

  constructor(plugins: ReadonlyMap<string, Plugin>, broken: ReadonlyMap<string, string>) {
    this.#plugins = plugins;
    this.#broken = broken;
  }

  close(): void {
    this.#closed = true;
  }

  call(target: string, params: Buffer | undefined, options: RouteOptions, settle: Settle): void {
    const slash = target.indexOf("/");
    const id = target.slice(0, slash);
    const plugin = this.#plugins.get(id);
    if (this.#closed) settle(refusal("supervisor_stopping", "the supervisor is stopping"));
    else if (plugin !== undefined) plugin.call(target.slice(slash + 1), params, options, settle);
    else settle({ error: this.unknown(slash < 0 ? target : id) });
  }

  /** Why there is no plugin of that name. */
  unknown(id: string): RpcError {
    const problem = this.#broken.get(id);
    if (problem !== undefined) {
      const detail = { code: "invalid_config" };
      return BulkheadError.of("plugin_unavailable", `${id} is failed: ${problem}`, { detail }).toRpc();
    }
    const near = nearest(id, [...this.#plugins.keys(), ...this.#broken.keys()]);
    const meant = near === undefined ? "" : `; did you mean ${near}?`;
    const detail = near === undefined ? {} : { nearest: near };
    return BulkheadError.of("plugin_not_found", `no plugin is called ${JSON.stringify(id)}${meant}`, {
      detail,
    }).toRpc();
  }
}
