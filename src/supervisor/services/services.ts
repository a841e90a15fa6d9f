/** What plugins ask of their host: each request goes to the service that it names, if the plugin was granted it. */
import type { PluginSpec } from "../../../protocol/config.ts";
import { nearest } from "../../../protocol/nearest.ts";
import type { PluginStorage } from "../../io/journal/storage.ts";
import type { PluginLog } from "../../io/log/logfile.ts";
import type { Deadlines } from "../../wire/deadlines.ts";
import type { IncomingRequest } from "../../wire/peer.ts";
import type { CallOutcome, Settle } from "../call.ts";
import { refusal } from "../call.ts";
import { hostServices, notGranted, permits } from "./grants.ts";
import { callPlugin } from "./host-call.ts";
import type { Route } from "./host-call.ts";
import { emit } from "./host-emit.ts";
import type { Publish } from "./host-emit.ts";
import { log } from "./host-log.ts";
import { isStorageMethod, storageMethods, store } from "./host-storage.ts";
import type { ProvidedServices } from "./provided.ts";
import type { Nested, ServedCalls } from "./served.ts";

/** A life of a plugin, as far as its requests are concerned. */
export interface Asker {
  readonly spec: PluginSpec;
  readonly generation: number;
  readonly log: PluginLog;
  /** The calls that it is serving. */
  readonly served: ServedCalls;
}

/** One request that was granted. */
export interface HostCall extends Nested {
  readonly asker: Asker;
  readonly request: IncomingRequest;
  /** Answers, unless that has been done; further answers are ignored. */
  readonly settle: Settle;
}

export interface ServicesOptions {
  readonly deadlines: Deadlines;
  readonly storage: PluginStorage;
  readonly provided: ProvidedServices;
  readonly route: Route;
  readonly publish: Publish;
}

export class Services {
  readonly #options: ServicesOptions;

  constructor(options: ServicesOptions) {
    this.#options = options;
  }

  serve(asker: Asker, request: IncomingRequest): void {
    const { method } = request;
    const { id } = asker.spec;
    if (!permits(asker.spec.services, method)) {
      answer(request, notGranted(id, method));
      return;
    }
    // It leads nowhere and takes no time: not worth to look for what it is part of.
    if (method === "host.log") {
      log(asker, request, (outcome) => answer(request, outcome));
      return;
    }
    const nested = asker.served.nest(request, "plugin");
    if ("error" in nested) {
      answer(request, nested);
      return;
    }
    const settle: Settle = (outcome) => {
      nested.release();
      answer(request, outcome);
    };
    this.#dispatch(method, { ...nested, asker, request, settle });
  }

  #dispatch(method: string, call: HostCall): void {
    const { deadlines, storage, provided, route, publish } = this.#options;
    if (isStorageMethod(method)) void store(method, call, storage, deadlines);
    else if (method === "host.call") callPlugin(call, route, deadlines.now());
    else if (method === "host.emit") emit(call, publish);
    else if (method.startsWith("host.")) call.settle(unknown(method));
    else provided.call(method, call, deadlines.now());
  }
}

function answer(request: IncomingRequest, outcome: CallOutcome): void {
  if ("result" in outcome) request.respond(outcome.result);
  else request.fail(outcome.error);
}

/** Of the supervisor's own services; those with several methods are none themselves. */
const methods = [
  ...hostServices.filter((service) => !storageMethods.some((each) => each.startsWith(`${service}.`))),
  ...storageMethods,
];

function unknown(method: string): CallOutcome {
  const near = nearest(method, methods);
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  return refusal("method_not_found", `the host has no ${method}${meant}`);
}
