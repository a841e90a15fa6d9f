/** One call on its way through the supervisor: bytes in, one outcome out. */
import type { RpcError, ErrorData } from "../../protocol/error.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { ErrorCode } from "../../protocol/error.ts";
import type { Lineage } from "../core/lineage.ts";
import type { Item } from "../wire/peer.ts";

/** How the caller bounds it, and what it wants to hear meanwhile. */
export interface RouteOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without an answer or progress. */
  readonly idleTimeout?: number | undefined;
  /** Milliseconds in all, waiting for a start included. */
  readonly totalTimeout?: number | undefined;
  /** Each is the JSON of one progress value. */
  readonly onProgress?: ((value: Buffer) => void) | undefined;
  /** Of a stream: how many items may come before the first `grant`, and who takes them. A stream needs both. */
  readonly credit?: number | undefined;
  readonly onItem?: ((item: Item) => void) | undefined;
  /** Of the description that the caller knows: with another one in force, the call is refused as `contract_changed`. */
  readonly fingerprint?: string | undefined;
  /** Of a call that is made for another one: what it inherits. Its deadline counts as `totalTimeout`. */
  readonly lineage?: Lineage | undefined;
  /** Whose it is: calls with one and the same object share a plugin's window with all others. Absent: the supervisor's own. */
  readonly client?: object | undefined;
  /** What goes beside the params, which refer to it. A plugin that does not read it gets base64 text in them. */
  readonly data?: Buffer | undefined;
  /** Of an idempotent method: sent again when the plugin crashes, within the total time. */
  readonly retry?: boolean | undefined;
  /** Whether the answer may carry data. */
  readonly bulk?: boolean | undefined;
  /** Nobody needs params and data once it is answered: their memory is given back then. */
  readonly disposable?: boolean | undefined;
}

/** A call under way, as far as its maker can still steer it. */
export interface RoutedCall {
  /** Settles it as `cancelled`, unless it is settled. For whoever has no signal at hand: one for each call is dear. */
  cancel(): void;
  /** Lets so many more items come. */
  grant(n: number): void;
}

/** A call that is over before it began. */
export const endedCall: RoutedCall = { cancel: () => undefined, grant: () => undefined };

/** `result` is JSON text as the plugin wrote it, already scanned; what it refers to in `data` is not. */
export type CallOutcome =
  | { readonly result: Buffer; readonly data?: Buffer | undefined }
  | { readonly error: RpcError };

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
