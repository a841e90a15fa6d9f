/** One life of the plugin: what the supervisor says, and what is answered. */
import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import type { Served } from "./api.ts";
import { Call } from "./call.ts";
import { Connection, type Incoming, type Outgoing, type Receiver } from "./connection.ts";
import { cancelled, codes, HostError, isObject, PluginError, refusal, toResponseError } from "./error.ts";
import { Host } from "./host.ts";
import { log } from "./log.ts";
import { isId, type Id } from "./message.ts";
import { PROTOCOL, type Activation, type Definition } from "./definition.ts";
import { fit, invalidParams } from "./schema.ts";
import { Credit, pump, unlessAborted } from "./stream.ts";
import { defaultLimits, type Limits } from "./transport.ts";
import { ResponseError } from "vscode-jsonrpc/node";

// sysexits.h: the supervisor was misunderstood; it is unreachable.
const EXIT_DATA = 65;
const EXIT_IO = 74;

/** How long the last answers may take to be read before the process leaves without them. */
const FLUSH_MS = 1000;

const initializeParams = z.object({
  protocol: z.object({ min: z.int(), max: z.int() }),
  plugin: z.string().default(""),
  generation: z.int().default(1),
  services: z.array(z.string()).default([]),
  limits: z
    .object({ frameBytes: z.int().positive(), depth: z.int().positive(), inFlight: z.int().positive() })
    .partial()
    .default({}),
});

const activateParams = z.object({
  apis: z.array(z.object({ name: z.string(), version: z.string() })).default([]),
  config: z.unknown(),
  dataDir: z.string().default(""),
});

const configureParams = z.object({ config: z.unknown() });

type Phase = "new" | "described" | "activating" | "ready" | "draining";

type Identity = Pick<Activation, "plugin" | "generation" | "services">;

export class Session implements Receiver {
  readonly #definition: Definition;
  readonly #output: Writable;
  readonly #connection: Connection;
  readonly #limits: Limits = { ...defaultLimits };
  /** What is in flight until its answer is on its way, with the credit of a stream. */
  readonly #inFlight = new Map<Id, Credit | undefined>();
  #phase: Phase = "new";
  #leaving = false;
  #identity: Identity = { plugin: "", generation: 1, services: [] };
  #activation: Activation | undefined;
  #routes: ReadonlyMap<string, Served> = new Map();
  #drained: (() => void) | undefined;

  constructor(definition: Definition, input: Readable, output: Writable) {
    this.#definition = definition;
    this.#output = output;
    this.#connection = new Connection(input, output, this.#limits, this);
  }

  run(): Promise<never> {
    this.#connection.listen();
    return new Promise(() => {});
  }

  async request(incoming: Incoming): Promise<unknown> {
    try {
      return await this.#serve(incoming);
    } catch (thrown) {
      // Whatever it failed with, it failed because it was told to stop.
      if (incoming.signal.aborted) throw cancelled();
      const foreseen =
        thrown instanceof PluginError || thrown instanceof HostError || thrown instanceof ResponseError;
      if (!foreseen) log.error(unforeseen(incoming.method, thrown));
      throw toResponseError(thrown);
    }
  }

  notification(method: string, params: unknown): void {
    if (method === "exit") this.#leave(0);
    if (method !== "$/credit" || !isObject(params)) return;
    const { id, n } = params;
    if (isId(id) && typeof n === "number" && n > 0) this.#inFlight.get(id)?.add(n);
  }

  answered(id: Id): void {
    this.#inFlight.delete(id);
    if (this.#inFlight.size === 0) this.#drained?.();
  }

  ended(): void {
    this.#leave(0);
  }

  failed(side: "input" | "output", error: Error): void {
    if (this.#leaving) return;
    // Nobody is left to talk to.
    if (side === "output" && "code" in error && error.code === "EPIPE") this.#leave(0);
    else if (side === "output") this.#leave(EXIT_IO, `stdout can not be written: ${error.message}`);
    else this.#leave(EXIT_DATA, `stdin is not in step with the protocol: ${error.message}`);
  }

  #serve(incoming: Incoming): unknown {
    const { method, params } = incoming;
    if (method.includes(".")) return this.#call(incoming);
    switch (method) {
      case "initialize":
        return this.#initialize(params);
      case "activate":
        return this.#activate(incoming);
      case "configure":
        return this.#configure(incoming);
      case "ping":
        return {};
      case "shutdown":
        return this.#shutdown();
      default:
        throw refusal(codes.methodNotFound, "method_not_found", `no method ${JSON.stringify(method)}`);
    }
  }

  #initialize(params: unknown): object {
    const { protocol, plugin, generation, services, limits } = fit(
      initializeParams,
      params ?? {},
      invalidParams,
    );
    if (PROTOCOL < protocol.min || PROTOCOL > protocol.max) throw incompatible(protocol);
    if (this.#phase !== "new") throw invalidRequest("initialize comes once");
    this.#phase = "described";
    this.#identity = { plugin, generation, services };
    Object.assign(this.#limits, limits);
    return this.#definition.describe();
  }

  async #activate(incoming: Incoming): Promise<object> {
    const { apis, config, dataDir } = fit(activateParams, incoming.params ?? {}, invalidParams);
    if (this.#phase !== "described") throw invalidRequest("activate comes once, after initialize");
    this.#admit(incoming);
    this.#phase = "activating";
    const host = new Host((method, params, outgoing) => this.#ask(method, params, outgoing));
    const activation = { ...this.#identity, dataDir, host };
    this.#activation = activation;
    this.#routes = routes(this.#definition, apis);
    await this.#definition.activate(config ?? {}, activation);
    // A shutdown may have come meanwhile.
    if (this.#phase === "activating") this.#phase = "ready";
    return {};
  }

  async #configure(incoming: Incoming): Promise<object> {
    const { configure } = this.#definition;
    if (configure === undefined)
      throw refusal(codes.methodNotFound, "method_not_found", "this plugin takes no other configuration");
    const { config } = fit(configureParams, incoming.params ?? {}, invalidParams);
    if (this.#phase !== "ready" || this.#activation === undefined)
      throw invalidRequest("configure comes between activate and shutdown");
    this.#admit(incoming);
    await configure(config ?? {}, this.#activation);
    return {};
  }

  async #shutdown(): Promise<object> {
    this.#phase = "draining";
    if (this.#inFlight.size > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    return {};
  }

  async #call(incoming: Incoming): Promise<unknown> {
    if (this.#phase === "draining") throw invalidRequest("a call after shutdown");
    if (this.#phase !== "ready") throw invalidRequest("a call before activate was answered");
    const { id, method, params, signal, context } = incoming;
    const served = this.#routes.get(method);
    if (served === undefined)
      throw refusal(codes.methodNotFound, "method_not_found", `no method ${JSON.stringify(method)}`);
    const credit = new Credit(context.credit ?? 0);
    this.#admit(incoming, served.item === undefined ? undefined : credit);
    signal.throwIfAborted();

    const ask = (service: string, asked: object, outgoing: Outgoing): Promise<unknown> =>
      unlessAborted(this.#ask(service, asked, { ...outgoing, parent: id }), signal);
    const call = new Call<never>({
      id,
      method,
      signal,
      host: new Host(ask),
      dataDir: this.#activation?.dataDir ?? "",
      ms: context.ms,
      report: (value) => this.#report(id, served.progress(value)),
    });
    const outcome = served.run(params, call);
    const { item } = served;
    if (item === undefined) return served.result(await outcome);
    if (!isAsyncIterable(outcome)) throw new TypeError(`${method} streams, but gave nothing to iterate over`);
    const send = (seq: number, each: unknown): Promise<void> =>
      this.#connection.notify("$/item", { id, seq, ...item(each) });
    return served.result(await pump(outcome, credit, signal, send));
  }

  #report(id: Id, value: unknown): void {
    // After its answer a call has no progress.
    if (this.#leaving || !this.#inFlight.has(id)) return;
    this.#connection.notify("$/progress", { id, value }).catch((error: unknown) => {
      log.warn(unforeseen("progress was not sent", error));
    });
  }

  #ask(method: string, params: object, outgoing: Outgoing): Promise<unknown> {
    // Nobody is left to answer, and nobody is left to care.
    if (this.#leaving) return new Promise(() => {});
    return this.#connection.request(method, params, outgoing);
  }

  #admit({ id }: Incoming, credit?: Credit): void {
    if (this.#inFlight.has(id)) throw invalidRequest(`a request ${JSON.stringify(id)} is being worked on`);
    const limit = this.#limits.inFlight;
    if (this.#inFlight.size >= limit) throw invalidRequest(`more than ${limit} calls in flight`);
    this.#inFlight.set(id, credit);
  }

  #leave(status: number, reason?: string): void {
    if (this.#leaving) return;
    this.#leaving = true;
    if (reason !== undefined) process.stderr.write(`${reason}\n`);
    const exit = (): void => process.exit(status);
    setTimeout(exit, FLUSH_MS);
    if (this.#output.destroyed || this.#output.writableLength === 0) exit();
    else this.#output.end(exit);
  }
}

/** Which method a wire name means. Of an api in several versions it is the agreed one; else the one offered last. */
function routes(
  { apis }: Definition,
  agreed: readonly { readonly name: string; readonly version: string }[],
): ReadonlyMap<string, Served> {
  const chosen = new Map(apis.map((api) => [api.name, api]));
  for (const { name, version } of agreed) {
    const api = apis.find((each) => each.name === name && each.version === version);
    if (api !== undefined) chosen.set(name, api);
  }
  return new Map(
    [...chosen.values()].flatMap((api) =>
      [...api.served].map(([name, served]) => [`${api.name}.${name}`, served] as const),
    ),
  );
}

function incompatible({ min, max }: { readonly min: number; readonly max: number }): ResponseError<unknown> {
  const upgrade = min > PROTOCOL ? "the plugin" : "the host";
  const message = `the plugin speaks protocol ${PROTOCOL}, the host ${min} to ${max}: upgrade ${upgrade}`;
  return refusal(codes.incompatibleProtocol, "incompatible_protocol", message, {
    min: PROTOCOL,
    max: PROTOCOL,
  });
}

function invalidRequest(message: string): ResponseError<unknown> {
  return refusal(codes.invalidRequest, "invalid_request", message);
}

function unforeseen(what: string, thrown: unknown): string {
  return `${what}: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
