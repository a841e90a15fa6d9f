/** How a method sends more than one value, and learns that nobody waits any more. */
import { BulkheadError } from "../../protocol/error.ts";

export interface Stream {
  readonly signal: AbortSignal;
  /** For what there was before: bounded by whoever has read it, so that all of it may wait for the reader at once. */
  readonly past: (values: readonly unknown[]) => void;
  /** For what must not be missed: a reader that is behind by more than its bound is cut off. */
  readonly item: (value: unknown) => void;
  /** For what may be: false when the reader is behind by half of that, and so does not get it. */
  readonly offer: (value: unknown) => boolean;
}

/** What may come while the past is read. */
const mostEarly = 10_000;

/**
 * First the past, then what comes, each once; ends when the client cancels.
 *
 * @param subscribe starts listening, returns what ends it
 * @param past what there was; may take as long as a disk does
 * @param isNew whether what came meanwhile stands in the past already
 * @throws BulkheadError `too_large`, when more comes meanwhile than can be kept
 */
export async function follow<T>(
  { signal, past: tell, item }: Pick<Stream, "signal" | "past"> & { readonly item: (value: T) => void },
  subscribe: (listener: (value: T) => void) => () => void,
  past: () => Promise<T[]>,
  isNew: (past: readonly T[]) => (value: T) => boolean,
): Promise<void> {
  const early: T[] = [];
  let take = (value: T): void => {
    if (early.length <= mostEarly) early.push(value);
  };
  const unsubscribe = subscribe((value) => take(value));
  try {
    const known = await Promise.race([past(), aborted(signal)]);
    if (known === undefined) return;
    if (early.length > mostEarly) {
      throw BulkheadError.of(
        "too_large",
        "more came while the past was read than can be kept; ask for less of it",
      );
    }
    tell(known);
    for (const value of early.filter(isNew(known))) item(value);
    take = item;
    await aborted(signal);
  } finally {
    unsubscribe();
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
