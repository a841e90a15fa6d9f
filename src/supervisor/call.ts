/** One call on its way through the supervisor: bytes in, one outcome out. */
import type { RpcError, ErrorData } from "../../protocol/error.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { ErrorCode } from "../../protocol/error.ts";

/** How the caller bounds it, and what it wants to hear meanwhile. */
export interface RouteOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without an answer or progress. */
  readonly idleTimeout?: number | undefined;
  /** Milliseconds in all, waiting for a start included. */
  readonly totalTimeout?: number | undefined;
  /** Each is the JSON of one progress value. */
  readonly onProgress?: ((value: Buffer) => void) | undefined;
}

/** `result` is JSON text as the plugin wrote it, already scanned. */
export type CallOutcome = { readonly result: Buffer } | { readonly error: RpcError };

/** Runs exactly once for each call. */
export type Settle = (outcome: CallOutcome) => void;

/** An answer of the supervisor in a plugin's place. */
export function refusal(
  code: ErrorCode,
  message: string,
  data: Partial<ErrorData> = {},
): { readonly error: RpcError } {
  return { error: BulkheadError.of(code, message, data).toRpc() };
}
