/** What the journal could not write yet: bounded, oldest first, and never in front of what is newer. */
import { emptyBatch } from "./rows.ts";
import type { Batch, CrashRow, EventRow, PluginRow } from "./rows.ts";

export class Unsaved {
  readonly #maxCrashes: number;
  readonly #maxEvents: number;
  #crashes: CrashRow[] = [];
  #events: EventRow[] = [];
  readonly #plugins = new Set<string>();
  /** As last handed over, written or not: a late write must never bring older counters back. */
  readonly #latest = new Map<string, PluginRow>();
  #lost = 0;

  constructor(maxCrashes: number, maxEvents: number) {
    this.#maxCrashes = maxCrashes;
    this.#maxEvents = maxEvents;
  }

  get crashes(): readonly CrashRow[] {
    return this.#crashes;
  }

  get events(): readonly EventRow[] {
    return this.#events;
  }

  get empty(): boolean {
    return this.#crashes.length === 0 && this.#events.length === 0 && this.#plugins.size === 0;
  }

  /** Rows dropped for want of room. */
  get lost(): number {
    return this.#lost;
  }

  /** Every row of counters, before it is written. */
  latest(plugins: readonly PluginRow[]): void {
    for (const row of plugins) this.#latest.set(row.id, row);
  }

  /** Of every plugin that was spoken of. */
  get known(): readonly PluginRow[] {
    return [...this.#latest.values()];
  }

  add(batch: Batch): void {
    this.#crashes = [...this.#crashes, ...batch.crashes];
    this.#events = [...this.#events, ...batch.events];
    for (const row of batch.plugins) this.#plugins.add(row.id);
    this.#dropOldest();
  }

  /** Rows that were never taken in. */
  lose(rows: number): void {
    this.#lost += rows;
  }

  /** All of it, with the newest counters; it stays here, to be seen by readers, until `written`. */
  batch(): Batch {
    const plugins = Array.from(this.#plugins, (id) => this.#latest.get(id)).filter(
      (row) => row !== undefined,
    );
    return { ...emptyBatch, crashes: this.#crashes, events: this.#events, plugins };
  }

  /** A batch of before is in the journal now. */
  written(batch: Batch): void {
    const rows = new Set<CrashRow | EventRow>([...batch.crashes, ...batch.events]);
    this.#crashes = this.#crashes.filter((row) => !rows.has(row));
    this.#events = this.#events.filter((row) => !rows.has(row));
    for (const row of batch.plugins) {
      if (this.#latest.get(row.id) === row) this.#plugins.delete(row.id);
    }
  }

  #dropOldest(): void {
    this.#lost += this.#crashes.splice(0, this.#crashes.length - this.#maxCrashes).length;
    this.#lost += this.#events.splice(0, this.#events.length - this.#maxEvents).length;
  }
}
