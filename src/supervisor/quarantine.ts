/** Holds back the calls of one plugin that may kill it: suspects one at a time, one on trial alone, the guilty not at all. */
import { createHash, randomBytes } from "node:crypto";
import type { PluginSpec } from "../../protocol/config.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { CrashReport, QuarantinedCall } from "../../protocol/state.ts";
import { answered, crashed, keyOf, nothingNoted, released, started } from "../core/quarantine.ts";
import type { Entry, Quarantine } from "../core/quarantine.ts";
import type { Deadlines } from "../wire/deadlines.ts";
import type { JsonText } from "../wire/peer.ts";
import { refusal } from "./call.ts";
import type { CallOutcome, RoutedCall, RouteOptions, Settle } from "./call.ts";
import { identityOf } from "./call-identity.ts";
import type { SessionEnd } from "./session.ts";
import { WaitingCalls } from "./waiting.ts";
import type { Release } from "./waiting.ts";

/** How long a call on trial waits for the others to end, while new ones wait for it. Milliseconds. */
const drainMs = 1000;
/**
 * How long a suspect keeps others waiting, and one on trial all calls: it may hang in place of killing, for as long as its
 * caller likes. It runs on after that. Milliseconds.
 */
const turnMs = 2000;

export interface QuarantineWorld {
  readonly plugin: string;
  readonly deadlines: Deadlines;
  readonly spec: () => PluginSpec;
  /** Calls that the plugin has not answered. */
  readonly inFlight: () => number;
  /** Sends a call, whatever the quarantine says. */
  readonly send: Release;
  /** Makes a call anew, as if it had just come. */
  readonly again: Release;
  readonly note: (text: string) => void;
  readonly save: () => void;
}

/** Two calls may be the same, so that a key alone does not tell whose turn is over. */
interface Turn {
  readonly key: string;
}

export class PluginQuarantine {
  readonly #world: QuarantineWorld;
  readonly #key: string;
  #state: Quarantine;
  /** Those that are not merely noted. */
  #suspects: ReadonlyMap<string, Entry> = new Map();
  #methods: ReadonlySet<string> = new Set();
  /** Whose turn it is. */
  #running: Turn | null = null;
  #drain: NodeJS.Timeout | null = null;
  /** The end of the turn, where it has begun. */
  #turnEnd: NodeJS.Timeout | undefined;
  /** With nothing beside it: it waits for the others to end, or runs. */
  #isTrial = false;
  readonly #turns: WaitingCalls;
  readonly #onTrial: WaitingCalls;
  /** Innocent, and waiting for a trial to end. */
  readonly #others: WaitingCalls;

  constructor(kept: Quarantine | undefined, world: QuarantineWorld) {
    const { plugin, deadlines } = world;
    this.#world = world;
    this.#turns = new WaitingCalls(plugin, deadlines);
    this.#onTrial = new WaitingCalls(plugin, deadlines);
    this.#others = new WaitingCalls(plugin, deadlines);
    // Without its key nothing that was noted would be known again.
    const known = typeof kept?.key === "string" ? kept.key : null;
    this.#key = known ?? randomBytes(16).toString("hex");
    this.#state = known !== null && kept !== undefined ? kept : { ...nothingNoted, key: this.#key };
    this.#index();
  }

  /** Nothing is held back, and no call needs to be looked at. */
  get isQuiet(): boolean {
    return this.#methods.size === 0 && this.#running === null;
  }

  /** A call on trial runs, or is about to, with nothing beside it. */
  get isTrial(): boolean {
    return this.#isTrial;
  }

  get waiting(): number {
    return this.#turns.size + this.#onTrial.size + this.#others.size;
  }

  /** What survives the supervisor; undefined: nothing. */
  get kept(): Quarantine | undefined {
    return this.#state.entries.length === 0 ? undefined : this.#state;
  }

  list(): QuarantinedCall[] {
    const { plugin } = this.#world;
    return [...this.#suspects.values()].flatMap(({ params, standing, ...entry }) =>
      standing === "noted"
        ? []
        : [
            {
              id: idOf(plugin, { ...entry, params }),
              plugin,
              ...entry,
              standing,
              reports: [...entry.reports],
            },
          ],
    );
  }

  release(ids: ReadonlySet<string>): void {
    const { plugin } = this.#world;
    const before = this.#state.entries.length;
    this.#become(released(this.#state, (entry) => ids.has(idOf(plugin, entry))));
    if (this.#state.entries.length !== before) this.#world.save();
  }

  /** A process of this program serves; null: it is not known whether it is another one. */
  started(program: string | null): void {
    if (program !== null) this.#become(started(this.#state, program));
  }

  /** Before the report is written and the lost calls are told. */
  crashed(end: SessionEnd, program: string | null, { id, class: exitClass, at }: CrashReport): void {
    if (!this.#world.spec().quarantine || exitClass === "permanent") return;
    // A stream that has begun has not killed anything with its params.
    const unanswered = end.unanswered.filter(({ items }) => items === 0);
    const told = unanswered.filter(({ kept, dataBytes }) => kept && dataBytes === 0);
    const calls = told.map(({ method, params }) => identityOf(this.#key, method, params));
    const inFlight = [...new Map(calls.map((call) => [keyOf(call), call])).values()];
    const unknown = unanswered.length - told.length;
    const before = this.#suspects;
    this.#become(
      crashed(started(this.#state, program ?? this.#state.binary), { report: id, at, inFlight, unknown }),
    );
    for (const [key, { method, standing, reports }] of this.#suspects) {
      if (standing !== "guilty" || before.get(key)?.standing === "guilty") continue;
      this.#world.note(
        `a call of ${method} is refused from now on: it has killed the plugin (${reports.join(", ")})`,
      );
    }
  }

  admit(method: string, params: JsonText | undefined, options: RouteOptions, settle: Settle): RoutedCall {
    const { spec, send, plugin } = this.#world;
    const isMarked = this.#methods.has(method) && options.data === undefined && spec().quarantine;
    const key = isMarked ? keyOf(identityOf(this.#key, method, params)) : "";
    const entry = this.#suspects.get(key);
    if (entry === undefined) {
      if (this.#isTrial) return this.#others.add(method, params, options, settle, spec());
      return send(method, params, options, settle);
    }
    if (entry.standing === "guilty") return refuse(plugin, entry, settle);
    if (this.#running !== null) return this.#turns.add(method, params, options, settle, spec());
    const turn: Turn = { key };
    this.#running = turn;
    const over: Settle = (outcome) => {
      this.#over(turn, outcome);
      settle(outcome);
    };
    // An item is an answer as well: the stream runs.
    const { onItem } = options;
    const watched: RouteOptions =
      onItem === undefined
        ? options
        : {
            ...options,
            onItem: (item) => {
              if (item.seq === 0) this.#lived(turn);
              onItem(item);
            },
          };
    const isTrial = entry.standing === "trial";
    this.#isTrial = isTrial;
    if (!isTrial || this.#world.inFlight() === 0) {
      this.#begin(turn);
      return send(method, params, watched, over);
    }
    this.#drain = setTimeout(() => this.#try(), drainMs);
    return this.#onTrial.add(method, params, watched, over, spec());
  }

  /** A call of the plugin is over. */
  settled(): void {
    if (this.#drain !== null && this.#world.inFlight() === 0) this.#try();
  }

  /** Nothing is going to serve it: what waits for a trial to begin hears of that. */
  left(): void {
    if (this.#drain !== null) this.#try();
  }

  #try(): void {
    this.#endDrain();
    if (this.#running !== null) this.#begin(this.#running);
    this.#onTrial.release(this.#world.send);
  }

  #begin(turn: Turn): void {
    this.#turnEnd = setTimeout(() => this.#pass(turn), turnMs);
  }

  /** It is settled; its turn may have been over before. */
  #over(turn: Turn, outcome: CallOutcome): void {
    // An error that the plugin has answered is an answer.
    if ("result" in outcome || BulkheadError.from(outcome.error).settlement === "answered") this.#lived(turn);
    else this.#pass(turn);
  }

  /** The plugin has answered it: it was somebody else. */
  #lived(turn: Turn): void {
    const entry = this.#suspects.get(turn.key);
    if (entry !== undefined && entry.standing !== "guilty") {
      const cleared = answered(this.#state, entry);
      if (cleared !== null) this.#become(cleared);
      this.#world.save();
    }
    this.#pass(turn);
  }

  /** The next one's turn. */
  #pass(turn: Turn): void {
    if (this.#running !== turn) return;
    this.#endDrain();
    clearTimeout(this.#turnEnd);
    this.#running = null;
    this.#isTrial = false;
    // Later, because what was over is still to be told, and those that waited may end at once.
    queueMicrotask(() => {
      if (!this.#isTrial) this.#others.release(this.#world.again);
      while (this.#running === null && this.#turns.size > 0) this.#turns.release(this.#world.again, 1);
    });
  }

  #endDrain(): void {
    if (this.#drain !== null) clearTimeout(this.#drain);
    this.#drain = null;
  }

  #become(state: Quarantine): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#index();
  }

  #index(): void {
    const suspects = this.#state.entries.filter(({ standing }) => standing !== "noted");
    this.#suspects = new Map(suspects.map((entry) => [keyOf(entry), entry]));
    this.#methods = new Set(suspects.map(({ method }) => method));
  }
}

function refuse(plugin: string, entry: Entry, settle: Settle): RoutedCall {
  const { method, reports, crashes } = entry;
  const id = idOf(plugin, entry);
  const message = `this call of ${method} is quarantined: ${plugin} crashed ${crashes} times with it in flight, at last with nothing else`;
  settle(refusal("quarantined", message, { detail: { id, reports } }));
  return { cancel: () => undefined, grant: () => undefined };
}

function idOf(plugin: string, call: Parameters<typeof keyOf>[0]): string {
  return `${plugin}-${createHash("sha256").update(keyOf(call)).digest("hex").slice(0, 10)}`;
}
