/** One client: greets, relays calls as bytes, and answers the daemon's own methods. */
import type { Socket } from "node:net";
import { callBounds, control } from "../../protocol/control.ts";
import type { HelloResult } from "../../protocol/control.ts";
import { BulkheadError, errors } from "../../protocol/error.ts";
import type { RpcError } from "../../protocol/error.ts";
import { controlRange, negotiateProtocol } from "../../protocol/version.ts";
import { version } from "../supervisor/supervisor.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { Deadlines } from "../wire/deadlines.ts";
import type { IncomingRequest } from "../wire/peer.ts";
import { Peer, toSlice } from "../wire/peer.ts";
import type { ControlMethods } from "./methods.ts";
import type { Stream } from "./stream.ts";

/** Whatever the daemon itself parses is bounded by this; the params of a relayed call are not parsed. Bytes. */
const largestParams = 1024 * 1024;

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly supervisor: Supervisor;
  readonly methods: ControlMethods;
  readonly deadlines: Deadlines;
  readonly onEnd: (connection: Connection, why: string) => void;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #peer: Peer;
  /** Name and version of the program at the other end, once it has said hello. */
  client: string | null = null;

  constructor(options: ConnectionOptions) {
    const { socket, deadlines } = options;
    this.#options = options;
    this.#peer = new Peer({
      input: socket,
      output: socket,
      deadlines,
      onRequest: (request) => this.#request(request),
      onEnd: (end) => this.#end(end.kind === "violation" ? end.violation.message : end.kind),
    });
    // A client that has gone needs no answers: what it asked for is cancelled.
    socket.once("close", () => this.#peer.destroy());
  }

  /** Sends what is queued and hangs up. */
  async close(): Promise<void> {
    await this.#peer.end();
    this.#peer.destroy();
  }

  #end(why: string): void {
    this.#options.onEnd(this, why);
    this.#peer.destroy();
  }

  #request(request: IncomingRequest): void {
    if (this.client === null && request.method !== "hello") {
      request.fail({ code: errors.invalid_request.number, message: "say hello first" });
    } else if (request.method === "hello") {
      this.#hello(request);
    } else if (request.method.includes("/")) {
      this.#relay(request);
    } else {
      void this.#control(request);
    }
  }

  #hello(request: IncomingRequest): void {
    const parsed = control.hello.safeParse(parse(request.params));
    if (!parsed.success) {
      request.fail({
        code: errors.invalid_params.number,
        message: "hello needs protocol {min, max} and client {name, version}",
      });
      return;
    }
    const { protocol: theirs, client } = parsed.data;
    const agreed = negotiateProtocol(controlRange, theirs);
    if (!agreed.ok) {
      const cure =
        agreed.upgrade === "ours" ? "restart the daemon with the newer bulkhead" : "upgrade the client";
      const message =
        `the daemon (bulkhead ${version}) speaks control protocol ${controlRange.min} to ${controlRange.max}, ` +
        `${client.name} ${client.version} speaks ${theirs.min} to ${theirs.max}: ${cure}`;
      const detail = { daemon: controlRange, client: theirs };
      request.fail(BulkheadError.of("incompatible_client", message, { detail }).toRpc());
      return;
    }
    this.client = `${client.name} ${client.version}`;
    const result: HelloResult = {
      protocol: agreed.version,
      daemon: { name: "bulkhead", version, pid: process.pid },
    };
    request.respond(toSlice(result));
  }

  /** Params and result go through as they are; only the envelope is ours. */
  #relay(request: IncomingRequest): void {
    const bounds = request.ctx === undefined ? {} : callBounds.safeParse(parse(request.ctx)).data;
    const cancelled = new AbortController();
    request.onCancel(() => cancelled.abort());
    const options = {
      signal: cancelled.signal,
      onProgress: (value: Buffer) => request.progress(value),
      totalTimeout: bounds?.ms,
      idleTimeout: bounds?.idle,
    };
    this.#options.supervisor.route(request.method, request.params, options, (outcome) => {
      if ("result" in outcome) request.respond(outcome.result);
      else request.fail(outcome.error);
    });
  }

  async #control(request: IncomingRequest): Promise<void> {
    const cancelled = new AbortController();
    request.onCancel(() => cancelled.abort());
    try {
      const stream = this.#stream(request, cancelled.signal);
      const result = await this.#options.methods.call(request.method, parse(request.params), stream);
      request.respond(toSlice(result ?? null));
    } catch (error) {
      request.fail(rpcError(error, cancelled.signal));
    }
  }

  #stream(request: IncomingRequest, signal: AbortSignal): Stream {
    let seq = 0;
    return {
      signal,
      item: (value) => {
        if (signal.aborted) return;
        const sent = this.#peer.notify("$/item", toSlice({ id: request.id, seq: seq++, value }));
        // A client that does not read loses its connection; nobody waits for it.
        if (!sent) this.#end("did not read");
      },
    };
  }
}

function parse(slice: Buffer | undefined): unknown {
  if (slice === undefined) return undefined;
  if (slice.length > largestParams) throw BulkheadError.of("too_large", `params over ${largestParams} bytes`);
  return JSON.parse(slice.toString("utf8"));
}

function rpcError(error: unknown, signal: AbortSignal): RpcError {
  if (signal.aborted) return BulkheadError.of("cancelled", "cancelled", { settlement: "answered" }).toRpc();
  if (error instanceof BulkheadError) return error.toRpc();
  const message = error instanceof Error ? error.message : String(error);
  return BulkheadError.of("internal_error", message, { settlement: "answered" }).toRpc();
}
