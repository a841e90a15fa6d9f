/** Time and one-shot timers, injected so that tests own both. All times are milliseconds of `now()`. */
export interface Clock {
  now(): number;
  setTimer(delay: number, fire: () => void): unknown;
  clearTimer(timer: unknown): void;
  /** Whether the timer alone keeps the process running. */
  keepAlive?(timer: unknown, keep: boolean): void;
}

const systemClock: Clock = {
  now: () => performance.now(),
  setTimer: (delay, fire) => setTimeout(fire, delay),
  clearTimer: (timer: NodeJS.Timeout) => clearTimeout(timer),
  keepAlive: (timer: NodeJS.Timeout, keep) => void (keep ? timer.ref() : timer.unref()),
};

/** One deadline. Extend it to put the deadline inside a larger object and save an allocation per call. */
export class Deadline {
  /** When it is due, in milliseconds of the clock. Written by `Deadlines` only. */
  at = Infinity;
  /** Links of the list it is in; a deadline in no list points at itself. Written by `Deadlines` only. */
  before: Deadline = this;
  after: Deadline = this;

  expire(_now: number): void {}
}

class CallbackDeadline extends Deadline {
  readonly #callback: () => void;

  constructor(callback: () => void) {
    super();
    this.#callback = callback;
  }

  override expire(): void {
    this.#callback();
  }
}

/** The deadlines that are looked at together. The slot is a list head, never due itself. */
class Slot extends Deadline {
  due = Infinity;
}

const SLOTS = 64;
const LEVELS = 4;
const HORIZON = SLOTS ** LEVELS;
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Any number of deadlines on one timer. `add`, `move` and `remove` take constant time; a deadline never
 * fires early, and fires at most one granule after its time (plus whatever the timer itself is late).
 *
 * A timing wheel of four levels of 64 slots, each level 64 times coarser than the one below. Its one rule:
 * a deadline sits in a slot that is due no later than the deadline, rounded up to the granule. When a slot
 * is due, what is due in it fires and the rest is put in again, nearer. Hence a deadline that moves *later*
 * need not be touched until its slot comes up (idle deadlines move with every sign of life), and nothing
 * has to turn: between slots that hold something, the timer sleeps.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #granule: number;
  readonly #slots = Array.from({ length: LEVELS * SLOTS }, () => new Slot());
  readonly #expired = new Slot();
  #pending = 0;
  #timer: unknown;
  #wakesAt = Infinity;
  #latest = 0;

  constructor(clock: Clock = systemClock, granule = 10) {
    this.#clock = clock;
    this.#granule = granule;
  }

  /** How many deadlines are set. */
  get pending(): number {
    return this.#pending;
  }

  now(): number {
    return (this.#latest = this.#clock.now());
  }

  /** What `now` said last. For whoever can do with the time at which this turn's input was read: costs no clock. */
  get latest(): number {
    return this.#latest;
  }

  /** Sets a deadline. One at `Infinity` never fires and costs nothing. */
  add(at: number, target: Deadline | (() => void), now = this.#clock.now()): Deadline {
    const deadline = target instanceof Deadline ? target : new CallbackDeadline(target);
    if (deadline.after !== deadline) this.remove(deadline);
    deadline.at = at;
    if (at === Infinity) return deadline;
    this.#insert(deadline, now);
    if (++this.#pending === 1 && this.#timer !== undefined) this.#clock.keepAlive?.(this.#timer, true);
    return deadline;
  }

  /** Moves a deadline that is set. Later is free; earlier is a removal and an insertion. */
  move(deadline: Deadline, at: number): void {
    if (deadline.after === deadline) return;
    if (at < deadline.at || at === Infinity) this.add(at, deadline);
    else deadline.at = at;
  }

  /** Takes a deadline away; one that has fired or was never set is left alone. */
  remove(deadline: Deadline): void {
    if (deadline.after === deadline) return;
    unlink(deadline);
    // The timer stays armed: a call that comes and goes must not cost a system timer each time.
    if (--this.#pending === 0 && this.#timer !== undefined) this.#clock.keepAlive?.(this.#timer, false);
  }

  #insert(deadline: Deadline, now: number): void {
    const tick = Math.ceil(deadline.at / this.#granule);
    const present = Math.floor(now / this.#granule);
    const distance = tick - present;
    let span = 1;
    let level = 0;
    while (level < LEVELS - 1 && distance >= span * SLOTS) {
      span *= SLOTS;
      level++;
    }
    const reach = distance < HORIZON ? tick : present + HORIZON - 1;
    const start = Math.floor(reach / span);
    const slot = this.#slots[level * SLOTS + (((start % SLOTS) + SLOTS) % SLOTS)]!;
    const due = start * span * this.#granule;
    if (slot.after === slot || due < slot.due) slot.due = due;
    link(slot, deadline);
    if (due < this.#wakesAt) this.#arm(due, now);
  }

  #arm(due: number, now: number): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#wakesAt = due;
    // Rounded up: timers cut fractions off and would wake a moment too soon.
    const delay = Math.min(Math.max(0, Math.ceil(due - now)), LONGEST_TIMER);
    this.#timer = this.#clock.setTimer(delay, this.#wake);
  }

  readonly #wake = (): void => {
    this.#timer = undefined;
    this.#wakesAt = Infinity;
    const now = this.#clock.now();
    for (const slot of this.#slots) {
      if (slot.due > now) continue;
      slot.due = Infinity;
      // Taken out whole before anything is put back: a deadline may belong in this very slot again.
      const due = takeAll(slot);
      for (const deadline of due) {
        if (deadline.at <= now) link(this.#expired, deadline);
        else this.#insert(deadline, now);
      }
    }
    try {
      while (this.#expired.after !== this.#expired) {
        const deadline = this.#expired.after;
        this.remove(deadline);
        deadline.expire(now);
      }
    } finally {
      // One that throws must not take the others along: they are due at once.
      if (this.#expired.after === this.#expired) this.#armNext(now);
      else this.#arm(now, now);
    }
  };

  #armNext(now: number): void {
    let next = Infinity;
    for (const slot of this.#slots) {
      if (slot.after === slot) slot.due = Infinity;
      else if (slot.due < next) next = slot.due;
    }
    if (next < this.#wakesAt) this.#arm(next, now);
  }
}

function link(slot: Slot, deadline: Deadline): void {
  deadline.before = slot.before;
  deadline.after = slot;
  slot.before.after = deadline;
  slot.before = deadline;
}

function unlink(deadline: Deadline): void {
  deadline.before.after = deadline.after;
  deadline.after.before = deadline.before;
  deadline.before = deadline;
  deadline.after = deadline;
}

function takeAll(slot: Slot): Deadline[] {
  const taken: Deadline[] = [];
  while (slot.after !== slot) {
    taken.push(slot.after);
    unlink(slot.after);
  }
  return taken;
}
