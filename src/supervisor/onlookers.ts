/** Those who wait until something holds of what changes step by step. */
export class Onlookers {
  readonly #looks = new Set<() => void>();

  /** After a step. */
  look(): void {
    for (const look of this.#looks) look();
  }

  /** Resolves as soon as the predicate holds, looked at after every step. Rejects with the signal's reason. */
  until(holds: () => boolean, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#looks.delete(look);
        signal?.removeEventListener("abort", abort);
      };
      const look = (): void => {
        if (!holds()) return;
        done();
        resolve();
      };
      const abort = (): void => {
        done();
        reject(signal?.reason);
      };
      this.#looks.add(look);
      signal?.addEventListener("abort", abort, { once: true });
      if (signal?.aborted === true) abort();
      else look();
    });
  }
}
