/** Where a call comes from: what it inherits from the call that it serves. */

export interface Lineage {
  /** When the call that began it all ends, by the caller's steady clock in milliseconds; Infinity: never. */
  readonly deadlineAt: number;
  /** How many calls of plugins to their host led here. */
  readonly hops: number;
  /** How many events led here. */
  readonly events: number;
}

/** A call that nothing led to. */
export const origin: Lineage = { deadlineAt: Infinity, hops: 0, events: 0 };

/** A chain of calls that is longer than this is a circle. */
export const maxHops = 8;
/** Events that are emitted while one is handled, while one is handled …: beyond this, none. */
export const maxEventDepth = 3;

/** What a call made for another one inherits. `ms` bounds it further. */
export function descend(parent: Lineage, ms: number | undefined, now: number): Lineage {
  const deadlineAt = Math.min(parent.deadlineAt, now + (ms ?? Infinity));
  return { deadlineAt, hops: parent.hops + 1, events: parent.events };
}

/**
 * For a call that names no parent: the caller may serve any of these, so it counts as the child of the deepest. Their
 * deadlines are not its own, for it may serve none of them.
 */
export function deepest(pending: Iterable<Lineage>): Lineage {
  let { hops, events } = origin;
  for (const each of pending) {
    hops = Math.max(hops, each.hops);
    events = Math.max(events, each.events);
  }
  return { deadlineAt: Infinity, hops, events };
}

/** What is left of its time, at least a millisecond; undefined: it has no end. */
export function timeLeft({ deadlineAt }: Lineage, now: number): number | undefined {
  return deadlineAt === Infinity ? undefined : Math.max(1, deadlineAt - now);
}

/**
 * Slots beside a plugin's window for calls that others wait for: were they refused or made to wait with the rest, a circle
 * of full windows would stand still.
 */
export function reserveOf(window: number): number {
  return Math.max(8, Math.floor(window / 4));
}
