import type { Readable, Writable } from "node:stream";
import type { Deadlines } from "./deadlines.ts";
import { FrameParser } from "./framing.ts";
import { errorFrame, IncomingRequests } from "./incoming.ts";
import type { IncomingRequest } from "./incoming.ts";
import { toText } from "./json.ts";
import type { JsonText } from "./json.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { WireLimits } from "./limits.ts";
import { takeNotification } from "./notification.ts";
import type { Outcome, RpcError } from "./outcome.ts";
import { asciiJson, OutgoingCalls } from "./outgoing.ts";
import type { CallOptions, OutgoingCall, PendingCall } from "./outgoing-call.ts";
import { scan } from "./scan.ts";
import type { Envelope, Id, Slice } from "./scan.ts";
import { excerpt, WireViolation } from "./violation.ts";
import { frame, FrameWriter, SEEN_AT_ONCE } from "./writer.ts";
import type { Frame } from "./writer.ts";

export { boundsOf, paramsText } from "./arguments.ts";
export { itemStream } from "./item-stream.ts";
export { byteLength, members, toRepairedSlice, toSlice } from "./json.ts";
export type { JsonText } from "./json.ts";
export { WireViolation } from "./violation.ts";
export type { IncomingRequest } from "./incoming.ts";
export type { WireLimits } from "./limits.ts";
export type { Outcome, RpcError, Unanswered } from "./outcome.ts";
export { MOST_CREDIT } from "./outgoing.ts";
export type { CallOptions, Item, OutgoingCall, PendingCall } from "./outgoing-call.ts";
export type { Id, Slice } from "./scan.ts";

/**
 * Why nothing more is read. `eof`: the other side closed, in the middle of a frame if `truncated`. `error`:
 * the stream failed. `violation`: it broke the protocol. `overflow`: it does not take its answers.
 * `destroyed`: we did it.
 */
export type PeerEnd =
  | { readonly kind: "eof"; readonly truncated: boolean }
  | { readonly kind: "error"; readonly error: Error }
  | { readonly kind: "violation"; readonly violation: WireViolation }
  | { readonly kind: "overflow"; readonly queuedBytes: number }
  | { readonly kind: "destroyed" };

/** What the other side answers to late: a call given up on, or one it had answered before. */
export type LateAnswer = "abandoned" | "duplicate";

export interface PeerOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly deadlines: Deadlines;
  readonly limits?: Partial<WireLimits> | undefined;
  /** What bytes between frames are; a violation unless said otherwise. See FrameParser. */
  readonly noise?: "tolerate" | "violation" | undefined;
  /** Keeps calls pending when the input ends, until `settleLost`. Their deadlines go on. */
  readonly holdOnEnd?: boolean | undefined;
  /** The answer to a request over the bound of those in flight. */
  readonly busy?: RpcError | undefined;
  /** Without it every request is answered with "method not found". */
  readonly onRequest?: ((request: IncomingRequest) => void) | undefined;
  /** Gets every notification but those that name a call or a request: see notification.ts. */
  readonly onNotification?: ((method: string, params: Slice | undefined) => void) | undefined;
  readonly onNoise?: ((bytes: Buffer) => void) | undefined;
  /** Comes before `onEnd`. */
  readonly onViolation?: ((violation: WireViolation) => void) | undefined;
  /** Nothing more comes in. Called once. */
  readonly onEnd?: ((end: PeerEnd) => void) | undefined;
  /** Nothing more goes out, though something may still come in. Called at most once. */
  readonly onOutputFailed?: ((error: Error) => void) | undefined;
  /** How many calls are given up on and unanswered, whenever that grows. */
  readonly onAbandoned?: ((count: number) => void) | undefined;
  readonly onLateAnswer?: ((id: number, kind: LateAnswer) => void) | undefined;
  /** The other side answered with the id null: it could not read something of ours. */
  readonly onUnmatchedError?: ((error: RpcError) => void) | undefined;
  /**
   * Sees messages: outgoing ones when they are handed to the stream, and of many that come or go at once the last
   * 64. `body` is the whole body, or its start where a large payload goes out; `bytes` is its size.
   */
  readonly onMessage?: ((direction: "in" | "out", body: Buffer, bytes: number) => void) | undefined;
  /** One of the callbacks above, or of a call, threw. Unless given, it surfaces as an uncaught exception. */
  readonly onHandlerError?: ((error: unknown) => void) | undefined;
}

const INVALID_REQUEST = -32600;
const METHOD_NOT_FOUND = -32601;
const INTERNAL_ERROR = -32603;
const BUSY: RpcError = { code: -32000, message: "too many requests in flight" };

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
      frameBytes: limits.frameBytes,
      headerBytes: limits.headerBytes,
      noise: options.noise ?? "violation",
      onNoise: (bytes) => this.#guard(options.onNoise, bytes),
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
      onAbandoned: onAbandoned && ((count) => this.#guard(onAbandoned, count)),
      onHandlerError,
    });
    this.#requests = new IncomingRequests({
      frameBytes: limits.frameBytes,
      send: (message) => this.#send(message),
      offer: (message) => this.#writer.append(message),
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
        this.#receive(body);
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

  #receive(body: Buffer): void {
    if (this.#options.onMessage !== undefined) this.#unseen.push(body);
    let envelope: Envelope;
    try {
      envelope = scan(body, this.#limits.depth);
    } catch (error) {
      if (!(error instanceof WireViolation) || error.reason !== "batch") throw error;
      this.reject({ code: INVALID_REQUEST, message: error.detail });
      return;
    }
    switch (envelope.kind) {
      case "result":
        this.#answered(envelope.id, { settlement: "answered", result: envelope.result });
        break;
      case "error":
        this.#failed(envelope.id, envelope.error);
        break;
      case "request":
        this.#requested(envelope.id, envelope.method, envelope.params, envelope.ctx);
        break;
      case "notification":
        this.#notified(envelope.method, envelope.params);
        break;
    }
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

  #requested(id: Id, method: string, params: Slice | undefined, ctx: Slice | undefined): void {
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
      const request = this.#requests.open(id, method, params, ctx);
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
