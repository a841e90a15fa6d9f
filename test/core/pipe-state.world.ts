import type { PipeProgress } from "../../protocol/pipe.ts";
import type { PipeState } from "../../protocol/pipe.ts";
import type { PipeFailure } from "../../src/core/pipe-failure.ts";
import { newProgress, pipeOf, pipeStep, progressOf } from "../../src/core/pipe-state.ts";
import type { Pipe, PipeEvent } from "../../src/core/pipe-state.ts";

const itemAt = (n: number): PipeEvent => ({ type: "item", item: { value: n, cursor: String(n) } });

function failure(kind: PipeFailure["kind"], sent: boolean): PipeFailure {
  return { kind, sent, code: "own_code", message: "no" };
}

/**
 * A world of a pipe: a source that counts to `length`, a sink that keeps what it gets, a disk, and a daemon, each of
 * which may die at any moment.
 */
export class World {
  readonly length: number;
  readonly kept: { readonly n: number; readonly redelivered: boolean }[] = [];
  readonly redeliveries: string[] = [];
  pipe: Pipe = pipeOf(newProgress);
  /** Written, and acknowledged or not. */
  disk: PipeProgress = newProgress;
  unwritten: PipeProgress[] = [];
  /** Where the open stream is. */
  position: number | null = null;
  wants = false;
  recording = false;
  handing: { n: number; redelivered: boolean; seen: boolean } | null = null;

  constructor(length: number) {
    this.length = length;
    this.happen({ type: "start" });
  }

  get state(): PipeState {
    return this.pipe.state;
  }

  happen(event: PipeEvent): void {
    const [after, effects] = pipeStep(this.pipe, event);
    this.pipe = after;
    for (const effect of effects) {
      if (effect.type === "open") this.position = Number(effect.cursor ?? 0);
      if (effect.type === "leave") {
        this.position = null;
        this.wants = false;
      }
      if (effect.type === "fetch") this.wants = true;
      if (effect.type === "record" || effect.type === "save") this.unwritten.push(progressOf(this.pipe));
      if (effect.type === "record") this.recording = true;
      if (effect.type === "hand") {
        if (this.handing !== null) throw new Error("the sink has two items at once");
        if (this.disk.dispatched !== effect.item.cursor)
          throw new Error("handed over before it was recorded");
        this.handing = { n: Number(effect.item.value), redelivered: effect.redelivered, seen: false };
      }
      if (effect.type === "redelivered") this.redeliveries.push(effect.cursor ?? "");
    }
  }

  /** The disk takes the first `count` of what it has been given. */
  write(count = this.unwritten.length): void {
    this.disk = this.unwritten.splice(0, count).at(-1) ?? this.disk;
  }

  /** The sink gets what is on its way to it. */
  see(): void {
    if (this.handing === null || this.handing.seen) return;
    this.handing = { ...this.handing, seen: true };
    this.kept.push({ n: this.handing.n, redelivered: this.handing.redelivered });
  }

  settle(event: PipeEvent): void {
    this.handing = null;
    this.happen(event);
  }

  daemonDies(written: number): void {
    // A record that has been acknowledged has been written.
    this.write(Math.min(written, this.unwritten.length));
    this.unwritten = [];
    [this.position, this.wants, this.recording, this.handing] = [null, false, false, null];
    this.pipe = pipeOf(this.disk);
    this.happen({ type: "start" });
  }

  /** One thing that can happen now, and nothing where it can not. */
  act(action: Action): void {
    switch (action.type) {
      case "source":
        if (!this.wants) return;
        this.wants = false;
        if (this.position === null) this.happen({ type: "source_failed", failure: failure("away", true) });
        else if (this.position === this.length) {
          this.position = null;
          this.happen({ type: "ended" });
        } else this.happen(itemAt(++this.position));
        return;
      case "source dies":
        // What is fetched next says so.
        this.position = null;
        return;
      case "disk":
        this.write();
        if (!this.recording) return;
        this.recording = false;
        this.happen({ type: "recorded" });
        return;
      case "sink gets it":
        this.see();
        return;
      case "sink answers":
        this.see();
        if (this.handing !== null) this.settle({ type: "accepted" });
        return;
      case "sink dies":
        if (this.handing !== null) this.settle({ type: "sink_failed", failure: failure("away", true) });
        return;
      case "sink is away":
        if (this.handing?.seen === false)
          this.settle({ type: "sink_failed", failure: failure("away", false) });
        return;
      case "sink refuses":
        this.see();
        if (this.handing !== null) this.settle({ type: "sink_failed", failure: failure("refused", true) });
        return;
      case "daemon dies":
        this.daemonDies(action.written);
        return;
      case "retry":
        this.happen({ type: "retry" });
        return;
      case "pause":
        this.happen({ type: "pause" });
        return;
      case "resume":
        this.happen({ type: "resume", skip: false });
        return;
    }
  }
}

export const simple = [
  "source",
  "source dies",
  "disk",
  "sink gets it",
  "sink answers",
  "sink dies",
  "sink is away",
  "sink refuses",
  "retry",
  "pause",
  "resume",
] as const;
export type Action = { type: (typeof simple)[number] } | { type: "daemon dies"; written: number };
