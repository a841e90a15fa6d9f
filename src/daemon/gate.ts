/**
 * Lets few through at a time: reading back the past costs memory, and many clients may ask for it at once. Those who wait take
 * turns, so that one who asks for much waits for itself.
 */
export class Gate {
  readonly #width: number;
  /** Of each client that waits, next first. */
  readonly #waiting = new Map<object, (() => void)[]>();
  #inside = 0;

  constructor(width: number) {
    this.#width = width;
  }

  /**
   * Runs the work when it is its turn; when nobody wants it any more by then, rejects with the signal's reason.
   *
   * @param client who asks, by identity
   */
  async run<T>(client: object, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#width) await new Promise<void>((resolve) => this.#wait(client, resolve));
    else this.#inside++;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      this.#handOn();
    }
  }

  #wait(client: object, go: () => void): void {
    const own = this.#waiting.get(client);
    if (own === undefined) this.#waiting.set(client, [go]);
    else own.push(go);
  }

  /** The place is handed on, so that nobody can slip in between. */
  #handOn(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#inside--;
      return;
    }
    const [client, own] = first;
    const go = own.shift();
    // Behind all others.
    this.#waiting.delete(client);
    if (own.length > 0) this.#waiting.set(client, own);
    go?.();
  }
}
