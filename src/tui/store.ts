/** The one state, and whoever is shown it. What is fed in is shown at a bounded rate, what is typed at once. */
import type { Effect } from "./effect.ts";
import { update } from "./state.ts";
import type { AppState, Message } from "./state.ts";

/** Between two pictures of what was fed in, milliseconds: a flood of news must leave time for the keyboard. */
const pace = 50;

export class Store {
  #state: AppState;
  readonly #run: (effect: Effect<Message>) => void;
  readonly #listeners = new Set<() => void>();
  #shown: AppState;
  #timer: NodeJS.Timeout | undefined;

  constructor(state: AppState, run: (effect: Effect<Message>) => void) {
    this.#state = state;
    this.#shown = state;
    this.#run = run;
  }

  get state(): AppState {
    return this.#state;
  }

  readonly dispatch = (message: Message): void => {
    const { state, effects } = update(this.#state, message);
    this.#state = state;
    if (state !== this.#shown) {
      const canWait = message.type === "fed" || message.type === "screen";
      // Before the first picture nobody waits, and what is known by then is on it.
      if (canWait && this.#listeners.size > 0) this.#timer ??= setTimeout(this.#show, pace);
      else this.#show();
    }
    for (const effect of effects) this.#run(effect);
  };

  /** For useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly shown = (): AppState => this.#shown;

  close(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  readonly #show = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#shown = this.#state;
    for (const listener of this.#listeners) listener();
  };
}
