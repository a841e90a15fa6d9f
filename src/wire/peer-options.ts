/** What a peer is made of, and how it tells what happens on its connection. */
import type { Readable, Writable } from "node:stream";
import type { Deadlines } from "./deadlines.ts";
import type { IncomingRequest } from "./incoming.ts";
import type { Slice } from "./json.ts";
import type { WireLimits } from "./limits.ts";
import type { RpcError } from "./outcome.ts";
import type { WireViolation } from "./violation.ts";

/**
 * Why nothing more is read. `eof`: the other side closed, in the middle of a frame if `truncated`. `error`:
 * the stream failed. `violation`: it broke the protocol. `overflow`: it does not take its answers.
 * `destroyed`: we did it.
 */
export type PeerEnd =
  | { readonly kind: "eof"; readonly truncated: boolean }
  | { readonly kind: "error"; readonly error: Error }
  | { readonly kind: "violation"; readonly violation: WireViolation }
  | { readonly kind: "overflow"; readonly queuedBytes: number }
  | { readonly kind: "destroyed" };

/** What the other side answers to late: a call given up on, or one it had answered before. */
export type LateAnswer = "abandoned" | "duplicate";

export interface PeerOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly deadlines: Deadlines;
  readonly limits?: Partial<WireLimits> | undefined;
  /** Longest silence of a call that brings no `idleTimeout` of its own. Milliseconds; none unless given. */
  readonly idleTimeout?: number | undefined;
  /** What bytes between frames are; a violation unless said otherwise. See FrameParser. */
  readonly noise?: "tolerate" | "violation" | undefined;
  /** Keeps calls pending when the input ends, until `settleLost`. Their deadlines go on. */
  readonly holdOnEnd?: boolean | undefined;
  /** The answer to a request over the bound of those in flight. */
  readonly busy?: RpcError | undefined;
  /** The chunks of the input are nobody else's, as those of a socket are that only this peer reads. See FrameParser. */
  readonly ownsInput?: boolean | undefined;
  /** Whether requests of the other side may carry data; a violation unless said so. */
  readonly takesData?: boolean | undefined;
  /** Without it every request is answered with "method not found". */
  readonly onRequest?: ((request: IncomingRequest) => void) | undefined;
  /** Gets every notification but those that name a call or a request: see notification.ts. */
  readonly onNotification?: ((method: string, params: Slice | undefined) => void) | undefined;
  readonly onNoise?: ((bytes: Buffer) => void) | undefined;
  /** Comes before `onEnd`. */
  readonly onViolation?: ((violation: WireViolation) => void) | undefined;
  /** Nothing more comes in. Called once. */
  readonly onEnd?: ((end: PeerEnd) => void) | undefined;
  /** Nothing more goes out, though something may still come in. Called at most once. */
  readonly onOutputFailed?: ((error: Error) => void) | undefined;
  /** How many calls are given up on and unanswered, whenever that grows. */
  readonly onAbandoned?: ((count: number) => void) | undefined;
  readonly onLateAnswer?: ((id: number, kind: LateAnswer) => void) | undefined;
  /** The other side answered with the id null: it could not read something of ours. */
  readonly onUnmatchedError?: ((error: RpcError) => void) | undefined;
  /**
   * Sees messages: outgoing ones when they are handed to the stream, and of many that come or go at once the last
   * 64. `body` is the whole JSON, or its start where a large payload goes out; `bytes` is the size of all, data included.
   */
  readonly onMessage?: ((direction: "in" | "out", body: Buffer, bytes: number) => void) | undefined;
  /** One of the callbacks above, or of a call, threw. Unless given, it surfaces as an uncaught exception. */
  readonly onHandlerError?: ((error: unknown) => void) | undefined;
}
