/** Everything that happens: gets its position, goes into the journal, and is told to the subscribers, in that order. */
import type { EventBody, SupervisorEvent } from "../../protocol/state.ts";
import type { Journal } from "../io/journal.ts";

export type Listener = (event: SupervisorEvent) => void;

export class Events {
  readonly #journal: Journal;
  readonly #now: () => number;
  readonly #listeners = new Set<Listener>();
  #seq: number;

  constructor(journal: Journal, lastSeq: number, now: () => number) {
    this.#journal = journal;
    this.#seq = lastSeq;
    this.#now = now;
  }

  /** Position of the newest event. */
  get seq(): number {
    return this.#seq;
  }

  /** For lifecycle events: written behind the subscribers' back, because nobody waits on a disk. */
  tell(...bodies: readonly EventBody[]): void {
    const events = this.stamp(bodies);
    void this.#journal.append(events);
    this.publish(events);
  }

  /** For what is worth hearing and not worth keeping. */
  mention(body: EventBody): void {
    this.publish([{ seq: 0, at: this.#now(), ...body }]);
  }

  /** Gives events their position, for whoever writes them himself before publishing. */
  stamp(bodies: readonly EventBody[]): SupervisorEvent[] {
    const at = this.#now();
    return bodies.map((body) => ({ seq: ++this.#seq, at, ...body }));
  }

  publish(events: readonly SupervisorEvent[]): void {
    for (const event of events) for (const listener of [...this.#listeners]) listener(event);
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
