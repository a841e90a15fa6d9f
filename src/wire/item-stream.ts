/** A stream as its reader sees it, over anything that can make a call in bytes: a supervisor or a connection. */
import type { ItemStream, StreamItem, StreamOptions } from "../../protocol/caller.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { creditOf } from "./arguments.ts";
import type { Slice } from "./json.ts";
import type { Item } from "./outgoing-call.ts";
import { resultValue } from "./result.ts";

/** What a stream needs of the call behind it. */
export interface StreamCall {
  /** Aborted when the reader leaves, or by the reader's own. */
  readonly signal: AbortSignal;
  readonly credit: number;
  readonly onItem: (item: Item) => void;
  /** To be called once, in the end. */
  readonly succeed: (result: Slice, data?: Slice) => void;
  readonly fail: (error: unknown) => void;
}

type Open = (call: StreamCall) => { grant(n: number): void };
type Step = IteratorResult<StreamItem, undefined>;
type Waiting = PromiseWithResolvers<Step>;

const done: Step = { done: true, value: undefined };

/**
 * Makes the call at once and reads its items as they are asked for. Credit is given back in batches of half of it, so
 * that there is always some under way while the reader is busy.
 *
 * @param open makes the call; what it throws is what the stream fails with
 */
export function itemStream(options: Pick<StreamOptions, "credit" | "signal">, open: Open): ItemStream {
  return new Reader(options, open);
}

class Reader implements ItemStream, AsyncIterator<StreamItem, undefined> {
  readonly result: Promise<unknown>;
  /** How many items are read before their credit is given back. */
  #batch = 1;
  readonly #leave = new AbortController();
  readonly #call: { grant(n: number): void } | undefined;
  #items: Item[] = [];
  /** The next of `#items`. */
  #head = 0;
  /** Who asked before there was anything. */
  readonly #waiting: Waiting[] = [];
  /** Items handed over whose credit has not been given back. */
  #taken = 0;
  #state: "open" | "ended" | "failed" | "left" = "open";
  #error: unknown;
  #isIterated = false;

  constructor(options: Pick<StreamOptions, "credit" | "signal">, open: Open) {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.result = promise;
    // Who reads the items hears of the failure there, and need not look at the result.
    promise.catch(() => undefined);
    const fail = (error: unknown): void => {
      reject(error);
      this.#end("failed", error);
    };
    try {
      const credit = creditOf(options);
      this.#batch = Math.ceil(credit / 2);
      const own = this.#leave.signal;
      this.#call = open({
        credit,
        signal: options.signal === undefined ? own : AbortSignal.any([options.signal, own]),
        onItem: (item) => this.#take(item),
        succeed: (result, data) => {
          try {
            resolve(resultValue(result, data));
          } catch (error) {
            fail(error);
          }
          this.#end("ended");
        },
        fail,
      });
    } catch (error) {
      fail(error);
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamItem, undefined> {
    if (this.#isIterated) throw new TypeError("a stream is iterated once");
    this.#isIterated = true;
    return this;
  }

  next(): Promise<Step> {
    const item = this.#items[this.#head];
    if (item !== undefined) {
      this.#head++;
      if (this.#head === this.#items.length) {
        this.#items = [];
        this.#head = 0;
      }
      return Promise.resolve(this.#handOver(item));
    }
    if (this.#state === "failed") {
      // Told once, as a generator would.
      this.#state = "left";
      return Promise.reject(this.#error);
    }
    if (this.#state !== "open") return Promise.resolve(done);
    const waiting = Promise.withResolvers<Step>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  return(): Promise<Step> {
    this.#items = [];
    this.#head = 0;
    this.#state = "left";
    for (const { resolve } of this.#waiting.splice(0)) resolve(done);
    this.#leave.abort(BulkheadError.of("cancelled", "the reader left the stream"));
    return Promise.resolve(done);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
    await this.result.catch(() => undefined);
  }

  #take(item: Item): void {
    if (this.#state !== "open") return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push(item);
    else waiting.resolve(this.#handOver(item));
  }

  #handOver({ seq, value, cursor }: Item): Step {
    this.#taken++;
    if (this.#taken >= this.#batch) {
      this.#call?.grant(this.#taken);
      this.#taken = 0;
    }
    const parsed: unknown = JSON.parse(value.toString());
    const position: unknown = cursor && JSON.parse(cursor.toString());
    return {
      value: { seq, value: parsed, ...(typeof position === "string" ? { cursor: position } : {}) },
    };
  }

  #end(state: "ended" | "failed", error?: unknown): void {
    if (this.#state !== "open") return;
    this.#state = state;
    this.#error = error;
    // Whoever waits has seen all items; only one can be told of a failure.
    for (const waiting of this.#waiting.splice(0)) {
      if (this.#state === "failed") {
        this.#state = "left";
        waiting.reject(error);
      } else waiting.resolve(done);
    }
  }
}
