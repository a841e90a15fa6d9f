/** The services that one client provides: calls of plugins go to it as requests on its own connection. */
import { BulkheadError } from "../../protocol/error.ts";
import type { ProvidedCall, ProvidedServices } from "../supervisor/services/provided.ts";
import { refusal } from "../supervisor/call.ts";
import type { CallOutcome, Settle } from "../supervisor/call.ts";
import type { ServedCalls } from "../supervisor/services/served.ts";
import type { Outcome, Peer } from "../wire/peer.ts";
import { toSlice } from "../wire/peer.ts";

/** By one client. */
const mostServices = 64;

export class ClientServices {
  readonly #peer: Peer;
  readonly #provided: ProvidedServices;
  readonly #served: ServedCalls;
  readonly #client: () => string;
  /** What ends each of them. */
  readonly #services = new Map<string, () => void>();
  #closed = false;

  constructor(peer: Peer, provided: ProvidedServices, served: ServedCalls, client: () => string) {
    this.#peer = peer;
    this.#provided = provided;
    this.#served = served;
    this.#client = client;
  }

  /** @throws BulkheadError `service_taken`, `plugin_busy` beyond the bound */
  provide(service: string): null {
    if (this.#closed) return null;
    if (this.#services.size >= mostServices) {
      throw BulkheadError.of("plugin_busy", `this connection provides ${mostServices} services already`);
    }
    const call = (asked: ProvidedCall, settle: Settle): void => this.#ask(service, asked, settle);
    this.#services.set(service, this.#provided.provide(service, { name: this.#client(), call }));
    return null;
  }

  /** What is being answered still is. */
  withdraw(service: string): null {
    this.#services.get(service)?.();
    this.#services.delete(service);
    return null;
  }

  /** The client is gone. */
  close(): void {
    this.#closed = true;
    for (const service of this.#services.keys()) this.withdraw(service);
  }

  #ask(
    service: string,
    { method, params, plugin, lineage, ms, signal, progress }: ProvidedCall,
    settle: Settle,
  ): void {
    const ctx = toSlice({ ms: Math.round(ms), hops: lineage.hops, plugin });
    const options = { signal, totalTimeout: ms, ctx, onProgress: progress };
    const call = this.#peer.call(`${service}.${method}`, params, options, (outcome) => {
      this.#served.settled(call.id, outcome);
      settle(outcomeOf(`${service}.${method}`, this.#client(), outcome));
    });
    this.#served.add(call.id, lineage);
  }
}

function outcomeOf(target: string, client: string, outcome: Outcome): CallOutcome {
  if (outcome.settlement === "answered") {
    return outcome.error === undefined ? { result: outcome.result } : { error: outcome.error };
  }
  const { settlement } = outcome;
  switch (outcome.cause) {
    case "timeout":
      return refusal("timeout", `${client} did not answer ${target} in time`, { settlement });
    case "cancelled":
      return refusal("cancelled", `the call of ${target} was cancelled`, { settlement });
    case "too_large":
      return refusal("too_large", `the params of ${target} are larger than a frame may be`, { settlement });
    case "busy":
      return refusal("service_unavailable", `${client}, which provides it, has too many calls of it`, {
        settlement,
      });
    case "closed":
      return refusal("service_unavailable", `${client}, which provided ${target}, has left`, { settlement });
  }
}
