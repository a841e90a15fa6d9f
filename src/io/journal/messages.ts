/** What the journal and its worker thread say to each other. Answers come in the order of the requests. */
import type { PipeRow } from "./pipes.ts";
import type { Batch, EventRow, PluginRow, StoredCrashRow } from "./rows.ts";

export interface StoreOptions {
  /** Absolute path, or `:memory:`. */
  readonly file: string;
  readonly keepMs: number;
  readonly keepBytes: number;
  /** For tests of a full disk: SQLite refuses to grow the file beyond so many pages. */
  readonly maxPages: number | undefined;
}

export interface WorkerData {
  readonly options: StoreOptions;
  /** Unix time, milliseconds; the worker has no clock of its own. */
  readonly now: number;
}

export interface Operations {
  write: { args: { batch: Batch; synced: boolean; now: number }; result: null };
  events: { args: { plugin: string | null; since: number; limit: number }; result: EventRow[] };
  crashes: { args: { plugin: string | null; limit: number }; result: StoredCrashRow[] };
  findCrash: { args: { prefix: string }; result: StoredCrashRow[] };
  description: { args: { sha256: string }; result: string | null };
  storageGet: { args: { plugin: string; key: string }; result: string | null };
  storageSet: { args: { plugin: string; key: string; value: string }; result: string | null };
  storageDelete: { args: { plugin: string; key: string }; result: boolean };
  storageList: {
    args: { plugin: string; prefix: string; after: string; limit: number };
    result: string[];
  };
  pipeList: { args: null; result: PipeRow[] };
  pipeAdd: { args: { row: PipeRow }; result: null };
  pipeSave: { args: { id: string; progress: string }; result: boolean };
  pipeDelete: { args: { id: string }; result: null };
  prune: { args: { now: number }; result: null };
  close: { args: null; result: null };
}

export type Operation = keyof Operations;

export type Request = {
  [O in Operation]: { readonly id: number; readonly op: O; readonly args: Operations[O]["args"] };
}[Operation];

/** What the file knew when it was opened, or why it could not be. */
export interface Opened {
  readonly lastSeq: number;
  readonly plugins: PluginRow[];
  /** There was a file that does not give all that it said of plugins: one without a row may have had one. */
  readonly forgot: boolean;
  readonly problem: string | null;
  /** The process that writes it in this one's place. */
  readonly owner: number | null;
}

/** `Value`: what an operation may result in for the sender, and `never`, which fits whatever was asked for, for the receiver. */
export type Message<Value> =
  /** Once, first of all. */
  | ({ readonly kind: "opened" } & Opened)
  | { readonly kind: "answer"; readonly id: number; readonly value: Value }
  | { readonly kind: "failure"; readonly id: number; readonly message: string }
  /** Something an operator should know, although the journal works. */
  | { readonly kind: "notice"; readonly message: string }
  /** Another file is written from here on: what the old one alone said has to be said again. */
  | { readonly kind: "afresh" };
