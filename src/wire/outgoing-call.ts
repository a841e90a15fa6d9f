/** One call of ours: what its maker may ask of it, and what is kept of it until it is answered. */
import type { Loan } from "./body-memory.ts";
import { Deadline } from "./deadlines.ts";
import type { JsonText, Slice } from "./json.ts";
import type { Kept } from "./kept-params.ts";
import type { Outcome } from "./outcome.ts";
import type { Frame } from "./writer.ts";

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Longest silence in ms: no answer and no progress. None unless given. */
  readonly idleTimeout?: number | undefined;
  /** Longest time in ms, progress or not. None unless given. */
  readonly totalTimeout?: number | undefined;
  /** The top-level `ctx` object of the request, as JSON. */
  readonly ctx?: Slice | undefined;
  readonly onProgress?: ((value: Slice) => void) | undefined;
  /** Gets the items of a stream. Without it, the other side may send none. */
  readonly onItem?: ((item: Item) => void) | undefined;
  /**
   * How many items may come before the first `grant`; none unless given. It is the `credit` that `ctx` tells, where it
   * tells one; `Infinity` where both sides know that credit is not counted.
   */
  readonly credit?: number | undefined;
  /** Goes beside the params, by reference: it must stay as it is until the call is settled. */
  readonly data?: Slice | undefined;
  /** Whether the answer may carry data. */
  readonly bulk?: boolean | undefined;
  /** Nobody needs params and data once the call is answered: their memory is given back then. */
  readonly disposable?: boolean | undefined;
}

/** One item of a stream as it came. */
export interface Item {
  readonly seq: number;
  readonly value: Slice;
  /** A JSON string. */
  readonly cursor: Slice | undefined;
}

/** A call as its maker sees it. */
export interface OutgoingCall {
  /** Its id on the wire; 0 when it was refused before it got one. */
  readonly id: number;
  /** Settles the call as `cancelled` unless it is settled, and tells the other side if it has seen it. */
  cancel(): void;
  /** Lets so many more items come. */
  grant(n: number): void;
}

/** A call without an answer, for a report of what was lost. */
export interface PendingCall {
  readonly id: number;
  readonly method: string;
  /** When it was made, in ms of the clock. */
  readonly startedAt: number;
  /** Whether its maker has been told already (timeout, cancel). */
  readonly abandoned: boolean;
  /** Whether the other side may have seen it. */
  readonly sent: boolean;
  /** Whether `params` are what it was called with: there may have been no room for them. */
  readonly kept: boolean;
  readonly params: JsonText | undefined;
  /** Of the whole message, and of the data in it. */
  readonly bytes: number;
  readonly dataBytes: number;
  /** Items that have come. */
  readonly items: number;
}

export type Settle = (outcome: Outcome) => void;

/** Those that a call is one of: whatever happens to it is theirs to do. */
export interface Calls {
  /** Of a call that brings none. Milliseconds. */
  readonly idleTimeout: number;
  now(): number;
  grant(call: Call, n: number): void;
  giveUp(call: Call, cause: "timeout" | "cancelled", timeout?: "idle" | "total"): void;
}

export class Call extends Deadline implements OutgoingCall, PendingCall, Kept {
  readonly id: number;
  readonly method: string;
  readonly startedAt: number;
  readonly calls: Calls;
  readonly message: Frame;
  /** `undefined` once it has been called: that is what "exactly once" hangs on. */
  settle: Settle | undefined;
  idleTimeout: number;
  totalAt: number;
  onProgress: ((value: Slice) => void) | undefined;
  onItem: ((item: Item) => void) | undefined;
  /** Items that may still come. */
  credit: number;
  /** Items that have come. */
  items = 0;
  /** The latest `$/credit`, and how much it grants. */
  granting: Frame | undefined;
  granted = 0;
  signal: AbortSignal | undefined;
  readonly bulk: boolean;
  readonly dataBytes: number;
  kept = true;
  /** Of the memory of its params and data. */
  loan: Loan | undefined;
  params: JsonText | undefined;
  chunk: Kept["chunk"];

  constructor(
    calls: Calls,
    id: number,
    method: string,
    message: Frame,
    options: CallOptions,
    settle: Settle,
  ) {
    super();
    this.calls = calls;
    this.id = id;
    this.method = method;
    this.message = message;
    this.settle = settle;
    this.startedAt = calls.now();
    this.idleTimeout = options.idleTimeout ?? calls.idleTimeout;
    this.totalAt = this.startedAt + (options.totalTimeout ?? Infinity);
    this.onProgress = options.onProgress;
    this.onItem = options.onItem;
    this.credit = options.onItem === undefined ? 0 : (options.credit ?? 0);
    this.signal = options.signal;
    this.bulk = options.bulk === true;
    this.dataBytes = options.data === undefined ? 0 : options.data.length;
    this.params = undefined;
    this.chunk = undefined;
    this.loan = undefined;
  }

  /** Whether it is the other side's turn: not while a stream waits for credit. */
  get awaited(): boolean {
    return this.credit > 0 || this.onItem === undefined;
  }

  /** When it is over, as things stand. */
  due(now: number): number {
    return this.awaited ? Math.min(now + this.idleTimeout, this.totalAt) : this.totalAt;
  }

  get abandoned(): boolean {
    return this.settle === undefined;
  }

  get sent(): boolean {
    return this.message.state === "handed_over";
  }

  get bytes(): number {
    return this.message.bodyBytes;
  }

  cancel(): void {
    this.calls.giveUp(this, "cancelled");
  }

  grant(n: number): void {
    this.calls.grant(this, n);
  }

  /** An EventListener, so that a signal costs no closure. */
  handleEvent(): void {
    this.cancel();
  }

  override expire(now: number): void {
    this.calls.giveUp(this, "timeout", now >= this.totalAt ? "total" : "idle");
  }
}
