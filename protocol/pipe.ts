/**
 * Pipes: a stream of one plugin joined to a method of another, which is called with each item in turn, as
 * `{value, cursor, redelivered}`. Where the items have cursors none is lost, whoever dies: at worst one comes twice, and
 * says so. Items without a cursor can not be told apart: those that are in flight when the daemon dies are lost, and a
 * source that is called again begins as it likes.
 */
import { z } from "zod";
import { pluginId } from "./description.ts";

/**
 * `waiting`: an end is away, or the journal can not be written; it is tried again. `failed`: an end has refused, and
 * goes on refusing. `done`: the source has answered.
 */
export type PipeState = "running" | "waiting" | "paused" | "failed" | "done";

/** More than these at once, or more of it, are a mistake. The latter two in bytes. */
export const pipeLimits = { pipes: 64, params: 64 * 1024 } as const;

export const pipeName = z
  .string()
  .max(129)
  .regex(/^[a-z][a-z0-9-]*$/, "must be lower-case letters, digits and dashes, beginning with a letter");

const target = z
  .string()
  .max(1024)
  .regex(/^[a-z][a-z0-9-]*\/[^/.]+\.[^/]+$/, "must be plugin/api.method")
  .refine((text) => pluginId.safeParse(text.split("/")[0]).success, "must be plugin/api.method");

export const pipeParams = z
  .record(z.string(), z.unknown())
  .refine((params) => new TextEncoder().encode(JSON.stringify(params)).length <= pipeLimits.params, {
    message: `must be at most ${pipeLimits.params} bytes of JSON`,
  });

export const newPipe = z.object({
  /** `plugin/api.method`, of a stream. */
  source: target,
  /** Of the source; `cursor` is laid over them once there is one. */
  params: pipeParams.optional(),
  /** `plugin/api.method`. */
  sink: target,
  /** Default: the two plugins' names, with a dash between. */
  name: pipeName.optional(),
});

export interface PipeError {
  readonly end: "source" | "sink";
  /** From the error table, or the plugin's own. */
  readonly code: string;
  readonly message: string;
  /** Of the item that was refused. */
  readonly cursor: string | null;
}

/** How far a pipe is: what outlives the daemon. */
export interface PipeProgress {
  readonly state: PipeState;
  /** The reason for the state, in words. */
  readonly why: string;
  /** Committed: the position after the last item that the sink has answered. */
  readonly cursor: string | null;
  /** Of the item that may have been delivered, and is not answered. */
  readonly dispatched: string | null;
  /** Items that the sink has answered. */
  readonly delivered: number;
  /** Deliveries of an item that may have been delivered before. */
  readonly redelivered: number;
  /** Whether its items have cursors, and so survive the daemon; null: not known before the first. */
  readonly durable: boolean | null;
  readonly error: PipeError | null;
}

export interface PipeStatus extends PipeProgress {
  readonly id: string;
  readonly source: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly sink: string;
  /** Unix time, milliseconds. */
  readonly createdAt: number;
  /** Of the next attempt, in `waiting`. Unix time, milliseconds. */
  readonly retryAt: number | null;
}
