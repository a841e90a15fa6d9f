/** Runs one pipe: makes its machine's effects happen, and tells it what came of them. */
import type { JsonText } from "../../wire/peer.ts";
import type { StreamItem } from "../../../protocol/caller.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import type { PipeProgress, PipeStatus } from "../../../protocol/pipe.ts";
import { failureOf } from "../../core/pipe-failure.ts";
import { canSkip, longestDelayMs, pipeOf, pipeStep, progressOf } from "../../core/pipe-state.ts";
import type { Pipe as Machine, PipeEffect, PipeEvent, PipeItem } from "../../core/pipe-state.ts";
import type { PipeRecord, PipeTable } from "../../io/journal/pipes.ts";
import { itemStream, paramsText } from "../../wire/peer.ts";
import type { RoutedCall, RouteOptions, Settle } from "../call.ts";
import { callBy } from "../embedded.ts";
import type { Events } from "../events.ts";

/** What may be fetched ahead of the sink. */
const credit = 16;
/** Before progress that could not be written is written again, when nothing else writes it. Milliseconds. */
const saveAgainMs = 1000;

export type RouteStream = (
  target: string,
  params: JsonText | undefined,
  options: RouteOptions,
  settle: Settle,
) => RoutedCall;

export interface PipeSurroundings {
  readonly table: PipeTable;
  readonly events: Events;
  readonly route: RouteStream;
  /** The id of a target's plugin, which may be named by an alias. */
  readonly pluginOf: (target: string) => string;
  /** Why it is no use to call that target now; null: it may be. */
  readonly absence: (target: string) => string | null;
}

/** The source's stream. */
interface Source {
  readonly plugin: string;
  readonly items: AsyncIterator<StreamItem>;
  /** Lets what has come already be read to its end. */
  readonly loosen: AbortController;
}

export class Pipe {
  readonly #record: Omit<PipeRecord<PipeProgress>, "progress">;
  readonly #around: PipeSurroundings;
  readonly #removed = new AbortController();
  readonly #queue: PipeEvent[] = [];
  #machine: Machine;
  #running = false;
  #source: Source | null = null;
  #retry: { timer: NodeJS.Timeout; at: number } | null = null;
  #saving: Promise<unknown> = Promise.resolve();
  #saveAgain: NodeJS.Timeout | undefined;
  /** The youngest record. */
  #noting: Promise<unknown> = Promise.resolve();

  constructor({ progress, ...record }: PipeRecord<PipeProgress>, around: PipeSurroundings) {
    this.#record = record;
    this.#around = around;
    this.#machine = pipeOf(progress);
  }

  get id(): string {
    return this.#record.id;
  }

  get record(): PipeRecord<PipeProgress> {
    return { ...this.#record, progress: progressOf(this.#machine) };
  }

  get canSkip(): boolean {
    return canSkip(this.#machine);
  }

  status(): PipeStatus {
    const { progress, ...record } = this.record;
    // What began it may have led to something else by now.
    const why = (progress.state === "waiting" ? this.#absence() : null) ?? progress.why;
    return { ...record, ...progress, why, retryAt: this.#retry?.at ?? null };
  }

  dispatch(event: PipeEvent): void {
    if (this.#removed.signal.aborted) return;
    this.#queue.push(event);
    // An effect that causes another event never sees a half-made step.
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next);
    this.#running = false;
  }

  /** An end may be back. */
  wake(): void {
    if (this.#machine.activity === "resting" && this.#absence() === null) this.dispatch({ type: "retry" });
  }

  /** A process of that plugin is leaving, and must not be kept for this stream. */
  loosen(plugin: string): void {
    if (this.#source?.plugin === plugin) this.#source.loosen.abort();
  }

  /** Nothing new is begun; what the sink has is still settled, and written. */
  close(): void {
    this.dispatch({ type: "close" });
    clearTimeout(this.#saveAgain);
  }

  /** It is never heard of again. */
  remove(): void {
    this.close();
    this.#removed.abort(BulkheadError.of("cancelled", `the pipe ${this.id} was removed`));
  }

  /** Resolves when what is known now has been written, or could not be. */
  async saved(): Promise<void> {
    await this.#saving;
  }

  #step(event: PipeEvent): void {
    const before = this.#machine;
    const [after, effects] = pipeStep(before, event);
    this.#machine = after;
    if (after.activity !== "resting") {
      clearTimeout(this.#retry?.timer);
      this.#retry = null;
    }
    if (before.state !== after.state) {
      const { state: to, why } = after;
      this.#around.events.tell({ type: "pipe.state", pipe: this.id, from: before.state, to, why });
    }
    for (const effect of effects) this.#run(effect);
  }

  #run(effect: PipeEffect): void {
    switch (effect.type) {
      case "open":
        this.#source = this.#open(effect.cursor);
        return;
      case "fetch":
        if (this.#source !== null) void this.#fetch(this.#source);
        return;
      case "leave":
        this.#leave();
        return;
      case "record":
        this.#note();
        return;
      case "save":
        void this.#save().then((problem) => problem !== null && this.#saveLater());
        return;
      case "hand":
        void this.#hand(effect.item, effect.redelivered);
        return;
      case "rest":
        this.#rest(effect.delayMs);
        return;
      case "redelivered":
        this.#around.events.tell({ type: "pipe.redelivered", pipe: this.id, cursor: effect.cursor });
        return;
    }
  }

  #open(cursor: string | null): Source {
    const { source, params } = this.#record;
    const loosen = new AbortController();
    const stream = itemStream({ credit, signal: loosen.signal }, (call) => {
      const slice = paramsText(cursor === null ? params : { ...params, cursor });
      // A source that has nothing to say is not hung.
      const bounds = { signal: call.signal, credit: call.credit, onItem: call.onItem, idleTimeout: Infinity };
      return this.#around.route(source, slice, bounds, (outcome) => {
        if ("error" in outcome) call.fail(BulkheadError.from(outcome.error));
        else call.succeed(outcome.result);
      });
    });
    return { plugin: this.#around.pluginOf(source), items: stream[Symbol.asyncIterator](), loosen };
  }

  async #fetch(source: Source): Promise<void> {
    let event: PipeEvent;
    try {
      const { done, value } = await source.items.next();
      event = done === true ? { type: "ended" } : { type: "item", item: itemOf(value) };
    } catch (error) {
      event = { type: "source_failed", failure: failureOf(this.#sourceError(source, error)) };
    }
    // It was left meanwhile, and perhaps opened again.
    if (this.#source !== source) return;
    if (event.type !== "item") this.#leave();
    this.dispatch(event);
  }

  #sourceError(source: Source, error: unknown): BulkheadError {
    const target = this.#record.source;
    if (source.loosen.signal.aborted) {
      const why = this.#around.absence(target) ?? `${target.split("/")[0]} is being replaced`;
      return BulkheadError.of("plugin_unavailable", why);
    }
    return known(error);
  }

  #leave(): void {
    const source = this.#source;
    this.#source = null;
    void source?.items.return?.();
  }

  async #hand({ value, cursor }: PipeItem, redelivered: boolean): Promise<void> {
    const params = { value, cursor, redelivered };
    try {
      await callBy(this.#around.route, this.#record.sink, params, { signal: this.#removed.signal });
      this.dispatch({ type: "accepted" });
    } catch (error) {
      this.dispatch({ type: "sink_failed", failure: failureOf(known(error)) });
    }
  }

  #rest(delayMs: number): void {
    const look = (): void => {
      this.#retry = null;
      if (this.#absence() === null) this.dispatch({ type: "retry" });
      else this.#rest(Math.min(2 * delayMs, longestDelayMs));
    };
    this.#retry = { timer: setTimeout(look, delayMs), at: Date.now() + delayMs };
  }

  #note(): void {
    const noted = this.#save();
    this.#noting = noted;
    void noted.then((problem) => {
      // It was paused and resumed meanwhile: the record of now is another one.
      if (this.#noting !== noted) return;
      this.dispatch(problem === null ? { type: "recorded" } : { type: "record_failed", message: problem });
    });
  }

  /** Of the end that is waited for. */
  #absence(): string | null {
    const { source, sink } = this.#record;
    return this.#around.absence(this.#machine.head === null ? source : sink);
  }

  /** Resolves to why it could not be written, or to null. Writes are done in the order in which they are asked for. */
  #save(): Promise<string | null> {
    const written = this.#around.table
      .save(this.record)
      .then((answer) => (answer.ok ? null : answer.message));
    this.#saving = written;
    return written;
  }

  #saveLater(): void {
    clearTimeout(this.#saveAgain);
    if (this.#removed.signal.aborted || this.#machine.closing) return;
    this.#saveAgain = setTimeout(() => this.#run({ type: "save" }), saveAgainMs).unref();
  }
}

function itemOf({ value, cursor }: StreamItem): PipeItem {
  return { value, cursor: cursor ?? null };
}

function known(error: unknown): BulkheadError {
  if (error instanceof BulkheadError) return error;
  return BulkheadError.of("internal_error", error instanceof Error ? error.message : String(error));
}
