/** Asks plugins to bring their todos up to date: each one at a time, and once more when there was reason to meanwhile. */

interface Running<T> {
  /** Whether plugins hear of what the next round changes; null: there is no next round. */
  next: boolean | null;
  readonly done: Promise<T>;
}

export class Syncs<T> {
  readonly #ask: (plugin: string, isTold: boolean) => Promise<T>;
  readonly #running = new Map<string, Running<T>>();

  constructor(ask: (plugin: string, isTold: boolean) => Promise<T>) {
    this.#ask = ask;
  }

  /** Resolves with the last round: what there was when this was called is in it. */
  run(plugin: string, isTold: boolean): Promise<T> {
    const running = this.#running.get(plugin);
    if (running !== undefined) {
      running.next = isTold || running.next === true;
      return running.done;
    }
    // The first round begins when the others can see it.
    const begin = Promise.withResolvers<void>();
    const started: Running<T> = {
      next: isTold,
      done: begin.promise.then(() => this.#rounds(plugin, started)),
    };
    this.#running.set(plugin, started);
    begin.resolve();
    return started.done;
  }

  async #rounds(plugin: string, running: Running<T>): Promise<T> {
    try {
      for (;;) {
        const isTold = running.next === true;
        running.next = null;
        const result = await this.#ask(plugin, isTold);
        if (this.#isOver(running)) return result;
      }
    } finally {
      this.#running.delete(plugin);
    }
  }

  #isOver({ next }: Running<T>): boolean {
    return next === null;
  }
}
