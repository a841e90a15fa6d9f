/**
 * What everyone who takes part writes down, each in files of its own: JSON Lines. The auditor knows nothing else.
 * Times are unix time in milliseconds.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import path from "node:path";

/** Settled once; read item by item; sent again after a crash. */
export type CallKind = "call" | "stream" | "retried";

export interface Settlement {
  /** `answered`, `not_sent`, `maybe_executed`; anything else is wrong. */
  readonly as: string;
  readonly code: string | null;
  readonly report: string | null;
  /** How often it was sent, as the error of one that is sent again says. */
  readonly attempts: number | null;
}

/** `client-ID.jsonl`: what a client did. */
export type ClientLine =
  | {
      readonly sent: string;
      readonly kind: CallKind;
      readonly plugin: string;
      readonly at: number;
      readonly ms: number;
      /** Of a stream, before any was added; null: its library sees to that. */
      readonly credit: number | null;
      /** Of a stream: the client wants no more than so many; null: all. */
      readonly leaveAfter: number | null;
    }
  /** An item came to that call: the wire's `seq`, and the value, which says what the plugin sent. */
  | { readonly item: string; readonly seq: number; readonly key: string; readonly n: number }
  /** So many items more may come. */
  | { readonly granted: string; readonly n: number }
  | ({ readonly settled: string; readonly at: number } & Settlement)
  /** It left as it was asked to, with so many calls open. */
  | { readonly left: true; readonly at: number; readonly open: number };

/** `deeds.jsonl`: what was broken, and mended again. */
export interface Deed {
  readonly at: number;
  readonly deed: string;
  readonly target?: string;
  readonly detail?: string | number;
}

/** `witness.jsonl`: crashes as a subscriber was told of them. */
export interface Told {
  readonly report: string;
  readonly plugin: string;
  readonly durable: boolean;
}

/** `resident.jsonl`: of the daemon, as the system says. `held.jsonl`: what it holds when all garbage has been collected. */
export interface MemorySample {
  readonly at: number;
  readonly pid: number;
  readonly bytes: number;
}

/** `found.jsonl`: what became of each report that a client was told of, asked for after the end. */
export interface Found {
  readonly report: string;
  readonly found: boolean;
}

/** `pipes.jsonl`: each pipe after the end, read from the disk by a daemon that knew nothing of it. */
export interface PipeRow {
  readonly id: string;
  readonly state: string;
  readonly cursor: string | null;
  readonly dispatched: string | null;
  readonly delivered: number;
}

/** `events.jsonl`: the journal's rows, in the order of their positions. */
export interface JournalEvent {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly plugin?: string | null;
  readonly [member: string]: unknown;
}

/** `reports.jsonl`: the journal's rows. What the auditor needs of a report. */
export interface Report {
  readonly id: string;
  readonly plugin: string;
  readonly generation: number;
  readonly at: number;
  readonly class: string;
  readonly cause: { readonly kind: string; readonly failure?: { readonly code: string } };
  readonly exit: { readonly code: number | null; readonly signal: string | null } | null;
  readonly readyMs: number | null;
  readonly decision:
    | { readonly action: "restart"; readonly delayMs: number; readonly attempt: number; readonly why: string }
    | { readonly action: "give_up"; readonly code: string; readonly why: string }
    | { readonly action: "none"; readonly why: string };
}

/** `facts.json`: what was configured, and how it ended. */
export interface Facts {
  readonly policies: Readonly<Record<string, Policy>>;
  /** Processes that were left when the daemon was gone. */
  readonly orphans: readonly string[];
  /** Plugins that answered nothing when nothing was broken any more, with the reason. */
  readonly silent: readonly string[];
  /** By their ids. */
  readonly pipes: Readonly<Record<string, PipeEnds>>;
  /** Pipes through which nothing more came when nothing was broken any more, with the reason. */
  readonly stalled: readonly string[];
  /** Exit status of the daemon when it was asked to leave, or what it died of. */
  readonly exit: number | string | null;
  /** Clients that were killed, or did not leave in time. */
  readonly killed: readonly string[];
  readonly stuck: readonly string[];
  /** The daemon that had the second half to itself. */
  readonly lastDaemon: number;
}

/** The plugins that a pipe joins. */
export interface PipeEnds {
  readonly source: string;
  readonly sink: string;
}

/** As configured; milliseconds. */
export interface Policy {
  readonly when: "on-failure" | "always";
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly jitter: number;
  readonly resetAfterMs: number;
  readonly maxFailures: number;
  readonly windowMs: number;
}

/** One write(2) for each line: what was killed leaves whole lines. */
export class Recorder<T> {
  readonly #descriptor: number;

  constructor(file: string) {
    this.#descriptor = openSync(file, "a");
  }

  add(line: T): void {
    writeSync(this.#descriptor, `${JSON.stringify(line)}\n`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** What a dead process did not write to the end does not count. */
function linesOf(file: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names the type of the file's lines
export function readRecords<T>(file: string): T[] {
  return linesOf(file).map((line) => JSON.parse(line) as T);
}

/**
 * A line of `executed-PLUGIN.log`: what a plugin did, each before anybody else could know. The words are explained in
 * test/fixtures/chaos/worker.c.
 */
export type Executed =
  | { readonly did: "call"; readonly plugin: string; readonly key: string }
  | { readonly did: "item" | "offer"; readonly plugin: string; readonly key: string; readonly n: number }
  | {
      readonly did: "take";
      readonly plugin: string;
      readonly key: string;
      readonly n: number;
      /** It was said that it may have been delivered before. */
      readonly again: boolean;
    };

/** Of each plugin in the order in which it did it, whichever of its processes that was. */
export function readExecuted(directory: string): Executed[] {
  return filesOf(directory, "executed", ".log").flatMap(([plugin, file]) =>
    linesOf(file).map((line) => executedOf(plugin, line)),
  );
}

function executedOf(plugin: string, line: string): Executed {
  const [did, key = "", n, how] = line.split(" ");
  if (did === "call") return { did, plugin, key };
  if (did === "item" || did === "offer") return { did, plugin, key, n: Number(n) };
  if (did === "take") return { did, plugin, key, n: Number(n), again: how === "again" };
  throw new Error(`${plugin} has written down what nobody knows: ${line}`);
}

/** Files of one kind, such as `client-3.jsonl`: the name between the kind and the ending, and the path. */
export function filesOf(directory: string, kind: string, ending: string): [name: string, file: string][] {
  return readdirSync(directory)
    .filter((file) => file.startsWith(`${kind}-`) && file.endsWith(ending))
    .sort()
    .map((file) => [file.slice(kind.length + 1, -ending.length), path.join(directory, file)]);
}
