/**
 * The durable record of events, crash reports and counters: SQLite in a worker thread, so that the main thread never
 * waits on a disk. Nothing here rejects: a journal that can not write says so, keeps what matters in memory within
 * bounds, and tries again.
 */
import { BulkheadError } from "../../../protocol/error.ts";
import type { CrashReport, SupervisorEvent } from "../../../protocol/state.ts";
import { PipeTable } from "./pipes.ts";
import type { Batch, DescriptionRow, EventRow, PluginRow } from "./rows.ts";
import { decodeCrash, decodeEvent, emptyBatch, encodeCrash, encodeEvent, json } from "./rows.ts";
import { PluginStorage } from "./storage.ts";
import { JournalThread } from "./thread.ts";
import { Unsaved } from "./unsaved.ts";
import { within } from "./within.ts";

export type { PluginRow } from "./rows.ts";

export interface JournalProblem {
  readonly message: string;
  /** Whether the journal writes now: a damaged file that was replaced is a problem, and yet all is well again. */
  readonly ok: boolean;
}

export interface JournalOptions {
  /** Absolute path in a directory that exists; or `:memory:`, where nothing is ever durable. */
  readonly file: string;
  /** Age in milliseconds at which rows are deleted. */
  readonly keepMs: number;
  /** The file and its write-ahead log stay below this; at least 1 MiB, for one transaction takes its room as well. */
  readonly keepBytes: number;
  /** Unix time, milliseconds. */
  readonly now?: () => number;
  /** On each change of `ok`, and for what an operator should know besides. */
  readonly onProblem?: (problem: JournalProblem) => void;
  /** The longest time for which a crash is held up by a slow disk, milliseconds. */
  readonly crashWaitMs?: number;
  /** Before the first retry of a failed write, milliseconds; doubles up to a minute. */
  readonly retryMs?: number;
  /** For tests of a full disk: SQLite lets the file have so many pages of 4 KiB. */
  readonly maxPages?: number;
}

export interface CrashQuery {
  readonly plugin?: string | undefined;
  readonly limit?: number | undefined;
}

export interface EventQuery extends CrashQuery {
  /** Only events after this position. */
  readonly since?: number | undefined;
}

const second = 1000;
const maxRetryMs = 60 * second;
const pruneEveryMs = 10 * 60 * second;
const closeWaitMs = 5 * second;
const unsavedCrashes = 100;
const unsavedEvents = 1000;
/** Handed to the thread and not yet acknowledged. */
const maxEventsUnderway = 10_000;
const defaultLimit = 100;

export class Journal {
  readonly #options: JournalOptions;
  readonly #now: () => number;
  /** What plugins have stored. Not bounded by `keepBytes`, and nothing of it is kept in memory while the disk fails. */
  readonly storage = new PluginStorage((op, args) => this.#thread.request(op, args));
  readonly pipes = new PipeTable((op, args) => this.#thread.request(op, args));
  readonly #unsaved = new Unsaved(unsavedCrashes, unsavedEvents);
  #thread: JournalThread;
  #threadDied = false;
  #forgot = false;
  #problem: string | null = null;
  #skippedRows = 0;

  #queue: EventRow[] = [];
  /** Counters that wait with it. Only the newest of a plugin matter. */
  readonly #counters = new Map<string, PluginRow>();
  /** What is told to whoever waits for the queue. */
  #flushing: PromiseWithResolvers<boolean> | undefined;
  #eventsUnderway = 0;
  #crashesUnderway = 0;

  #retryMs: number;
  #retryTimer: NodeJS.Timeout | undefined;
  #retrying: Promise<void> | undefined;
  readonly #pruneTimer: NodeJS.Timeout;
  #closed = false;

  private constructor(options: JournalOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#retryMs = options.retryMs ?? second;
    this.#thread = this.#startThread();
    this.#pruneTimer = setInterval(() => void this.prune(), pruneEveryMs).unref();
  }

  /**
   * A damaged file is moved aside and its readable counters and reports taken over; where no file
   * can be had, the journal begins degraded (`ok` is false) and goes on trying.
   * `lastSeq` is the highest position ever given to an event; the caller counts on from there.
   *
   * @throws BulkheadError `already_running`: another process writes the file. Nothing else keeps it from opening.
   */
  static async open(
    options: JournalOptions,
  ): Promise<{ journal: Journal; lastSeq: number; plugins: readonly PluginRow[] }> {
    const journal = new Journal(options);
    const { lastSeq, plugins, forgot, problem, owner } = await journal.#thread.opened;
    journal.#forgot = forgot;
    journal.#unsaved.latest(plugins);
    if (owner !== null) {
      await journal.close();
      throw BulkheadError.of("already_running", `${problem}: stop that one first (kill ${owner})`);
    }
    if (problem !== null) journal.#fails(problem);
    return { journal, lastSeq, plugins };
  }

  get ok(): boolean {
    return this.#problem === null;
  }

  /** Why it does not write, in words for an operator; null when it does. */
  get problem(): string | null {
    return this.#problem;
  }

  /** It was damaged when it was opened: of a plugin without a row nobody knows whether an operator had disabled it. */
  get forgot(): boolean {
    return this.#forgot;
  }

  /** Rows met so far that could not be read and were left out. */
  get skippedRows(): number {
    return this.#skippedRows;
  }

  /**
   * Keeps events with a position; those with `seq` 0 are not meant to be kept. All of one tick become one transaction,
   * safe from the death of this process once this resolves to true, and from a power cut with the next crash.
   */
  append(events: readonly SupervisorEvent[]): Promise<boolean> {
    const rows = this.#encode(() => events.filter(({ seq }) => seq > 0).map(encodeEvent));
    if (rows === undefined || this.#closed) return Promise.resolve(false);
    if (rows.length === 0) return Promise.resolve(true);
    if (this.#eventsUnderway + rows.length > maxEventsUnderway) {
      this.#unsaved.lose(rows.length);
      this.#fails("the disk is slower than events come: some of them are not kept");
      return Promise.resolve(false);
    }
    this.#eventsUnderway += rows.length;
    this.#queue.push(...rows);
    return this.#soon();
  }

  /**
   * The report, the events that belong to it and the plugin's counters, in one transaction forced to the disk.
   * True: it is there. False: it is not there yet, because the write failed or took longer than `crashWaitMs`; it goes
   * on being tried, and the report says `durable: true` to whoever reads it later. Always false in memory.
   */
  async crash(report: CrashReport, events: readonly SupervisorEvent[], row: PluginRow): Promise<boolean> {
    const batch = this.#encode((): Batch => {
      const kept = events.filter(({ seq }) => seq > 0).map((event) => this.#asWritten(event, report.id));
      return { ...emptyBatch, crashes: [encodeCrash(report)], events: kept.map(encodeEvent), plugins: [row] };
    });
    if (batch === undefined || this.#closed) return false;
    this.#flush();
    if (this.#crashesUnderway >= unsavedCrashes) {
      this.#unsaved.latest(batch.plugins);
      this.#unsaved.add(batch);
      this.#fails("the disk is slower than crashes come");
      return false;
    }
    this.#crashesUnderway += 1;
    const written = this.#write(batch, true).finally(() => {
      this.#crashesUnderway -= 1;
    });
    const inTime = await within(written, this.#options.crashWaitMs ?? second);
    return inTime === true && this.#options.file !== ":memory:";
  }

  /** Counters without a crash: a start, or an operator's `disable`. In one transaction with the events of the same tick. */
  async savePlugin(row: PluginRow): Promise<boolean> {
    if (this.#closed) return false;
    this.#counters.set(row.id, row);
    return this.#soon();
  }

  /** The newest `limit` (100) events after position `since`, in their order. */
  async events(query: EventQuery): Promise<SupervisorEvent[]> {
    const { plugin, since = 0, limit = defaultLimit } = query;
    this.#flush();
    const answer = await this.#thread.request("events", { plugin: plugin ?? null, since, limit });
    const unsaved = this.#unsaved.events.filter((row) => row.seq > since && isOf(plugin, row));
    const rows = [...(answer.ok ? answer.value.map(decodeEvent) : []), ...unsaved.map(decodeUnsavedEvent)];
    return this.#readable(rows)
      .sort((a, b) => a.seq - b.seq)
      .slice(-limit);
  }

  /** The newest `limit` (100) reports, newest first; those not yet written as well. */
  async crashes(query: CrashQuery): Promise<CrashReport[]> {
    const { plugin, limit = defaultLimit } = query;
    const answer = await this.#thread.request("crashes", { plugin: plugin ?? null, limit });
    const stored = this.#readable(answer.ok ? answer.value.map(decodeCrash) : []);
    return newestFirst([...this.#unsavedCrashes((report) => isOf(plugin, report)), ...stored]).slice(
      0,
      limit,
    );
  }

  /** The report of that id, or all whose ids begin so, newest first; at most 100. */
  async findCrash(idOrPrefix: string): Promise<CrashReport[]> {
    if (idOrPrefix === "") return [];
    const answer = await this.#thread.request("findCrash", { prefix: idOrPrefix });
    const stored = this.#readable(answer.ok ? answer.value.map(decodeCrash) : []);
    const found = newestFirst([...this.#unsavedCrashes(({ id }) => id.startsWith(idOrPrefix)), ...stored]);
    const exact = found.find(({ id }) => id === idOrPrefix);
    return exact === undefined ? found : [exact];
  }

  /** What the plugin with this executable said of itself; undefined when that is not known. */
  async description(sha256: string): Promise<unknown> {
    const answer = await this.#thread.request("description", { sha256 });
    if (!answer.ok || answer.value === null) return undefined;
    return this.#readable([json(answer.value)])[0];
  }

  /** A cache: the newest 200 are kept, and a failed write is not tried again. */
  async saveDescription(sha256: string, description: unknown): Promise<boolean> {
    const row = this.#encode((): DescriptionRow => ({ sha256, body: JSON.stringify(description) }));
    if (row === undefined || this.#closed) return false;
    return this.#write({ ...emptyBatch, descriptions: [row] }, false);
  }

  /** Retention, which otherwise runs at open, every ten minutes, and when the file gets full. */
  async prune(): Promise<void> {
    await this.#thread.request("prune", { now: this.#now() });
  }

  /** Writes what is still to be written, tries once more what failed, and ends the thread. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    clearInterval(this.#pruneTimer);
    clearTimeout(this.#retryTimer);
    await within(this.#retryUnsaved(), closeWaitMs);
    await this.#thread.close(closeWaitMs);
  }

  /** An event in the journal is as durable as the report that it is written with. */
  #asWritten(event: SupervisorEvent, report: string): SupervisorEvent {
    if (event.type !== "session.crash" || event.report !== report) return event;
    return { ...event, durable: this.#options.file !== ":memory:" };
  }

  #soon(): Promise<boolean> {
    if (this.#flushing === undefined) {
      this.#flushing = Promise.withResolvers();
      setImmediate(() => this.#flush());
    }
    return this.#flushing.promise;
  }

  #flush(): void {
    if (this.#queue.length === 0 && this.#counters.size === 0) return;
    const events = this.#queue;
    const plugins = [...this.#counters.values()];
    const waiting = this.#flushing;
    this.#queue = [];
    this.#counters.clear();
    this.#flushing = undefined;
    const written = this.#write({ ...emptyBatch, events, plugins }, false).finally(() => {
      this.#eventsUnderway -= events.length;
    });
    waiting?.resolve(written);
  }

  async #write(batch: Batch, synced: boolean): Promise<boolean> {
    this.#unsaved.latest(batch.plugins);
    const answer = await this.#thread.request("write", { batch, synced, now: this.#now() });
    if (answer.ok) {
      this.#succeeds();
      return true;
    }
    this.#unsaved.add(batch);
    this.#fails(answer.message);
    return false;
  }

  #succeeds(): void {
    if (this.#problem !== null && this.#retrying === undefined) void this.#retryUnsaved();
  }

  #fails(message: string): void {
    const before = this.#problem;
    this.#problem = message;
    if (before !== message) this.#options.onProblem?.({ message, ok: false });
    if (this.#closed || this.#retryTimer !== undefined) return;
    this.#retryTimer = setTimeout(() => void this.#retryUnsaved(), this.#retryMs).unref();
    this.#retryMs = Math.min(this.#retryMs * 2, maxRetryMs);
  }

  /** With nothing unsaved it is a probe: an empty transaction. */
  #retryUnsaved(): Promise<void> {
    this.#retrying ??= this.#retryOnce().finally(() => {
      this.#retrying = undefined;
    });
    return this.#retrying;
  }

  async #retryOnce(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    if (this.#closed && this.#unsaved.empty) return;
    if (this.#threadDied) this.#thread = this.#startThread();
    const batch = this.#unsaved.batch();
    const answer = await this.#thread.request("write", { batch, synced: true, now: this.#now() });
    if (!answer.ok) {
      this.#fails(answer.message);
      return;
    }
    this.#unsaved.written(batch);
    if (this.#problem === null) return;
    this.#problem = null;
    this.#retryMs = this.#options.retryMs ?? second;
    const late = `${batch.crashes.length} crash reports and ${batch.events.length} events were written late`;
    this.#options.onProblem?.({
      message: `the journal writes again: ${late}, ${this.#unsaved.lost} rows were lost`,
      ok: true,
    });
  }

  #startThread(): JournalThread {
    this.#threadDied = false;
    const { file, keepMs, keepBytes, maxPages } = this.#options;
    return new JournalThread({ file, keepMs, keepBytes, maxPages }, this.#now(), {
      onNotice: (message) => this.#options.onProblem?.({ message, ok: true }),
      // A plugin whose row did not change since, a disabled one above all, would not be written again.
      onAfresh: () => {
        const plugins = this.#unsaved.known;
        if (plugins.length > 0) void this.#write({ ...emptyBatch, plugins }, false);
      },
      onDeath: (message) => {
        this.#threadDied = true;
        this.#fails(message);
      },
    });
  }

  #encode<T>(encode: () => T): T | undefined {
    try {
      return encode();
    } catch (error) {
      // Not the disk's fault, and no retry would help.
      const message = error instanceof Error ? error.message : String(error);
      this.#options.onProblem?.({
        message: `something could not be written as JSON: ${message}`,
        ok: this.ok,
      });
      return undefined;
    }
  }

  #readable<T>(decoded: readonly (T | undefined)[]): T[] {
    const readable = decoded.filter((value) => value !== undefined);
    const skipped = decoded.length - readable.length;
    if (skipped > 0 && this.#skippedRows === 0) {
      this.#options.onProblem?.({
        message: "some rows of the journal can not be read; they are left out",
        ok: this.ok,
      });
    }
    this.#skippedRows += skipped;
    return readable;
  }

  #unsavedCrashes(accept: (report: CrashReport) => boolean): CrashReport[] {
    const reports = this.#unsaved.crashes.map((row) => decodeCrash({ ...row, durable: 0 }));
    return reports.filter((report) => report !== undefined).filter(accept);
  }
}

function decodeUnsavedEvent(row: EventRow): SupervisorEvent | undefined {
  const event = decodeEvent(row);
  return event?.type === "session.crash" ? { ...event, durable: false } : event;
}

function isOf(plugin: string | undefined, row: { plugin: string | null }): boolean {
  return plugin === undefined || row.plugin === plugin;
}

/** Keeps the order of equal times. */
function newestFirst(reports: CrashReport[]): CrashReport[] {
  return reports.sort((a, b) => b.at - a.at);
}
