/** What calls plugins: an embedded supervisor and a connection to a daemon alike. */

export interface CallOptions {
  /** Aborting it settles the call as `cancelled` at once and tells the plugin. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without an answer or progress; default: the plugin's `timeouts.call`. */
  readonly idleTimeout?: number | undefined;
  /** Milliseconds in all, waiting for a start included; default: the plugin's `timeouts.total`. */
  readonly timeout?: number | undefined;
  readonly onProgress?: ((value: unknown) => void) | undefined;
}

export interface Caller {
  /**
   * Calls `plugin/api.method` with a JSON value.
   *
   * @throws BulkheadError: the plugin's own error, or why there is no answer, with `settlement`.
   */
  call(target: string, params?: unknown, options?: CallOptions): Promise<unknown>;
}
