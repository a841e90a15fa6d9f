import { FrameParser } from "./framing.ts";
import { errorFrame, IncomingRequests } from "./incoming.ts";
import { toText } from "./json.ts";
import type { JsonText } from "./json.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { WireLimits } from "./limits.ts";
import { takeNotification } from "./notification.ts";
import type { Outcome, RpcError } from "./outcome.ts";
import { asciiJson, OutgoingCalls } from "./outgoing.ts";
import type { CallOptions, OutgoingCall, PendingCall } from "./outgoing-call.ts";
import type { PeerEnd, PeerOptions } from "./peer-options.ts";
import { scan } from "./scan.ts";
import type { Envelope, Id, Slice } from "./scan.ts";
import { excerpt, WireViolation } from "./violation.ts";
import { frame, FrameWriter, SEEN_AT_ONCE } from "./writer.ts";
import type { Frame } from "./writer.ts";

export { boundsOf, bulkParams, paramsText } from "./arguments.ts";
export { BadReference, plain } from "./bulk.ts";
export { itemStream } from "./item-stream.ts";
export { resultValue } from "./result.ts";
export { byteLength, members, toRepairedSlice, toSlice } from "./json.ts";
export type { JsonText } from "./json.ts";
export type { IncomingRequest } from "./incoming.ts";
export type { WireLimits } from "./limits.ts";
export type { Outcome, RpcError, Unanswered } from "./outcome.ts";
export { MOST_CREDIT } from "./outgoing.ts";
export type { CallOptions, Item, OutgoingCall, PendingCall } from "./outgoing-call.ts";
export type { PeerEnd, PeerOptions } from "./peer-options.ts";
export type { Id, Slice } from "./scan.ts";

const INVALID_REQUEST = -32600;
const METHOD_NOT_FOUND = -32601;
const INTERNAL_ERROR = -32603;
const BUSY: RpcError = { code: -32000, message: "too many requests in flight" };
/** Progress waits for its reader in about so many bytes, which are thousands of messages: the next one says more than the last. */
const MOST_PROGRESS = 1024 * 1024;

/**
 * One side of a JSON-RPC 2.0 connection over two streams. Messages are handled in the order in which they
 * arrive, within the turn in which they arrive, and leave in the order in which they were made.
 */
export class Peer {
  readonly #options: PeerOptions;
  readonly #limits: WireLimits;
  readonly #parser: FrameParser;
  readonly #writer: FrameWriter;
  readonly #calls: OutgoingCalls;
  readonly #requests: IncomingRequests;
  #reading = true;
  /** What came in this turn and is still to be shown to `onMessage`. */
  #unseen: Buffer[] = [];

  constructor(options: PeerOptions) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { input, output, deadlines, onAbandoned } = options;
    this.#options = options;
    this.#limits = limits;
    this.#parser = new FrameParser({
      frameBytes: Math.min(limits.frameBytes, limits.receivedBytes),
      headerBytes: limits.headerBytes,
      noise: options.noise ?? "violation",
      onNoise: (bytes) => this.#guard(options.onNoise, bytes),
      ownsChunks: options.ownsInput,
    });
    const tap = options.onMessage;
    this.#writer = new FrameWriter(output, {
      queueBytes: limits.queueBytes,
      onFailed: (error) => this.#outputFailed(error),
      onHandedOver: tap && ((head, bytes) => this.#guard(tap, "out", head, bytes)),
    });
    const onHandlerError = (error: unknown): void => this.#handlerError(error);
    this.#calls = new OutgoingCalls({
      writer: this.#writer,
      deadlines,
      callsInFlight: limits.callsInFlight,
      frameBytes: limits.frameBytes,
      keptBytes: limits.keptBytes,
      idleTimeout: options.idleTimeout ?? Infinity,
      onAbandoned: onAbandoned && ((count) => this.#guard(onAbandoned, count)),
      onHandlerError,
    });
    this.#requests = new IncomingRequests({
      frameBytes: limits.frameBytes,
      send: (message) => this.#send(message),
      offer: (message) => this.#writer.append(message),
      mention: (message) => {
        if (this.#writer.queuedBytes < MOST_PROGRESS) this.#writer.append(message);
      },
      onHandlerError,
    });
    // A stream that is over says so no more.
    if (input.readableEnded || input.destroyed) queueMicrotask(this.#ended);
    input.on("data", this.#read);
    input.on("end", this.#ended);
    input.on("close", this.#ended);
    input.on("error", (error: Error) => this.#stop({ kind: "error", error }));
  }

  /** Calls of ours without an answer, those given up on included. */
  get inFlight(): number {
    return this.#calls.size;
  }

  /** Calls given up on that the other side may have seen and has not answered. */
  get abandoned(): number {
    return this.#calls.abandoned;
  }

  /** Requests of the other side that we have not answered. */
  get requestsInFlight(): number {
    return this.#requests.size;
  }

  /** Bytes waiting to be written. */
  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  /** Bytes between frames that were not frames. */
  get noiseBytes(): number {
    return this.#parser.noiseBytes;
  }

  /** The calls without an answer, oldest first. */
  pendingCalls(): Iterable<PendingCall> {
    return this.#calls.pending();
  }

  /**
   * Makes a call. `settle` is called exactly once, never before `call` has returned, whatever becomes of
   * the connection. `params` are the JSON of an object or array and are trusted to be that.
   */
  call(
    method: string,
    params: JsonText | undefined,
    options: CallOptions,
    settle: (outcome: Outcome) => void,
  ): OutgoingCall {
    return this.#calls.open(method, params, options, settle);
  }

  /** `call` for values and promises. Rejects only when the params have no JSON form. */
  async request(method: string, params?: unknown, options: CallOptions = {}): Promise<Outcome> {
    const json = params === undefined ? undefined : toText(params);
    return new Promise((resolve) => this.call(method, json, options, resolve));
  }

  /** Sends a notification. False when it was not queued: closed, too large, or too much is waiting. */
  notify(method: string, params?: Slice): boolean {
    const message = frame(`{"jsonrpc":"2.0","method":${asciiJson(method)}`, undefined, `,"params":`, params);
    return message.bodyBytes <= this.#limits.frameBytes && this.#writer.append(message);
  }

  /** Sends an error answer with the id null, for what had no readable id. */
  reject(error: RpcError): void {
    this.#send(errorFrame(null, error));
  }

  /**
   * Settles every call that is still pending as `closed`: `not_sent` if the other side cannot have seen it,
   * else `maybe_executed`. To be called after the end, with `holdOnEnd`.
   */
  settleLost(): void {
    this.#calls.close();
    this.#calls.settleLost("all");
  }

  /** Writes what is queued and closes our side. Answers still come in. New calls are refused as `closed`. */
  end(): Promise<void> {
    this.#calls.close();
    return this.#writer.end();
  }

  /** Closes both streams now. */
  destroy(): void {
    this.#writer.destroy();
    this.#requests.close();
    this.#stop({ kind: "destroyed" });
    this.#options.input.destroy();
  }

  readonly #read = (chunk: Buffer): void => {
    // Whatever this chunk answers was answered now.
    this.#options.deadlines.now();
    this.#parser.push(chunk);
    try {
      while (this.#reading) {
        const body = this.#parser.next();
        if (body === undefined) break;
        this.#receive(body, this.#parser.data);
      }
      this.#showUnseen();
    } catch (error) {
      this.#showUnseen();
      if (!(error instanceof WireViolation)) throw error;
      this.#guard(this.#options.onViolation, error);
      this.#stop({ kind: "violation", violation: error });
      this.#options.input.pause();
      this.#requests.close();
    }
  };

  readonly #ended = (): void => {
    if (this.#reading) this.#stop({ kind: "eof", truncated: this.#parser.end().truncated });
  };

  #stop(end: PeerEnd): void {
    if (!this.#reading) return;
    this.#reading = false;
    this.#options.input.off("data", this.#read);
    this.#calls.close();
    if (this.#options.holdOnEnd !== true) this.#calls.settleLost("all");
    if (end.kind === "error") this.#requests.close();
    this.#guard(this.#options.onEnd, end);
  }

  #outputFailed(error: Error): void {
    this.#requests.close();
    if (this.#options.holdOnEnd !== true) this.#calls.settleLost("unsent");
    this.#guard(this.#options.onOutputFailed, error);
  }

  #receive(body: Buffer, data: Slice | undefined): void {
    if (this.#options.onMessage !== undefined) this.#see(body, data);
    let envelope: Envelope;
    try {
      envelope = scan(body, this.#limits.depth);
    } catch (error) {
      const isBatch = error instanceof WireViolation && error.reason === "batch";
      if (!isBatch || data !== undefined) throw error;
      this.reject({ code: INVALID_REQUEST, message: error.detail });
      return;
    }
    if (data !== undefined && !this.#mayCarryData(envelope)) {
      throw new WireViolation("unexpected_data", `the ${envelope.kind} was not to carry data`);
    }
    switch (envelope.kind) {
      case "result": {
        const { id, result } = envelope;
        // Two shapes, so that what has no data takes no room for it.
        this.#answered(
          id,
          data === undefined ? { settlement: "answered", result } : { settlement: "answered", result, data },
        );
        break;
      }
      case "error":
        this.#failed(envelope.id, envelope.error);
        break;
      case "request":
        this.#requested(envelope.id, envelope.method, envelope.params, envelope.ctx, data);
        break;
      case "notification":
        this.#notified(envelope.method, envelope.params);
        break;
    }
  }

  /** Whether the call was to be answered with data is looked at where it is kept. */
  #mayCarryData({ kind }: Envelope): boolean {
    return kind === "result" || (kind === "request" && this.#options.takesData === true);
  }

  #see(body: Buffer, data: Slice | undefined): void {
    if (data === undefined) {
      this.#unseen.push(body);
      return;
    }
    this.#showUnseen();
    this.#guard(this.#options.onMessage, "in", body, body.length + data.length);
  }

  #showUnseen(): void {
    const { onMessage } = this.#options;
    if (onMessage === undefined || this.#unseen.length === 0) return;
    const unseen = this.#unseen;
    this.#unseen = [];
    for (let i = Math.max(0, unseen.length - SEEN_AT_ONCE); i < unseen.length; i++) {
      const body = unseen[i]!;
      this.#guard(onMessage, "in", body, body.length);
    }
  }

  #answered(id: Id, outcome: Outcome): void {
    const found = this.#calls.answer(id, outcome);
    if (found === "settled") return;
    if (!this.#calls.issued(id))
      throw new WireViolation("unknown_id", `an answer to id ${printable(id)}, never issued`);
    this.#guard(this.#options.onLateAnswer, id, found === "late" ? "abandoned" : "duplicate");
  }

  #failed(id: Id | null, slice: Slice): void {
    const error = this.#parseError(slice);
    if (id === null) this.#guard(this.#options.onUnmatchedError, error);
    else this.#answered(id, { settlement: "answered", error });
  }

  #parseError(slice: Slice): RpcError {
    if (slice.length > this.#limits.errorBytes) {
      throw new WireViolation("error_too_large", `${slice.length} bytes, ${this.#limits.errorBytes} allowed`);
    }
    const error: unknown = JSON.parse(slice.toString());
    if (isRpcError(error)) return error;
    throw new WireViolation("bad_envelope", `"error" without a code and a message: ${excerpt(slice)}`);
  }

  #requested(
    id: Id,
    method: string,
    params: Slice | undefined,
    ctx: Slice | undefined,
    data: Slice | undefined,
  ): void {
    const { onRequest } = this.#options;
    if (this.#requests.has(id)) {
      // Two answers to one id could not be told apart.
      throw new WireViolation("duplicate_request", `id ${printable(id)} is used by a request still open`);
    }
    if (onRequest === undefined) {
      this.#send(errorFrame(id, { code: METHOD_NOT_FOUND, message: `no method ${method}` }));
    } else if (this.#requests.size >= this.#limits.requestsInFlight) {
      this.#send(errorFrame(id, this.#options.busy ?? BUSY));
    } else {
      const request = this.#requests.open(id, method, params, ctx, data);
      try {
        onRequest(request);
      } catch (error) {
        request.fail({ code: INTERNAL_ERROR, message: "internal error" });
        this.#handlerError(error);
      }
    }
  }

  #notified(method: string, params: Slice | undefined): void {
    if (!takeNotification(method, params, this.#calls, this.#requests))
      this.#guard(this.#options.onNotification, method, params);
  }

  /** For what must not be dropped: who lets answers pile up to the bound is cut off. */
  #send(message: Frame): void {
    if (this.#writer.append(message) || !this.#writer.open) return;
    const queuedBytes = this.#writer.queuedBytes;
    this.#writer.destroy();
    this.#requests.close();
    this.#stop({ kind: "overflow", queuedBytes });
    this.#options.input.pause();
  }

  #guard<Args extends unknown[]>(callback: ((...args: Args) => void) | undefined, ...args: Args): void {
    try {
      callback?.(...args);
    } catch (error) {
      this.#handlerError(error);
    }
  }

  #handlerError(error: unknown): void {
    const { onHandlerError } = this.#options;
    if (onHandlerError !== undefined) {
      onHandlerError(error);
    } else {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

function isRpcError(value: unknown): value is RpcError {
  return (
    typeof value === "object" &&
    value !== null &&
    "code" in value &&
    Number.isSafeInteger(value.code) &&
    "message" in value &&
    typeof value.message === "string"
  );
}

function printable(id: Id): string {
  return typeof id === "number" ? String(id) : excerpt(Buffer.from(id));
}
