/** How often something may be done. Pure: the time is an argument. */

/**
 * A token bucket: so many a second in the long run, and at once as many as gather while nothing is asked for. It is full at
 * first.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #most: number;
  #tokens: number;
  #at = -Infinity;

  /** @param most tokens that it holds; unless given, those of one second */
  constructor(perSecond: number, most = perSecond) {
    this.#perMs = perSecond / 1000;
    this.#most = most;
    this.#tokens = most;
  }

  /**
   * Takes so many tokens and answers 0, or takes none and answers in how many milliseconds they will be there, rounded up;
   * Infinity: it never holds so many.
   *
   * @param now steady clock, milliseconds
   */
  take(tokens: number, now: number): number {
    if (tokens > this.#most) return Infinity;
    if (now > this.#at) {
      this.#tokens = Math.min(this.#most, this.#tokens + (now - this.#at) * this.#perMs);
      this.#at = now;
    }
    if (tokens > this.#tokens) return Math.ceil((tokens - this.#tokens) / this.#perMs);
    this.#tokens -= tokens;
    return 0;
  }
}
