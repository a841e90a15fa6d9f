/**
 * One pipe as a pure machine: an item of the source is *recorded*, then *handed* to the sink, then *committed*, one at a
 * time. What has been recorded and not committed may have been delivered: it is handed over again, and marked.
 */
import type { PipeProgress } from "../../protocol/pipe.ts";
import type { PipeFailure } from "./pipe-failure.ts";

export interface PipeItem {
  readonly value: unknown;
  readonly cursor: string | null;
}

export interface Pipe extends PipeProgress {
  /**
   * `recording`: the item's cursor is on its way to the disk. `handing`: the sink has the item, and has not answered.
   * `resting`: a retry is awaited.
   */
  readonly activity: "none" | "fetching" | "recording" | "handing" | "resting";
  /** The source's stream is open. */
  readonly open: boolean;
  /** The item that is next, or on its way. `doubted`: it may have been delivered before. */
  readonly head: { readonly item: PipeItem; readonly doubted: boolean } | null;
  /** Of either end, since the last progress. */
  readonly failures: { readonly source: Failures; readonly sink: Failures };
  /** The daemon stops: what is on its way is settled, and nothing else begun. */
  readonly closing: boolean;
}

interface Failures {
  /** How often in a row, for the delay. */
  readonly tries: number;
  /** Those of them that are not tried for ever. */
  readonly strikes: number;
}

export type PipeEvent =
  /** The daemon is there again. */
  | { readonly type: "start" }
  | { readonly type: "item"; readonly item: PipeItem }
  | { readonly type: "ended" }
  | { readonly type: "source_failed"; readonly failure: PipeFailure }
  | { readonly type: "recorded" }
  | { readonly type: "record_failed"; readonly message: string }
  | { readonly type: "accepted" }
  | { readonly type: "sink_failed"; readonly failure: PipeFailure }
  | { readonly type: "retry" }
  | { readonly type: "pause" }
  /** `skip`: past the item that is in its way. */
  | { readonly type: "resume"; readonly skip: boolean }
  | { readonly type: "close" };

export type PipeEffect =
  | { readonly type: "open"; readonly cursor: string | null }
  | { readonly type: "fetch" }
  /** What has been fetched is dropped. */
  | { readonly type: "leave" }
  /** Write the progress, and say when it is written. */
  | { readonly type: "record" }
  /** Write the progress; nothing waits for it. */
  | { readonly type: "save" }
  | { readonly type: "hand"; readonly item: PipeItem; readonly redelivered: boolean }
  | { readonly type: "rest"; readonly delayMs: number }
  /** An item has been delivered that may have been delivered before. */
  | { readonly type: "redelivered"; readonly cursor: string | null };

export type PipeStep = readonly [Pipe, readonly PipeEffect[]];

const firstDelayMs = 100;
/** Between two attempts, however many there were. */
export const longestDelayMs = 30_000;
/** Retries of what is not tried for ever. */
const mostStrikes = 3;
const noFailures: Failures = { tries: 0, strikes: 0 };

export const newProgress: PipeProgress = {
  state: "running",
  why: "created",
  cursor: null,
  dispatched: null,
  delivered: 0,
  redelivered: 0,
  durable: null,
  error: null,
};

/** As it comes out of the journal: nothing happens before `start`. */
export function pipeOf(progress: PipeProgress): Pipe {
  const failures = { source: noFailures, sink: noFailures };
  return { ...progress, activity: "none", open: false, head: null, failures, closing: false };
}

export function progressOf(pipe: Pipe): PipeProgress {
  const { state, why, cursor, dispatched, delivered, redelivered, durable, error } = pipe;
  return { state, why, cursor, dispatched, delivered, redelivered, durable, error };
}

/** Whether there is an item that `resume` could leave out: one that was refused, or that hangs. */
export function canSkip({ state, activity, head, error, dispatched }: Pipe): boolean {
  if (state === "running" || activity === "handing") return false;
  return head !== null || (error?.cursor ?? dispatched) !== null;
}

export function pipeStep(pipe: Pipe, event: PipeEvent): PipeStep {
  switch (event.type) {
    case "start":
      return pipe.activity === "none" && isOn(pipe) ? begin(pipe) : [pipe, []];
    case "item":
      return pipe.activity === "fetching" ? taken(pipe, event.item) : [pipe, []];
    case "ended":
      return pipe.activity === "fetching" ? ended(pipe) : [pipe, []];
    case "source_failed":
      return pipe.activity === "fetching" ? sourceFailed(pipe, event.failure) : [pipe, []];
    case "recorded":
      return pipe.activity === "recording" ? hand(pipe) : [pipe, []];
    case "record_failed":
      return pipe.activity === "recording" ? recordFailed(pipe, event.message) : [pipe, []];
    case "accepted":
      return pipe.activity === "handing" ? accepted(pipe) : [pipe, []];
    case "sink_failed":
      return pipe.activity === "handing" ? sinkFailed(pipe, event.failure) : [pipe, []];
    case "retry":
      return pipe.activity === "resting" ? goOn(running(pipe, "trying again")) : [pipe, []];
    case "pause":
      return isOn(pipe) ? halt({ ...pipe, state: "paused", why: "paused by the operator" }) : [pipe, []];
    case "resume":
      return resume(pipe, event.skip);
    case "close":
      return halt({ ...pipe, closing: true });
  }
}

function isOn({ state }: Pipe): boolean {
  return state === "running" || state === "waiting";
}

function running(pipe: Pipe, why: string): Pipe {
  return { ...pipe, state: "running", why };
}

function begin(pipe: Pipe): PipeStep {
  return goOn(running(pipe, pipe.state === "waiting" ? "the supervisor is back" : pipe.why));
}

/** The next thing to be done, if anything is. */
function goOn(pipe: Pipe): PipeStep {
  if (pipe.closing || pipe.state !== "running") return [{ ...pipe, activity: "none" }, []];
  const { head, open, cursor } = pipe;
  if (head !== null) {
    // Without a cursor there is nothing to record it by.
    if (head.item.cursor === null) return hand(pipe);
    return [{ ...pipe, activity: "recording", dispatched: head.item.cursor }, [{ type: "record" }]];
  }
  const fetching: Pipe = { ...pipe, activity: "fetching", open: true };
  return [fetching, open ? [{ type: "fetch" }] : [{ type: "open", cursor }, { type: "fetch" }]];
}

function taken(pipe: Pipe, item: PipeItem): PipeStep {
  const doubted = item.cursor !== null && item.cursor === pipe.dispatched;
  const durable = item.cursor === null ? false : (pipe.durable ?? true);
  return goOn({ ...pipe, head: { item, doubted }, durable });
}

function hand(pipe: Pipe): PipeStep {
  const { head } = pipe;
  if (head === null) return goOn(pipe);
  const { item, doubted } = head;
  return [{ ...pipe, activity: "handing" }, [{ type: "hand", item, redelivered: doubted }]];
}

function accepted(pipe: Pipe): PipeStep {
  const { head, failures } = pipe;
  if (head === null) return goOn(pipe);
  const { cursor } = head.item;
  const committed: Pipe = {
    ...pipe,
    head: null,
    cursor: cursor ?? pipe.cursor,
    dispatched: cursor === null ? pipe.dispatched : null,
    delivered: pipe.delivered + 1,
    redelivered: pipe.redelivered + (head.doubted ? 1 : 0),
    // A source that begins from the start each time makes no progress, however much it sends.
    failures: { source: cursor === null ? failures.source : noFailures, sink: noFailures },
  };
  const [next, effects] = goOn(committed);
  return [next, [...repeated(pipe, head.doubted), { type: "save" }, ...effects]];
}

function repeated({ head }: Pipe, isRepeated: boolean): PipeEffect[] {
  return isRepeated ? [{ type: "redelivered", cursor: head?.item.cursor ?? null }] : [];
}

function ended(pipe: Pipe): PipeStep {
  const why = "the source has ended";
  return [{ ...pipe, state: "done", why, activity: "none", open: false }, [{ type: "save" }]];
}

function sourceFailed(pipe: Pipe, failure: PipeFailure): PipeStep {
  const closed = { ...pipe, open: false };
  return failure.kind === "refused" ? strike(closed, "source", failure) : rest(closed, "source", failure);
}

function recordFailed(pipe: Pipe, message: string): PipeStep {
  return rest(notHanded(pipe), "sink", { message: `the journal can not be written: ${message}` });
}

function sinkFailed(pipe: Pipe, failure: PipeFailure): PipeStep {
  const { head } = pipe;
  if (head === null) return goOn(pipe);
  const again = head.doubted && failure.sent;
  const doubted = head.doubted || failure.sent;
  const after = notHanded({
    ...pipe,
    head: { ...head, doubted },
    redelivered: pipe.redelivered + (again ? 1 : 0),
  });
  const [next, effects] = afterSinkFailed(after, failure);
  return [next, [...repeated(pipe, again), ...effects]];
}

function afterSinkFailed(pipe: Pipe, failure: PipeFailure): PipeStep {
  if (failure.kind === "refused") return fail(pipe, "sink", failure);
  if (pipe.closing || !isOn(pipe)) return halt({ ...pipe, activity: "none" });
  return failure.kind === "away" ? rest(pipe, "sink", failure) : strike(pipe, "sink", failure);
}

/** What was recorded counts as delivered only where it may have been. */
function notHanded(pipe: Pipe): Pipe {
  const { head } = pipe;
  if (head === null || head.item.cursor === null) return pipe;
  return { ...pipe, dispatched: head.doubted ? head.item.cursor : null };
}

function strike(pipe: Pipe, end: "source" | "sink", failure: PipeFailure): PipeStep {
  const strikes = pipe.failures[end].strikes + 1;
  const counted = { ...pipe, failures: { ...pipe.failures, [end]: { ...pipe.failures[end], strikes } } };
  return strikes > mostStrikes ? fail(counted, end, failure) : rest(counted, end, failure);
}

function rest(pipe: Pipe, end: "source" | "sink", { message }: Pick<PipeFailure, "message">): PipeStep {
  const { tries } = pipe.failures[end];
  const delayMs = Math.min(firstDelayMs * 2 ** Math.min(tries, 20), longestDelayMs);
  const failures = { ...pipe.failures, [end]: { ...pipe.failures[end], tries: tries + 1 } };
  const resting: Pipe = { ...pipe, state: "waiting", why: message, activity: "resting", failures };
  return [resting, [{ type: "save" }, { type: "rest", delayMs }]];
}

function fail(pipe: Pipe, end: "source" | "sink", { code, message }: PipeFailure): PipeStep {
  const cursor = end === "sink" ? (pipe.head?.item.cursor ?? null) : null;
  const error = { end, code, message, cursor };
  return halt({ ...pipe, activity: "none", state: "failed", why: message, error });
}

/** Leaves the source; what the sink has is still settled. */
function halt(pipe: Pipe): PipeStep {
  const effects: PipeEffect[] = [...(pipe.open ? [{ type: "leave" } as const] : []), { type: "save" }];
  if (pipe.activity === "handing") return [{ ...pipe, open: false }, effects];
  const back = notHanded(pipe);
  // The source has what has a cursor; the rest there is only here.
  const head = back.head?.item.cursor === null ? back.head : null;
  return [{ ...back, head, open: false, activity: "none" }, effects];
}

function resume(pipe: Pipe, skip: boolean): PipeStep {
  if (pipe.closing) return [pipe, []];
  const resumed = running(pipe, skip ? "resumed, without the item in its way" : "resumed by the operator");
  if (pipe.activity === "handing")
    return pipe.state === "paused" ? [resumed, [{ type: "save" }]] : [pipe, []];
  if (pipe.state === "running") return [pipe, []];
  const past = skip ? without(resumed) : resumed;
  const [next, effects] = goOn({
    ...past,
    error: null,
    failures: { source: noFailures, sink: noFailures },
  });
  return [next, [{ type: "save" }, ...effects]];
}

function without(pipe: Pipe): Pipe {
  const { head, error, dispatched } = pipe;
  if (head?.item.cursor === null) return { ...pipe, head: null };
  const cursor = head?.item.cursor ?? error?.cursor ?? dispatched;
  return cursor === null ? pipe : { ...pipe, head: null, cursor, dispatched: null };
}
