import type { Slice } from "./json.ts";

/** The error object of a JSON-RPC answer, parsed. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/**
 * How a call ended; each ends exactly once. `answered`: the other side said so. `not_sent`: it cannot have
 * seen the call. `maybe_executed`: it may have, and may have acted on it.
 */
export type Outcome = Answered | Unanswered;

export type Answered =
  | {
      readonly settlement: "answered";
      readonly result: Slice;
      /** What came beside the result. */
      readonly data?: Slice | undefined;
      readonly error?: undefined;
    }
  | {
      readonly settlement: "answered";
      readonly error: RpcError;
      readonly result?: undefined;
      readonly data?: undefined;
    };

export interface Unanswered {
  readonly settlement: "not_sent" | "maybe_executed";
  /**
   * `timeout`, `cancelled`: the caller's own limits. `closed`: the connection ended. `busy`: too many calls
   * or too many bytes are waiting. `too_large`: the message is over the frame limit.
   */
  readonly cause: "timeout" | "cancelled" | "closed" | "busy" | "too_large";
  /** Which deadline passed: silence, or the whole time. Only with `timeout`. */
  readonly timeout?: "idle" | "total";
  readonly result?: undefined;
  readonly data?: undefined;
  readonly error?: undefined;
}
