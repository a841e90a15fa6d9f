/** Items to a reader that says how many it takes. */
import { setImmediate } from "node:timers/promises";

/** Items after which other work has its turn. */
const TURN = 128;

/** How many more items the reader takes. */
export class Credit {
  #left: number;
  #wake: (() => void) | undefined;

  constructor(initial: number) {
    this.#left = initial;
  }

  add(n: number): void {
    this.#left += n;
    this.#wake?.();
  }

  /** Takes one, as soon as there is one. */
  async take(): Promise<void> {
    while (this.#left < 1) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#left -= 1;
  }
}

/** An item, and the position after it. */
export interface Positioned<T> {
  readonly value: T;
  /** An opaque string of at most 1024 characters, from which the same method goes on. */
  readonly cursor: string;
}

/**
 * Sends what the source gives, and returns what it returns. The source is asked for one item ahead of the credit, not
 * for more. When the call is cancelled the stream ends at once, whatever the source is waiting for; its `finally` runs
 * as soon as that wait is over.
 */
export async function pump(
  source: AsyncIterable<unknown>,
  credit: Credit,
  signal: AbortSignal,
  send: (seq: number, item: unknown) => Promise<void>,
): Promise<unknown> {
  const iterator = source[Symbol.asyncIterator]();
  let done = false;
  try {
    for (let seq = 0; ; seq++) {
      const step = await unlessAborted(iterator.next(), signal);
      if (step.done === true) {
        done = true;
        return step.value;
      }
      await unlessAborted(credit.take(), signal);
      await send(seq, step.value);
      // A source that never waits would otherwise keep the plugin from reading, cancellations included.
      if (seq % TURN === TURN - 1) await setImmediate();
    }
  } finally {
    // Nobody waits for this: a source that still waits for something would hold up the answer.
    if (!done) iterator.return?.().then(undefined, () => {});
  }
}

/** Like the promise; but once the signal is aborted, it rejects with its reason. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    // Taken off each time: a race against one long promise would keep every loser in memory.
    const settled = (): void => signal.removeEventListener("abort", abort);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(settled);
  });
}

/** `{ value, cursor }` and nothing else; anything else is an item. */
export function positionOf(item: unknown): Positioned<unknown> | undefined {
  if (typeof item !== "object" || item === null || !("value" in item && "cursor" in item)) return undefined;
  const { value, cursor } = item;
  return typeof cursor === "string" && Object.keys(item).length === 2 ? { value, cursor } : undefined;
}
