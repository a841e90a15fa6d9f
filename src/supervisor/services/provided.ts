/** Services that programs beside the supervisor provide: clients of a daemon, or the program that embeds it. */
import type { ProvidedService } from "../../../protocol/control-results.ts";
import { pluginId } from "../../../protocol/description.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import type { Lineage } from "../../core/lineage.ts";
import { timeLeft } from "../../core/lineage.ts";
import type { Settle } from "../call.ts";
import { refusal } from "../call.ts";
import { tooManyHops } from "./served.ts";
import type { HostCall } from "./services.ts";

/** For a call that has no deadline of its own. Milliseconds. */
const patienceMs = 30_000;

/** A call as its provider gets it. */
export interface ProvidedCall {
  /** Without the service: `query`. */
  readonly method: string;
  /** JSON of an object or array. */
  readonly params: Buffer | undefined;
  readonly plugin: string;
  readonly lineage: Lineage;
  /** Milliseconds that are left. */
  readonly ms: number;
  readonly signal: AbortSignal;
  readonly progress: (value: Buffer) => void;
}

export interface Provider {
  /** For people: name and version of the program. */
  readonly name: string;
  /** Settles within `ms`, and soon after the signal aborts. */
  call(call: ProvidedCall, settle: Settle): void;
}

export class ProvidedServices {
  readonly #providers = new Map<string, Provider>();

  /** Returns what ends it. @throws BulkheadError `service_taken`, `invalid_params` */
  provide(service: string, provider: Provider): () => void {
    if (service === "host" || !pluginId.safeParse(service).success) {
      throw BulkheadError.of("invalid_params", `${JSON.stringify(service)} can not be the name of a service`);
    }
    const other = this.#providers.get(service);
    if (other !== undefined) {
      throw BulkheadError.of("service_taken", `${service} is provided by ${other.name} already`);
    }
    this.#providers.set(service, provider);
    return () => {
      if (this.#providers.get(service) === provider) this.#providers.delete(service);
    };
  }

  list(): ProvidedService[] {
    return Array.from(this.#providers, ([service, { name }]) => ({ service, provider: name }));
  }

  call(target: string, { asker, request, lineage, signal, settle }: HostCall, now: number): void {
    const dot = target.indexOf(".");
    const service = dot < 0 ? target : target.slice(0, dot);
    const provider = this.#providers.get(service);
    if (provider === undefined) {
      settle(refusal("service_unavailable", `no program provides ${service} at the moment`));
      return;
    }
    if (dot < 0) {
      settle(refusal("method_not_found", `${target} is a service: name a method of it, as ${target}.method`));
      return;
    }
    const circle = tooManyHops(lineage, target);
    if (circle !== undefined) {
      settle(circle);
      return;
    }
    provider.call(
      {
        method: target.slice(dot + 1),
        params: request.params,
        plugin: asker.spec.id,
        lineage,
        ms: timeLeft(lineage, now) ?? patienceMs,
        signal,
        progress: (value) => request.progress(value),
      },
      settle,
    );
  }
}
