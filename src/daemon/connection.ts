/** One client: greets, relays calls as bytes, and answers the daemon's own methods. */
import type { Socket } from "node:net";
import { callBounds, control } from "../../protocol/control.ts";
import type { CallBounds, HelloResult } from "../../protocol/control.ts";
import { BulkheadError, errors } from "../../protocol/error.ts";
import type { RpcError } from "../../protocol/error.ts";
import { controlRange, negotiateProtocol } from "../../protocol/range.ts";
import { version } from "../supervisor/supervisor.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { Deadline, Deadlines } from "../wire/deadlines.ts";
import type { IncomingRequest, Item } from "../wire/peer.ts";
import { Peer, toRepairedSlice, toSlice } from "../wire/peer.ts";
import { timeLeft } from "../core/lineage.ts";
import { TokenBucket } from "../core/rate.ts";
import { ServedCalls, tooManyHops } from "../supervisor/services/served.ts";
import { ClientServices } from "./client-services.ts";
import type { ControlMethods } from "./methods.ts";
import { costOf, costOfWork } from "./request-cost.ts";
import type { Stream } from "./stream.ts";

/** Whatever the daemon itself parses is bounded by this; the params of a relayed call are not parsed. Bytes. */
const largestParams = 1024 * 1024;

/** Of one that can not be relayed anyway: the params, and what stands around them. Bytes. */
const largestRequest = largestParams + 64 * 1024;

/** How long the daemon waits for a client to read its last answers. Milliseconds. */
const farewellMs = 1000;
/** Who has not said hello by then takes a place for nothing. Milliseconds. */
const helloMs = 10_000;
/** A stream's items wait for a client in no more than this; answers have the queue's own bound. Bytes. */
const mostItems = 4 * 1024 * 1024;
/** Of a `ctx` that is remembered. Bytes. */
const largestKept = 1024;
const unbounded: CallBounds = {};
/** Requests to the daemon itself at once; calls of plugins have their own window. */
const mostControls = 64;

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly supervisor: Supervisor;
  readonly methods: ControlMethods;
  readonly deadlines: Deadlines;
  /** Came by the read-only socket. */
  readonly readOnly: boolean;
  /** Requests to the daemon itself that are work, a second. */
  readonly maxRequestRate: number;
  readonly onEnd: (connection: Connection, why: string) => void;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #peer: Peer;
  readonly #helloDue: Deadline;
  /** What the client is asked as a provider of services. */
  readonly #served: ServedCalls;
  readonly #services: ClientServices;
  /** As which plugins tell its calls from those of others: they may outlive it, and must not keep all of it. */
  readonly #caller = {};
  readonly #requests: TokenBucket;
  #controls = 0;
  #readOnly: boolean;
  #lastBounds: { readonly ctx: Buffer; readonly bounds: CallBounds } | undefined;
  /** Steady clock, milliseconds. */
  readonly since: number;
  /** Name and version of the program at the other end, once it has said hello. */
  client: string | null = null;

  constructor(options: ConnectionOptions) {
    const { socket, deadlines, readOnly } = options;
    this.#options = options;
    this.since = deadlines.now();
    this.#requests = new TokenBucket(options.maxRequestRate * costOfWork);
    this.#readOnly = readOnly;
    this.#served = new ServedCalls(() => deadlines.now());
    this.#peer = new Peer({
      input: socket,
      output: socket,
      deadlines,
      limits: readOnly ? { receivedBytes: largestRequest } : undefined,
      ownsInput: true,
      takesData: true,
      busy: BulkheadError.of("plugin_busy", "too many requests are open on this connection already").toRpc(),
      onRequest: (request) => this.#request(request),
      onLateAnswer: (id) => this.#served.forget(id),
      // A mistake of ours: it may cost this client, and must not cost the daemon.
      onHandlerError: (error) => this.#end(`internal error: ${String(error)}`),
      onEnd: (end) => this.#end(end.kind === "violation" ? end.violation.message : end.kind),
    });
    this.#services = new ClientServices(this.#peer, options.supervisor.provided, this.#served, () =>
      this.client === null ? "a client" : this.client,
    );
    this.#helloDue = deadlines.add(deadlines.now() + helloMs, () => this.#end("never said hello"));
    // A client that has gone needs no answers: what it asked for is cancelled.
    socket.once("close", () => this.#peer.destroy());
  }

  /** By the read-only socket, whatever it says. */
  get cameReadOnly(): boolean {
    return this.#options.readOnly;
  }

  /** Sends what is queued and hangs up; on a client that does not read, after a moment. */
  async close(): Promise<void> {
    const impatient = setTimeout(() => this.#peer.destroy(), farewellMs);
    await this.#peer.end();
    clearTimeout(impatient);
    this.#peer.destroy();
  }

  /** Hangs up at once. */
  cutOff(why: string): void {
    this.#end(why);
  }

  #end(why: string): void {
    this.#options.deadlines.remove(this.#helloDue);
    this.#services.close();
    this.#options.onEnd(this, why);
    this.#peer.destroy();
  }

  #request(request: IncomingRequest): void {
    try {
      if (this.client === null && request.method !== "hello") {
        request.fail({ code: errors.invalid_request.number, message: "say hello first" });
      } else if (request.data !== undefined && !request.method.includes("/")) {
        request.fail({
          code: errors.invalid_request.number,
          message: `${request.method} takes no bulk data`,
        });
      } else if (request.method === "hello") {
        this.#mustBeDue(request.method);
        request.respond(toSlice(this.#hello(parse(request.params))));
      } else if (request.method.includes("/")) {
        if (this.#readOnly) throw refusedCall(request.method);
        this.#relay(request);
      } else {
        this.#mustBeDue(request.method);
        void this.#control(request);
      }
    } catch (error) {
      request.fail(rpcError(error));
    }
  }

  /** @throws BulkheadError `plugin_busy` */
  #mustBeDue(method: string): void {
    const { deadlines, maxRequestRate } = this.#options;
    const retryAfterMs = this.#requests.take(costOf(method), deadlines.now());
    if (retryAfterMs === 0) return;
    const message = `this connection asks the daemon for more than ${maxRequestRate} things a second (daemon.max_request_rate)`;
    throw BulkheadError.of("plugin_busy", message, { retryAfterMs });
  }

  #hello(params: unknown): HelloResult {
    const parsed = control.hello.safeParse(params);
    if (!parsed.success) {
      throw BulkheadError.of("invalid_params", "hello needs protocol {min, max} and client {name, version}");
    }
    const { protocol: theirs, client, readOnly } = parsed.data;
    const agreed = negotiateProtocol(controlRange, theirs);
    if (!agreed.ok) {
      const cure =
        agreed.upgrade === "ours" ? "restart the daemon with the newer bulkhead" : "upgrade the client";
      const message =
        `the daemon (bulkhead ${version}) speaks control protocol ${controlRange.min} to ${controlRange.max}, ` +
        `${client.name} ${client.version} speaks ${theirs.min} to ${theirs.max}: ${cure}`;
      throw BulkheadError.of("incompatible_client", message, {
        detail: { daemon: controlRange, client: theirs },
      });
    }
    this.client = `${client.name} ${client.version}`;
    this.#options.deadlines.remove(this.#helloDue);
    // Once promised, a second hello does not take it back.
    this.#readOnly ||= readOnly === true;
    const daemon = { name: "bulkhead", version, pid: process.pid };
    const promised = this.#readOnly ? ({ readOnly: true } as const) : {};
    return { protocol: agreed.version, daemon, capabilities: { bulk: true }, ...promised };
  }

  /** Params, result and data go through as they are; only the envelope is ours. */
  #relay(request: IncomingRequest): void {
    const { ms, idle, credit, fingerprint, parent, bulk, retry } = this.#boundsOf(request.ctx);
    const nested = parent === undefined ? null : this.#served.nest(request, "client");
    if (nested !== null && "error" in nested) {
      request.fail(nested.error);
      return;
    }
    const circle = nested === null ? undefined : tooManyHops(nested.lineage, request.method);
    if (circle !== undefined) {
      request.fail(circle.error);
      return;
    }
    const options = {
      signal: nested?.signal,
      lineage: nested?.lineage,
      client: this.#caller,
      onProgress: (value: Buffer) => request.progress(value),
      totalTimeout: nested === null ? ms : timeLeft(nested.lineage, this.#options.deadlines.now()),
      idleTimeout: idle,
      credit,
      fingerprint,
      onItem: credit === undefined ? undefined : (item: Item) => this.#passOn(request, item),
      data: request.data,
      bulk,
      retry,
      // What is sent again is needed again.
      disposable: retry !== true,
    };
    const call = this.#options.supervisor.route(request.method, request.params, options, (outcome) => {
      nested?.release();
      if ("result" in outcome) request.passOn(outcome.result, outcome.data);
      else request.fail(outcome.error);
    });
    request.release();
    if (nested === null) request.onCancel(() => call.cancel());
    if (credit !== undefined) request.onCredit((n) => call.grant(n));
  }

  /** A client that says how it bounds its calls mostly says the same for all of them. */
  #boundsOf(ctx: Buffer | undefined): CallBounds {
    if (ctx === undefined) return unbounded;
    if (this.#lastBounds?.ctx.equals(ctx) === true) return this.#lastBounds.bounds;
    const parsed = callBounds.safeParse(parse(ctx));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const path = `/${issue?.path.map(String).join("/") ?? ""}`;
      throw BulkheadError.of("invalid_params", `ctx: ${path}: ${issue?.message}`);
    }
    // A copy: a view would keep the whole chunk that it came in.
    if (ctx.length <= largestKept) this.#lastBounds = { ctx: Buffer.from(ctx), bounds: parsed.data };
    return parsed.data;
  }

  /** The client has said how many items it takes; one that then does not read them loses its connection. */
  #passOn(request: IncomingRequest, { seq, value, cursor }: Item): void {
    if (!request.item(seq, value, cursor)) this.#end("did not read");
  }

  async #control(request: IncomingRequest): Promise<void> {
    const cancelled = new AbortController();
    const { signal } = cancelled;
    request.onCancel(() => cancelled.abort());
    if (this.#controls >= mostControls) {
      const message = `${mostControls} requests to the daemon are open on this connection already`;
      request.fail(BulkheadError.of("plugin_busy", message).toRpc());
      return;
    }
    this.#controls++;
    try {
      const stream = this.#stream(request, signal);
      const result = await this.#options.methods.call(
        request.method,
        parse(request.params),
        stream,
        this.#services,
        this.#readOnly,
      );
      request.respond(toRepairedSlice(result ?? null));
    } catch (error) {
      request.fail(rpcError(error, signal));
    } finally {
      this.#controls--;
    }
  }

  #stream(request: IncomingRequest, signal: AbortSignal): Stream {
    let seq = 0;
    let pastBytes = 0;
    const send = (value: unknown, most: number): void => {
      if (signal.aborted) return;
      const full = this.#peer.queuedBytes > most;
      const sent = !full && request.item(seq++, toRepairedSlice(value));
      // A client that does not read loses its connection; nobody waits for it.
      if (!sent) this.#end("did not read");
    };
    const past = (values: readonly unknown[]): void => {
      const before = this.#peer.queuedBytes;
      for (const value of values) send(value, Infinity);
      pastBytes = this.#peer.queuedBytes - before;
    };
    const item = (value: unknown): void => {
      // Once the client has read it, the past is no excuse any more.
      if (this.#peer.queuedBytes <= mostItems) pastBytes = 0;
      send(value, mostItems + pastBytes);
    };
    const offer = (value: unknown): boolean => {
      if (this.#peer.queuedBytes > mostItems / 2) return false;
      item(value);
      return true;
    };
    return { signal, past, item, offer };
  }
}

function refusedCall(target: string): BulkheadError {
  return BulkheadError.of("read_only", `the call of ${target} is refused: this connection is read-only`);
}

function parse(slice: Buffer | undefined): unknown {
  if (slice === undefined) return undefined;
  if (slice.length > largestParams) throw BulkheadError.of("too_large", `params over ${largestParams} bytes`);
  return JSON.parse(slice.toString("utf8"));
}

function rpcError(error: unknown, signal?: AbortSignal): RpcError {
  if (signal?.aborted === true)
    return BulkheadError.of("cancelled", "cancelled", { settlement: "answered" }).toRpc();
  if (error instanceof BulkheadError) return error.toRpc();
  const message = error instanceof Error ? error.message : String(error);
  return BulkheadError.of("internal_error", message, { settlement: "answered" }).toRpc();
}
