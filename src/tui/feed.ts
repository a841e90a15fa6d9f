/** The connection to the daemon, made again whenever it is lost, and what it tells. */
import { BulkheadError } from "../../protocol/error.ts";
import type { SupervisorEvent } from "../../protocol/state.ts";
import { Client } from "../client/client.ts";
import { asBulkheadError } from "../text/failure.ts";
import { kept } from "./facts.ts";
import type { News } from "./facts.ts";

interface FeedOptions {
  readonly socket: string;
  readonly version: string;
  readonly readOnly?: boolean;
  readonly onNews: (news: readonly News[]) => void;
  /** Each event as it comes, for whoever works with events rather than showing them. */
  readonly onEvent: (event: SupervisorEvent) => void;
  /** A connection is there, before anything was asked of it. */
  readonly onClient: (client: Client) => void;
}

/** Between two tries to connect, milliseconds; the first comes at once. */
const retries = [250, 500, 1000, 2000] as const;
/** Counters and clocks, milliseconds. */
const beat = 1000;
/** A daemon that lives answers what it is asked within this; milliseconds. */
const patience = 5000;
/** After something has happened to a plugin: several things happen together. Milliseconds. */
const settle = 60;
const firstReports = 100;

export class Feed {
  readonly #options: FeedOptions;
  #client: Client | undefined;
  #tries = 0;
  #awaySince = 0;
  /** The latest one that the journal keeps. */
  #last: SupervisorEvent | undefined;
  #events: SupervisorEvent[] = [];
  #upSince = 0;
  #isAsking = false;
  /** When it was asked what has not been answered yet. */
  #askedAt = 0;
  /** It was told that nothing is answered. */
  #isSilent = false;
  #isAskingAgain = false;
  #soon: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #refollow: NodeJS.Timeout | undefined;
  readonly #beat: NodeJS.Timeout;
  readonly #closing = new AbortController();

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#beat = setInterval(() => this.#onBeat(), beat);
  }

  get client(): Client | undefined {
    return this.#client;
  }

  /** Resolves when it is connected for the first time, or has failed to. */
  async open(): Promise<void> {
    await this.#connect();
  }

  close(): void {
    this.#closing.abort();
    clearInterval(this.#beat);
    clearTimeout(this.#soon);
    clearTimeout(this.#retry);
    clearTimeout(this.#refollow);
    this.#client?.close();
  }

  async #connect(): Promise<void> {
    const { socket, version, readOnly = false, onClient } = this.#options;
    try {
      const { signal } = this.#closing;
      const client = await Client.connect({ socket, name: "bulkhead tui", version, readOnly, signal });
      if (signal.aborted) return client.close();
      this.#client = client;
      this.#tries = 0;
      void client.closed.then(() => this.#lost(client, undefined));
      onClient(client);
      this.#upSince = Date.now();
      this.#options.onNews([{ type: "access", readOnly: client.readOnly }]);
      this.#tellUp();
      void this.#follow(client);
      await Promise.all([this.#ask(), this.#askReports(client)]);
    } catch (error) {
      this.#lost(undefined, asBulkheadError(error));
    }
  }

  /** @param client that was lost; undefined: none came about */
  #lost(client: Client | undefined, error: BulkheadError | undefined): void {
    if (this.#closing.signal.aborted || this.#client !== client) return;
    this.#client = undefined;
    this.#isSilent = false;
    const now = Date.now();
    if (this.#tries === 0) this.#awaySince = now;
    const delay = retries[Math.min(this.#tries, retries.length - 1)] ?? 2000;
    this.#tries += 1;
    const failure = error ?? BulkheadError.of("daemon_unreachable", "the daemon has gone");
    const connection = { state: "away", since: this.#awaySince, next: now + delay, error: failure } as const;
    this.#options.onNews([
      { type: "time", now },
      { type: "connection", connection },
    ]);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), delay);
  }

  async #follow(client: Client): Promise<void> {
    const limit = kept.events;
    try {
      if (this.#last !== undefined && !(await isKept(client, this.#last))) {
        this.#last = undefined;
        this.#events = [];
        this.#options.onNews([{ type: "events", events: [], isAfresh: true }]);
        // Those that were asked for first may have come already, and have gone with the others.
        await this.#askReports(client);
      }
      // Another connection goes on where the last one ended.
      const from = this.#last === undefined ? { limit } : { since: this.#last.seq, limit };
      await client.follow("event.read", from, (event) => this.#take(event), this.#closing.signal);
    } catch {
      // The connection's end is told by the connection. While it lasts, too much came at once: once more, a little later.
      if (this.#client !== client || this.#closing.signal.aborted) return;
      this.#refollow = setTimeout(() => void this.#follow(client), beat);
    }
  }

  #take(event: SupervisorEvent): void {
    if (event.seq > 0) this.#last = event;
    this.#events.push(event);
    if (this.#events.length > kept.events) this.#events.shift();
    this.#options.onEvent(event);
    if (event.type !== "plugin.event" && event.type !== "session.noise") this.#refreshSoon();
    else this.#soon ??= setTimeout(() => this.#tellEvents(), settle);
  }

  #refreshSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#tellEvents();
      void this.#ask();
    }, settle);
  }

  #tellEvents(): void {
    this.#soon = undefined;
    const events = this.#events;
    this.#events = [];
    if (events.length === 0) return;
    this.#options.onNews([{ type: "events", events }]);
    const reports = events.flatMap((event) => (event.type === "session.crash" ? [event.report] : []));
    if (reports.length > 0) void this.#askFor(reports.slice(-kept.reports));
  }

  #onBeat(): void {
    this.#options.onNews([{ type: "time", now: Date.now() }]);
    if (this.#isAsking && performance.now() - this.#askedAt > patience) this.#tellSilent();
    else void this.#ask();
  }

  #tellUp(): void {
    this.#isSilent = false;
    this.#options.onNews([{ type: "connection", connection: { state: "up", since: this.#upSince } }]);
  }

  /** The connection stays, for what is under way on it: the daemon may only be slow, or stopped for a while. */
  #tellSilent(): void {
    if (this.#client === undefined || this.#isSilent) return;
    this.#isSilent = true;
    const now = Date.now();
    const error = BulkheadError.of("daemon_unreachable", "the daemon does not answer");
    const connection = { state: "away", since: now - patience, next: now, error } as const;
    this.#options.onNews([{ type: "connection", connection }]);
  }

  /** What changes all the time. One question at a time, so that a slow daemon is not asked ever more. */
  async #ask(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    if (this.#isAsking) {
      this.#isAskingAgain = true;
      return;
    }
    this.#isAsking = true;
    this.#askedAt = performance.now();
    try {
      const [status, plugins, stats] = await Promise.all([
        client.control("daemon.status"),
        client.control("plugin.list"),
        client.control("plugin.stats"),
      ]);
      if (this.#isSilent) this.#tellUp();
      this.#options.onNews([
        { type: "time", now: Date.now() },
        { type: "daemon", status },
        { type: "plugins", plugins },
        { type: "stats", stats },
      ]);
    } catch {
      // Of a connection that ends: it is told by the connection.
    } finally {
      this.#isAsking = false;
      if (this.#isAskingAgain) {
        this.#isAskingAgain = false;
        this.#refreshSoon();
      }
    }
  }

  async #askReports(client: Client): Promise<void> {
    const reports = await client.control("crash.list", { limit: firstReports });
    this.#options.onNews([{ type: "reports", reports }]);
  }

  async #askFor(ids: readonly string[]): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    const asked = ids.slice(-20).map((id) => client.control("crash.get", { id }).catch(() => null));
    const reports = (await Promise.all(asked)).filter((each) => each !== null);
    if (reports.length > 0) this.#options.onNews([{ type: "reports", reports }]);
  }
}

/** Whether the journal is still the one that had this event: another one has another there, or is shorter. */
async function isKept(client: Client, { seq, at }: SupervisorEvent): Promise<boolean> {
  const [first] = await client.control("event.read", { since: seq - 1, limit: kept.events });
  // The oldest may have been left out.
  return first !== undefined && (first.seq !== seq || first.at === at);
}
