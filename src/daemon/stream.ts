/** How a method sends more than one value, and learns that nobody waits any more. */
export interface Stream {
  readonly signal: AbortSignal;
  readonly item: (value: unknown) => void;
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
