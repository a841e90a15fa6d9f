import { LARGE_BODY, Loan } from "./body-memory.ts";
import { IdTable } from "./id-table.ts";
import type { Id, Slice } from "./scan.ts";
import { toSlice } from "./json.ts";
import type { RpcError } from "./outcome.ts";
import { asciiJson } from "./outgoing.ts";
import { frame } from "./writer.ts";
import type { Frame } from "./writer.ts";

/** A request of the other side. It is to be answered once; further answers are ignored. */
export interface IncomingRequest {
  readonly id: Id;
  readonly method: string;
  readonly params: Slice | undefined;
  readonly ctx: Slice | undefined;
  /** What came beside the params. */
  readonly data: Slice | undefined;
  /** Params, ctx and data are needed no longer: a relay then holds their memory no longer than its own message does. */
  release(): void;
  /** Whether the other side no longer waits. The request must be answered all the same. */
  readonly cancelled: boolean;
  /** Calls back when the request is cancelled or nobody is there to take the answer; at once if that was so. */
  onCancel(callback: () => void): void;
  /** Answers with JSON bytes, which are trusted to be JSON. Data only where the other side said that it takes some. */
  respond(result: Slice, data?: Slice): void;
  /** `respond` for whoever needs the result and data no more: their memory is given back once they are written. */
  passOn(result: Slice, data?: Slice): void;
  fail(error: RpcError): void;
  /** Reports progress; dropped when too much is waiting to be written. */
  progress(value: Slice): void;
  /**
   * Sends one item of a stream; `cursor` is a JSON string. False when too much is waiting to be written: the stream has
   * a hole then. An item that is larger than a frame ends the request with an error, and nobody waits any more.
   */
  item(seq: number, value: Slice, cursor?: Slice): boolean;
  /** Calls back whenever the other side takes so many more items. What it took at first stands in `ctx`. */
  onCredit(callback: (n: number) => void): void;
}

export interface IncomingRequestsOptions {
  readonly frameBytes: number;
  /** Queues an answer; whoever does not take its answers is cut off in there. */
  readonly send: (message: Frame) => void;
  /** Queues what may be dropped; false when it was. */
  readonly offer: (message: Frame) => boolean;
  /** Queues what is of use only now, as long as little is waiting. */
  readonly mention: (message: Frame) => void;
  readonly onHandlerError: (error: unknown) => void;
}

const INTERNAL_ERROR = -32603;

class Request implements IncomingRequest {
  readonly id: Id;
  readonly method: string;
  params: Slice | undefined;
  ctx: Slice | undefined;
  data: Slice | undefined;
  readonly #requests: IncomingRequests;
  #cancelled = false;
  #callbacks: (() => void)[] | undefined;
  #creditCallback: ((n: number) => void) | undefined;

  constructor(
    requests: IncomingRequests,
    id: Id,
    method: string,
    params: Slice | undefined,
    ctx: Slice | undefined,
    data: Slice | undefined,
  ) {
    this.#requests = requests;
    this.id = id;
    this.method = method;
    this.params = params;
    this.ctx = ctx;
    this.data = data;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  release(): void {
    this.params = undefined;
    this.ctx = undefined;
    this.data = undefined;
  }

  onCancel(callback: () => void): void {
    if (this.#cancelled) this.#requests.guard(callback);
    else (this.#callbacks ??= []).push(callback);
  }

  respond(result: Slice, data?: Slice): void {
    this.#requests.answer(this, `,"result":`, result, data);
  }

  passOn(result: Slice, data?: Slice): void {
    this.#requests.answer(this, `,"result":`, result, data, true);
  }

  fail(error: RpcError): void {
    this.#requests.answer(this, `,"error":`, errorSlice(error));
  }

  progress(value: Slice): void {
    this.#requests.progress(this, value);
  }

  item(seq: number, value: Slice, cursor?: Slice): boolean {
    return this.#requests.item(this, seq, value, cursor);
  }

  onCredit(callback: (n: number) => void): void {
    this.#creditCallback = callback;
  }

  credit(n: number): void {
    const callback = this.#creditCallback;
    if (callback !== undefined) this.#requests.guard(() => callback(n));
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    const callbacks = this.#callbacks ?? [];
    this.#callbacks = undefined;
    for (const callback of callbacks) this.#requests.guard(callback);
  }
}

/** The requests that came in on one connection and have no answer yet. */
export class IncomingRequests {
  readonly #options: IncomingRequestsOptions;
  readonly #open = new IdTable<Request>();

  constructor(options: IncomingRequestsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  has(id: Id): boolean {
    return this.#open.get(id) !== undefined;
  }

  open(
    id: Id,
    method: string,
    params: Slice | undefined,
    ctx: Slice | undefined,
    data: Slice | undefined,
  ): IncomingRequest {
    const request = new Request(this, id, method, params, ctx, data);
    this.#open.set(id, request);
    return request;
  }

  /** @param isLast nobody needs the value and data after this */
  answer(request: Request, key: string, value: Slice, data?: Slice, isLast = false): void {
    if (this.#open.get(request.id) !== request) return;
    this.#open.delete(request.id);
    const message = frame(answerLead(request.id), undefined, key, value, data);
    if (message.bodyBytes <= this.#options.frameBytes) {
      if (isLast && message.bodyBytes >= LARGE_BODY)
        message.onWritten = new Loan(data === undefined ? [value] : [value, data], 1).returned;
      this.#options.send(message);
      return;
    }
    const text = `the answer to ${request.method} is ${message.bodyBytes} bytes, ${this.#options.frameBytes} are allowed`;
    this.#options.send(errorFrame(request.id, { code: INTERNAL_ERROR, message: text }));
  }

  progress(request: Request, value: Slice): void {
    if (this.#open.get(request.id) !== request) return;
    const lead = `{"jsonrpc":"2.0","method":"$/progress","params":{"id":${idJson(request.id)},"value":`;
    // The frame closes the message; the params object is closed by the joint of an empty payload.
    const message = frame(lead, value, "}", NOTHING);
    if (message.bodyBytes <= this.#options.frameBytes) this.#options.mention(message);
  }

  item(request: Request, seq: number, value: Slice, cursor: Slice | undefined): boolean {
    // Whoever does not wait any more misses nothing.
    if (this.#open.get(request.id) !== request) return true;
    const position = cursor === undefined ? "" : `,"cursor":${asciiText(cursor)}`;
    const lead = `{"jsonrpc":"2.0","method":"$/item","params":{"id":${idJson(request.id)},"seq":${seq}${position},"value":`;
    const message = frame(lead, value, "}", NOTHING);
    if (message.bodyBytes <= this.#options.frameBytes) return this.#options.offer(message);
    const text = `item ${seq} of ${request.method} is ${message.bodyBytes} bytes, ${this.#options.frameBytes} are allowed`;
    request.fail({ code: INTERNAL_ERROR, message: text });
    request.cancel();
    return true;
  }

  credit(id: Id, n: number): void {
    this.#open.get(id)?.credit(n);
  }

  cancel(id: Id): void {
    this.#open.get(id)?.cancel();
  }

  /** Nobody is there to take an answer: cancels everything, and ignores what is answered. */
  close(): void {
    const open = this.#open.values();
    this.#open.clear();
    for (const request of open) request.cancel();
  }

  guard(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#options.onHandlerError(error);
    }
  }
}

const NOTHING = Buffer.alloc(0);

/** The same JSON string in ASCII, for a place where every character must be one byte. */
function asciiText(json: Slice): string {
  const text = json.toString("latin1");
  return /^[\x20-\x7e]*$/.test(text) ? text : asciiJson(JSON.parse(json.toString()));
}

function answerLead(id: Id | null): string {
  return `{"jsonrpc":"2.0","id":${idJson(id)}`;
}

function idJson(id: Id | null): string {
  return typeof id === "string" ? asciiJson(id) : String(id);
}

/** An error answer; with the id null it answers what had no readable id. */
export function errorFrame(id: Id | null, error: RpcError): Frame {
  return frame(answerLead(id), undefined, `,"error":`, errorSlice(error));
}

/** An error that cannot be written must not lose the answer: it goes without its data. */
function errorSlice(error: RpcError): Slice {
  try {
    return toSlice(error);
  } catch {
    return toSlice({ code: error.code, message: error.message.toWellFormed() });
  }
}
