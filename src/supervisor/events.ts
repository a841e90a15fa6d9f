/** Everything that happens: gets its position, goes into the journal, and is told to the subscribers, in that order. */
import type { EventBody, SupervisorEvent } from "../../protocol/state.ts";
import type { Journal } from "../io/journal/journal.ts";

export type Listener = (event: SupervisorEvent) => void;

/** Events with a position that wait for their writer before anybody hears of them. */
export interface Stamped {
  readonly events: readonly SupervisorEvent[];
  /** `amend`: what the writing itself has shown. */
  publish(amend?: (event: SupervisorEvent) => SupervisorEvent): void;
}

export class Events {
  readonly #journal: Journal;
  readonly #now: () => number;
  readonly #listeners = new Set<Listener>();
  /** In the order of their positions; null: not to be told yet. */
  readonly #queue: { events: readonly SupervisorEvent[] | null }[] = [];
  #seq: number;

  constructor(journal: Journal, lastSeq: number, now: () => number) {
    this.#journal = journal;
    this.#seq = lastSeq;
    this.#now = now;
  }

  /** For lifecycle events: nobody waits for their disk. */
  tell(...bodies: readonly EventBody[]): void {
    const stamped = this.stamp(...bodies);
    void this.#journal.append(stamped.events);
    stamped.publish();
  }

  /** For what is worth hearing and not worth keeping. */
  mention(body: EventBody): void {
    this.#deliver([{ seq: 0, at: this.#now(), ...body }]);
  }

  /**
   * For whoever writes them himself before they are told. Later events wait behind them: a subscriber that comes back
   * and asks for everything after the last position that it saw must not miss one.
   */
  stamp(...bodies: readonly EventBody[]): Stamped {
    const at = this.#now();
    const events: SupervisorEvent[] = bodies.map((body) => ({ seq: ++this.#seq, at, ...body }));
    const place: { events: readonly SupervisorEvent[] | null } = { events: null };
    this.#queue.push(place);
    const publish = (amend?: (event: SupervisorEvent) => SupervisorEvent): void => {
      place.events = amend === undefined ? events : events.map(amend);
      this.#flush();
    };
    return { events, publish };
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #flush(): void {
    for (let first = this.#queue[0]; first !== undefined && first.events !== null; first = this.#queue[0]) {
      this.#queue.shift();
      this.#deliver(first.events);
    }
  }

  #deliver(events: readonly SupervisorEvent[]): void {
    for (const event of events) for (const listener of this.#listeners) tellSafely(listener, event);
  }
}

/** A listener that throws is somebody's mistake and has to be heard of; it must not leave a step half done. */
export function tellSafely<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
