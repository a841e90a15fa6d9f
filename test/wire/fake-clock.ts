import type { Clock } from "../../src/wire/deadlines.ts";

interface FakeTimer {
  readonly at: number;
  readonly fire: () => void;
  keep: boolean;
}

/** A clock that stands still until told, and fires its timers at their exact times on the way. */
export class FakeClock implements Clock {
  readonly timers = new Set<FakeTimer>();
  /** How often any timer has fired. */
  wakes = 0;
  #now = 0;

  now(): number {
    return this.#now;
  }

  setTimer(delay: number, fire: () => void): FakeTimer {
    const timer = { at: this.#now + delay, fire, keep: true };
    this.timers.add(timer);
    return timer;
  }

  clearTimer(timer: FakeTimer): void {
    this.timers.delete(timer);
  }

  keepAlive(timer: FakeTimer, keep: boolean): void {
    timer.keep = keep;
  }

  get keepsAlive(): boolean {
    return [...this.timers].some((timer) => timer.keep);
  }

  advanceTo(time: number): void {
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= time).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      this.timers.delete(next);
      this.wakes++;
      next.fire();
    }
    this.#now = time;
  }

  advance(by: number): void {
    this.advanceTo(this.#now + by);
  }

  /** Time passes, but the event loop is blocked: timers fire late, all at once. */
  block(by: number): void {
    this.#now += by;
    this.advance(0);
  }
}
