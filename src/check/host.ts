/** The host that a plugin talks to while it is checked: services that need nobody else, in memory. */
import { BulkheadError } from "../../protocol/error.ts";
import { isObject } from "../core/json-value.ts";
import type { Answer } from "./call.ts";

export class Host {
  readonly #granted: readonly string[];
  readonly #stored = new Map<string, unknown>();

  /** @param granted names of services */
  constructor(granted: readonly string[]) {
    this.#granted = granted;
  }

  answer(method: string, params: unknown): Answer {
    const granted = this.#granted.some((each) => method === each || method.startsWith(`${each}.`));
    if (!granted) return refused("service_not_granted", `${method} is not granted`);
    const given = isObject(params) ? params : {};
    const key = String(given["key"]);
    switch (method) {
      case "host.log":
      case "host.emit":
        return { kind: "result", result: null };
      case "host.storage.get":
        return { kind: "result", result: this.#stored.has(key) ? { value: this.#stored.get(key) } : {} };
      case "host.storage.set":
        this.#stored.set(key, given["value"]);
        return { kind: "result", result: null };
      case "host.storage.delete":
        return { kind: "result", result: { deleted: this.#stored.delete(key) } };
      case "host.storage.list":
        return { kind: "result", result: { keys: [...this.#stored.keys()].sort(), more: false } };
      default:
        return refused("service_unavailable", `nobody provides ${method}`);
    }
  }
}

function refused(code: "service_not_granted" | "service_unavailable", message: string): Answer {
  return { kind: "error", error: BulkheadError.of(code, message).toRpc() };
}
