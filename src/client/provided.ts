/** The services that this program provides: requests of the daemon in, answers of its functions out. */
import type { CallOptions, ServiceContext, ServiceHandlers } from "../../protocol/caller.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { answerBy } from "../wire/handlers.ts";
import { members, toSlice } from "../wire/peer.ts";
import type { Id, IncomingRequest } from "../wire/peer.ts";

/** @param parent the request that the call is part of */
type CallFor = (parent: Id, target: string, params: unknown, options: CallOptions) => Promise<unknown>;

export class ProvidedHandlers {
  readonly #callFor: CallFor;
  readonly #services = new Map<string, ServiceHandlers>();
  /** Of what is being answered. */
  readonly #open = new Set<AbortController>();

  constructor(callFor: CallFor) {
    this.#callFor = callFor;
  }

  /** Returns what ends it. @throws BulkheadError `service_taken` */
  add(service: string, handlers: ServiceHandlers): () => void {
    if (this.#services.has(service)) {
      throw BulkheadError.of("service_taken", `${service} is provided by this connection already`);
    }
    this.#services.set(service, handlers);
    return () => void this.#services.delete(service);
  }

  serve(request: IncomingRequest): void {
    const { method, params } = request;
    const dot = method.indexOf(".");
    const handlers = this.#services.get(method.slice(0, Math.max(0, dot)));
    if (handlers === undefined) {
      request.fail(BulkheadError.of("method_not_found", `nothing here answers ${method}`).toRpc());
      return;
    }
    const abort = new AbortController();
    this.#open.add(abort);
    request.onCancel(() => abort.abort());
    void answerBy(handlers, method.slice(dot + 1), params, this.#contextOf(request, abort.signal)).then(
      (outcome) => {
        this.#open.delete(abort);
        if ("result" in outcome) request.respond(outcome.result);
        else request.fail(outcome.error);
      },
    );
  }

  /** Nobody waits for an answer any more. */
  close(): void {
    for (const abort of this.#open) abort.abort();
  }

  #contextOf(request: IncomingRequest, signal: AbortSignal): ServiceContext {
    const [plugin] = members(request.ctx, "plugin");
    return {
      signal,
      plugin: plugin === undefined ? "" : String(JSON.parse(plugin.toString())),
      progress: (value) => request.progress(toSlice(value)),
      caller: {
        call: (target, params = {}, options = {}) => {
          const both = options.signal === undefined ? signal : AbortSignal.any([options.signal, signal]);
          return this.#callFor(request.id, target, params, { ...options, signal: both });
        },
      },
    };
  }
}
