import { Deadline } from "./deadlines.ts";
import type { Deadlines } from "./deadlines.ts";
import { IdTable } from "./id-table.ts";
import type { Slice } from "./json.ts";
import type { Outcome, Unanswered } from "./outcome.ts";
import { frame } from "./writer.ts";
import type { Frame, FrameWriter } from "./writer.ts";

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Longest silence in ms: no answer and no progress. None unless given. */
  readonly idleTimeout?: number | undefined;
  /** Longest time in ms, progress or not. None unless given. */
  readonly totalTimeout?: number | undefined;
  /** The top-level `ctx` object of the request, as JSON. */
  readonly ctx?: Slice | undefined;
  readonly onProgress?: ((value: Slice) => void) | undefined;
}

/** A call as its maker sees it. */
export interface OutgoingCall {
  /** Its id on the wire; 0 when it was refused before it got one. */
  readonly id: number;
  /** Settles the call as `cancelled` unless it is settled, and tells the other side if it has seen it. */
  cancel(): void;
}

/** A call without an answer, for a report of what was lost. */
export interface PendingCall {
  readonly id: number;
  readonly method: string;
  /** When it was made, in ms of the clock. */
  readonly startedAt: number;
  /** Bytes of its params. */
  readonly paramsBytes: number;
  /** Whether its maker has been told already (timeout, cancel). */
  readonly abandoned: boolean;
  /** Whether the other side may have seen it. */
  readonly sent: boolean;
}

export interface OutgoingCallsOptions {
  readonly writer: FrameWriter;
  readonly deadlines: Deadlines;
  readonly callsInFlight: number;
  readonly frameBytes: number;
  readonly onAbandoned?: ((count: number) => void) | undefined;
  readonly onHandlerError: (error: unknown) => void;
}

type Settle = (outcome: Outcome) => void;

class Call extends Deadline implements OutgoingCall, PendingCall {
  readonly id: number;
  readonly method: string;
  readonly startedAt: number;
  readonly calls: OutgoingCalls;
  readonly message: Frame;
  /** `undefined` once it has been called: that is what "exactly once" hangs on. */
  settle: Settle | undefined;
  idleTimeout: number;
  totalAt: number;
  onProgress: ((value: Slice) => void) | undefined;
  signal: AbortSignal | undefined;

  constructor(
    calls: OutgoingCalls,
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
    this.idleTimeout = options.idleTimeout ?? Infinity;
    this.totalAt = this.startedAt + (options.totalTimeout ?? Infinity);
    this.onProgress = options.onProgress;
    this.signal = options.signal;
  }

  get paramsBytes(): number {
    return this.message.payload?.length ?? 0;
  }

  get abandoned(): boolean {
    return this.settle === undefined;
  }

  get sent(): boolean {
    return this.message.state === "handed_over";
  }

  cancel(): void {
    this.calls.giveUp(this, "cancelled");
  }

  /** An EventListener, so that a signal costs no closure. */
  handleEvent(): void {
    this.cancel();
  }

  override expire(now: number): void {
    this.calls.giveUp(this, "timeout", now >= this.totalAt ? "total" : "idle");
  }
}

/**
 * The calls made on one connection. Ids count up from 1. A call is settled by its answer, its deadlines, its
 * canceller or the end of the connection, whichever comes first; one that the other side may have seen
 * keeps its place until it is answered, so that a hung plugin fills up instead of being fed.
 */
export class OutgoingCalls {
  readonly #options: OutgoingCallsOptions;
  readonly #pending = new IdTable<Call>();
  #nextId = 1;
  #abandoned = 0;
  #closed = false;

  constructor(options: OutgoingCallsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pending.size;
  }

  get abandoned(): number {
    return this.#abandoned;
  }

  /** Calls without an answer, oldest first. */
  pending(): Iterable<PendingCall> {
    return this.#byAge();
  }

  now(): number {
    return this.#options.deadlines.now();
  }

  /** Whether a call of this id was ever made. */
  issued(id: number | string): id is number {
    return typeof id === "number" && id >= 1 && id < this.#nextId;
  }

  open(method: string, params: Slice | undefined, options: CallOptions, settle: Settle): OutgoingCall {
    const { writer, callsInFlight, frameBytes, deadlines } = this.#options;
    if (this.#closed || !writer.open) return this.#refuse(settle, "closed");
    if (options.signal?.aborted === true) return this.#refuse(settle, "cancelled");
    if (this.#pending.size >= callsInFlight) return this.#refuse(settle, "busy");
    const id = this.#nextId;
    const lead = `{"jsonrpc":"2.0","id":${id},"method":${asciiJson(method)}`;
    const message =
      options.ctx === undefined
        ? frame(lead, undefined, `,"params":`, params)
        : frame(`${lead},"ctx":`, options.ctx, `,"params":`, params);
    if (message.bodyBytes > frameBytes) return this.#refuse(settle, "too_large");
    if (!writer.append(message)) return this.#refuse(settle, "busy");
    this.#nextId++;
    const call = new Call(this, id, method, message, options, settle);
    this.#pending.set(id, call);
    deadlines.add(Math.min(call.startedAt + call.idleTimeout, call.totalAt), call, call.startedAt);
    call.signal?.addEventListener("abort", call, { once: true });
    return call;
  }

  /**
   * An answer came: settles its call. `late` if the maker had been told otherwise already, `unknown` if no
   * call waits for it.
   */
  answer(id: number | string, outcome: Outcome): "settled" | "late" | "unknown" {
    const call = this.#pending.get(id);
    if (call === undefined) return "unknown";
    this.#pending.delete(call.id);
    if (call.settle !== undefined) {
      this.#settle(call, outcome);
      return "settled";
    }
    this.#abandoned--;
    return "late";
  }

  /** A sign of life for a call: moves its idle deadline and hands the value on. */
  progress(id: number, value: Slice): void {
    const call = this.#pending.get(id);
    if (call === undefined || call.settle === undefined) return;
    if (call.idleTimeout !== Infinity) {
      const { deadlines } = this.#options;
      deadlines.move(call, Math.min(deadlines.now() + call.idleTimeout, call.totalAt));
    }
    try {
      call.onProgress?.(value);
    } catch (error) {
      this.#options.onHandlerError(error);
    }
  }

  giveUp(call: Call, cause: "timeout" | "cancelled", timeout?: "idle" | "total"): void {
    if (call.settle === undefined) return;
    const { writer, onAbandoned } = this.#options;
    const unsent = writer.withdraw(call.message);
    if (unsent) {
      this.#pending.delete(call.id);
    } else {
      this.#abandoned++;
      writer.append(
        frame(
          `{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":${call.id}}`,
          undefined,
          "",
          undefined,
        ),
        true,
      );
    }
    const settlement = unsent ? "not_sent" : "maybe_executed";
    this.#settle(call, timeout === undefined ? { settlement, cause } : { settlement, cause, timeout });
    if (!unsent) onAbandoned?.(this.#abandoned);
  }

  /** From here on every call is refused as `closed`. */
  close(): void {
    this.#closed = true;
  }

  /** The connection is over: settles what is still open, or only what was never sent. */
  settleLost(only: "all" | "unsent"): void {
    // A handler may look at what is pending: each leaves the table before any is told.
    const lost = this.#byAge().filter((call) => only === "all" || !call.sent);
    for (const call of lost) {
      this.#pending.delete(call.id);
      if (call.settle === undefined) this.#abandoned--;
    }
    for (const call of lost) {
      const unsent = this.#options.writer.withdraw(call.message);
      if (call.settle)
        this.#settle(call, { settlement: unsent ? "not_sent" : "maybe_executed", cause: "closed" });
    }
  }

  #byAge(): Call[] {
    return this.#pending.values().sort((a, b) => a.id - b.id);
  }

  #settle(call: Call, outcome: Outcome): void {
    const settle = call.settle!;
    call.settle = undefined;
    call.onProgress = undefined;
    this.#options.deadlines.remove(call);
    if (call.signal !== undefined) {
      call.signal.removeEventListener("abort", call);
      call.signal = undefined;
    }
    this.#tell(settle, outcome);
  }

  /** Later, because a caller that is still inside `call` has nowhere to keep what it is told. */
  #refuse(settle: Settle, cause: Unanswered["cause"]): OutgoingCall {
    queueMicrotask(() => this.#tell(settle, { settlement: "not_sent", cause }));
    return REFUSED;
  }

  #tell(settle: Settle, outcome: Outcome): void {
    try {
      settle(outcome);
    } catch (error) {
      this.#options.onHandlerError(error);
    }
  }
}

const REFUSED: OutgoingCall = { id: 0, cancel: () => {} };

/** A JSON string in ASCII, so that the length of an envelope is the length of its text. */
export function asciiJson(text: string): string {
  if (/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    /[\x7f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
