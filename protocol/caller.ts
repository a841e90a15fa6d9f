/** What calls plugins: an embedded supervisor and a connection to a daemon alike. */
import type { Description } from "./description.ts";
import type { OfferedApi } from "./version.ts";

export interface CallOptions {
  /** Aborting it settles the call as `cancelled` at once and tells the plugin. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without an answer or progress; default: the plugin's `timeouts.call`. */
  readonly idleTimeout?: number | undefined;
  /** Milliseconds in all, waiting for a start included; default: the plugin's `timeouts.total`. */
  readonly timeout?: number | undefined;
  readonly onProgress?: ((value: unknown) => void) | undefined;
  /**
   * When the plugin crashes or leaves before it has answered, the call is sent again as soon as the plugin serves, at most
   * three times and within `timeout` (default: `timeouts.total`, else `timeouts.call`). Only for methods that describe
   * themselves as idempotent: others are refused as `invalid_params`. Not for streams. An error tells `attempts`.
   */
  readonly retry?: boolean | undefined;
  /**
   * The fingerprint of the description that the caller has compared its contract with. The call is refused unsent, as
   * `contract_changed`, when another one serves.
   */
  readonly fingerprint?: string | undefined;
  /**
   * The params may hold Uint8Arrays, and the plugin may answer with such. They travel beside the JSON, as they are and
   * without a copy where there is one only: leave it unchanged until the call is settled. Those of a result are views of one
   * memory. Where the plugin or the daemon knows nothing of bulk data, and in the items of a stream, bytes are base64 text
   * (RFC 4648, section 4): params are turned into it, and a result has it.
   */
  readonly bulk?: boolean | undefined;
}

export interface StreamOptions extends CallOptions {
  /** How many items may be on their way at once; default 64. */
  readonly credit?: number | undefined;
}

export interface StreamItem {
  /** Counts the items of one stream from 0. */
  readonly seq: number;
  readonly value: unknown;
  /** The position after this item, when the plugin gives one. */
  readonly cursor?: string;
}

/** A streaming call under way. Iterated once; leaving the loop cancels the call. */
export interface ItemStream extends AsyncIterable<StreamItem>, AsyncDisposable {
  /** The answer that ended the stream. Rejects with what made the loop fail; leaving the loop early is `cancelled`. */
  readonly result: Promise<unknown>;
}

/** A plugin as it is described, and what is in force of that. */
export interface Described extends Description {
  /** Changes whenever anything does that a contract is compared with. */
  readonly fingerprint: string;
  /** The one version of each api that calls go to. */
  readonly agreed: readonly OfferedApi[];
}

export interface Caller {
  /**
   * Calls `plugin/api.method` with a JSON value.
   *
   * @throws BulkheadError: the plugin's own error, or why there is no answer, with `settlement`.
   */
  call(target: string, params?: unknown, options?: CallOptions): Promise<unknown>;

  /** Calls a streaming method. Items are bounded by credit: a slow reader slows the plugin down. */
  stream(target: string, params?: unknown, options?: StreamOptions): ItemStream;

  /** @throws BulkheadError when the plugin can not say what it is. */
  describe(plugin: string): Promise<Described>;

  /** Ids of the configured plugins. */
  plugins(): Promise<string[]>;
}

/** What a provided service's method knows about the call that it answers. */
export interface ServiceContext {
  /** Aborted when nobody waits for the answer any more: cancelled, out of time, or the plugin is gone. */
  readonly signal: AbortSignal;
  /** The plugin that asks. */
  readonly plugin: string;
  /** Calls on behalf of this one: they end with it, and count as its children. */
  readonly caller: Pick<Caller, "call">;
  /** Reports progress to the plugin: any JSON value. */
  progress(value: unknown): void;
}

/**
 * The methods of a service by their names. `params` are what the plugin sent, unchecked. What is returned must have a
 * JSON form. A BulkheadError that is thrown is the plugin's answer as it is, any other error an `internal_error`.
 */
export interface ServiceHandlers {
  readonly [method: string]: (params: unknown, context: ServiceContext) => unknown;
}

/** Where services can be provided: an embedded supervisor and a connection to a daemon alike. */
export interface ServiceHost {
  /**
   * Answers the calls of `service.method` by plugins that the configuration grants it to, until it is disposed of.
   *
   * @throws BulkheadError `service_taken`, when another program provides it already.
   */
  provide(service: string, handlers: ServiceHandlers): Promise<AsyncDisposable>;
}
