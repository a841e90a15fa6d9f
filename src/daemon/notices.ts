/** What an operator should know of the daemon's surroundings, and what `bulkhead doctor` shows: bounded, the latest last. */

export interface Notice {
  /** Unix time of the last time, milliseconds. */
  readonly at: number;
  readonly message: string;
  /** How often it happened. */
  readonly count: number;
  /** It is well again, or never was a reason to worry. */
  readonly ok: boolean;
}

const most = 20;

export class Notices {
  readonly #now: () => number;
  /** By their messages. */
  readonly #notices = new Map<string, Notice>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether it is news: the same, again and again with nothing in between, need not be logged each time. */
  add(message: string, ok: boolean): boolean {
    const before = this.#notices.get(message);
    const isNews = before === undefined || this.list().at(-1) !== before;
    this.#notices.delete(message);
    this.#notices.set(message, { at: this.#now(), message, ok, count: (before?.count ?? 0) + 1 });
    const [oldest] = this.#notices.keys();
    if (this.#notices.size > most && oldest !== undefined) this.#notices.delete(oldest);
    return isNews;
  }

  list(): Notice[] {
    return [...this.#notices.values()];
  }
}
