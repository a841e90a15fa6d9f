/** Notices that nobody has called a plugin for a while. */
export class IdleWatch {
  readonly #isBusy: () => boolean;
  readonly #onIdle: () => void;
  #timer: NodeJS.Timeout | undefined;
  #lastCall = 0;

  constructor(isBusy: () => boolean, onIdle: () => void) {
    this.#isBusy = isBusy;
    this.#onIdle = onIdle;
  }

  /** A call came: costs a clock reading and no timer. */
  touch(): void {
    this.#lastCall = performance.now();
  }

  start(idleMs: number): void {
    this.touch();
    const look = (): void => {
      const left = this.#isBusy() ? idleMs : idleMs - (performance.now() - this.#lastCall);
      if (left <= 0) this.#onIdle();
      else this.#timer = setTimeout(look, Math.ceil(left));
    };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(look, idleMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
