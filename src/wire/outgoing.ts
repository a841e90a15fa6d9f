import { LARGE_BODY, Loan } from "./body-memory.ts";
import type { Deadlines } from "./deadlines.ts";
import { IdTable } from "./id-table.ts";
import type { JsonText, Slice } from "./json.ts";
import { KeptParams } from "./kept-params.ts";
import type { Outcome, Unanswered } from "./outcome.ts";
import { Call } from "./outgoing-call.ts";
import type { CallOptions, Calls, OutgoingCall, PendingCall, Settle } from "./outgoing-call.ts";
import { WireViolation } from "./violation.ts";
import { frame } from "./writer.ts";
import type { FrameWriter } from "./writer.ts";

export interface OutgoingCallsOptions {
  readonly writer: FrameWriter;
  readonly deadlines: Deadlines;
  readonly callsInFlight: number;
  readonly frameBytes: number;
  /** For the params of calls in flight; 0: they are not kept. */
  readonly keptBytes: number;
  /** Of a call that brings none. */
  readonly idleTimeout: number;
  readonly onAbandoned?: ((count: number) => void) | undefined;
  readonly onHandlerError: (error: unknown) => void;
}

/**
 * The calls made on one connection. Ids count up from 1. A call is settled by its answer, its deadlines, its
 * canceller or the end of the connection, whichever comes first; one that the other side may have seen
 * keeps its place until it is answered, so that a hung plugin fills up instead of being fed.
 */
export class OutgoingCalls implements Calls {
  readonly #options: OutgoingCallsOptions;
  readonly #pending = new IdTable<Call>();
  readonly #names = new Map<string, string>();
  readonly #kept: KeptParams | undefined;
  #nextId = 1;
  #abandoned = 0;
  #closed = false;

  constructor(options: OutgoingCallsOptions) {
    this.#options = options;
    this.#kept = options.keptBytes > 0 ? new KeptParams(options.keptBytes) : undefined;
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

  get idleTimeout(): number {
    return this.#options.idleTimeout;
  }

  now(): number {
    return this.#options.deadlines.now();
  }

  /** Whether a call of this id was ever made. */
  issued(id: number | string): id is number {
    return typeof id === "number" && Number.isInteger(id) && id >= 1 && id < this.#nextId;
  }

  open(method: string, params: JsonText | undefined, options: CallOptions, settle: Settle): OutgoingCall {
    const { writer, callsInFlight, frameBytes, deadlines } = this.#options;
    if (this.#closed || !writer.open) return this.#refuse(settle, "closed");
    if (options.signal?.aborted === true) return this.#refuse(settle, "cancelled");
    if (this.#pending.size >= callsInFlight) return this.#refuse(settle, "busy");
    const id = this.#nextId;
    const lead = `{"jsonrpc":"2.0","id":${id},"method":${this.#nameOf(method)}`;
    const message =
      options.ctx === undefined
        ? frame(lead, undefined, `,"params":`, params, options.data)
        : frame(`${lead},"ctx":`, options.ctx, `,"params":`, params, options.data);
    if (message.bodyBytes > frameBytes) return this.#refuse(settle, "too_large");
    if (!writer.append(message)) return this.#refuse(settle, "busy");
    this.#nextId++;
    const call = new Call(this, id, method, message, options, settle);
    this.#pending.set(id, call);
    call.kept = params === undefined || this.#kept?.keep(call, params) === true;
    if (options.disposable === true && message.bodyBytes >= LARGE_BODY) lend(call, params, options.data);
    deadlines.add(call.due(call.startedAt), call, call.startedAt);
    call.signal?.addEventListener("abort", call, { once: true });
    return call;
  }

  /**
   * An answer came: settles its call. `late` if the maker had been told otherwise already, `unknown` if no
   * call waits for it.
   *
   * @throws WireViolation for data that was not asked for
   */
  answer(id: number | string, outcome: Outcome): "settled" | "late" | "unknown" {
    const call = this.#pending.get(id);
    if (call === undefined) return "unknown";
    if (outcome.data !== undefined && !call.bulk) {
      throw new WireViolation("unexpected_data", `the answer to id ${id} was not to carry data`);
    }
    this.#remove(call);
    call.loan?.returned();
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
    this.#moveIdle(call);
    try {
      call.onProgress?.(value);
    } catch (error) {
      this.#options.onHandlerError(error);
    }
  }

  /** @throws WireViolation for an item that may not come, or not now */
  item(id: number, seq: number, value: Slice, cursor: Slice | undefined): void {
    const call = this.#pending.get(id);
    // Nobody reads it any more, and the other side has been told.
    if (call === undefined || call.settle === undefined) return;
    if (call.credit < 1) {
      throw new WireViolation("credit_exceeded", `item ${seq} of id ${id} came without credit`);
    }
    if (seq !== call.items) {
      throw new WireViolation("item_out_of_order", `item ${seq} of id ${id} came in place of ${call.items}`);
    }
    call.items++;
    call.credit--;
    this.#moveIdle(call);
    try {
      call.onItem?.({ seq, value, cursor });
    } catch (error) {
      this.#options.onHandlerError(error);
    }
  }

  /** What is not sent yet is one message, however often credit is granted: nothing piles up for who does not read. */
  grant(call: Call, n: number): void {
    // Both sides count in 32 bits, and what would go beyond is never granted.
    const more = Math.min(n, MOST_CREDIT - call.credit);
    if (call.settle === undefined || call.onItem === undefined || !(more > 0)) return;
    const { writer, deadlines } = this.#options;
    const waited = !call.awaited;
    call.credit += more;
    if (waited) {
      const now = deadlines.now();
      deadlines.add(call.due(now), call, now);
    }
    if (
      call.granting !== undefined &&
      writer.amend(call.granting, creditLead(call.id, call.granted + more))
    ) {
      call.granted += more;
      return;
    }
    call.granted = more;
    call.granting = frame(creditLead(call.id, more), undefined, "", undefined);
    writer.append(call.granting, true);
  }

  /** Most calls are of a few methods, again and again. */
  #nameOf(method: string): string {
    const known = this.#names.get(method);
    if (known !== undefined) return known;
    const name = asciiJson(method);
    if (this.#names.size >= MOST_NAMES) this.#names.clear();
    this.#names.set(method, name);
    return name;
  }

  #moveIdle(call: Call): void {
    if (call.idleTimeout === Infinity) return;
    const { deadlines } = this.#options;
    deadlines.move(call, call.due(deadlines.now()));
  }

  giveUp(call: Call, cause: "timeout" | "cancelled", timeout?: "idle" | "total"): void {
    if (call.settle === undefined) return;
    const { writer, onAbandoned } = this.#options;
    const unsent = writer.withdraw(call.message);
    if (call.granting !== undefined) writer.withdraw(call.granting);
    if (unsent) {
      this.#remove(call);
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
      this.#remove(call);
      if (call.settle === undefined) this.#abandoned--;
    }
    for (const call of lost) {
      const unsent = this.#options.writer.withdraw(call.message);
      if (call.settle)
        this.#settle(call, { settlement: unsent ? "not_sent" : "maybe_executed", cause: "closed" });
    }
  }

  #remove(call: Call): void {
    this.#pending.delete(call.id);
    this.#kept?.release(call);
  }

  #byAge(): Call[] {
    return this.#pending.values().sort((a, b) => a.id - b.id);
  }

  #settle(call: Call, outcome: Outcome): void {
    const settle = call.settle!;
    call.settle = undefined;
    call.onProgress = undefined;
    call.onItem = undefined;
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

/** To the stream and, for a report, to the call, which needs it until it is answered. */
function lend(call: Call, params: JsonText | undefined, data: Slice | undefined): void {
  if (typeof params !== "object") return;
  call.loan = new Loan(data === undefined ? [params] : [params, data], 2);
  call.message.onWritten = call.loan.returned;
}

/** Whose JSON is remembered. */
const MOST_NAMES = 256;

const REFUSED: OutgoingCall = { id: 0, cancel: () => {}, grant: () => {} };

/** The most items that may be on their way. */
export const MOST_CREDIT = 2 ** 31 - 1;

function creditLead(id: number, n: number): string {
  return `{"jsonrpc":"2.0","method":"$/credit","params":{"id":${id},"n":${n}}`;
}

/** A JSON string in ASCII, so that the length of an envelope is the length of its text. */
export function asciiJson(text: string): string {
  if (/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    /[\x7f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
