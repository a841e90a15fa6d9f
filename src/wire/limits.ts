/** The bounds of one connection. Each holds in both directions where that makes sense. */
export interface WireLimits {
  /** Body of one frame, in bytes. */
  readonly frameBytes: number;
  /** The same of a frame that comes in, where less of that is allowed. */
  readonly receivedBytes: number;
  /** Header block of one frame with its line ends, in bytes. */
  readonly headerBytes: number;
  /** Nested containers in one message, its own object included. */
  readonly depth: number;
  /** Calls of ours without an answer, those given up on included. */
  readonly callsInFlight: number;
  /** Requests of the other side that we have not answered. */
  readonly requestsInFlight: number;
  /** Bytes accepted for writing and not yet taken by the operating system. At least two frames. */
  readonly queueBytes: number;
  /** Memory for the params of calls of ours in flight, so that a report can tell what was lost; 0: none are kept. */
  readonly keptBytes: number;
  /** The largest error object that is parsed, in bytes. */
  readonly errorBytes: number;
}

export const DEFAULT_LIMITS: WireLimits = {
  frameBytes: 64 * 1024 * 1024,
  receivedBytes: Infinity,
  headerBytes: 4 * 1024,
  depth: 100,
  callsInFlight: 4096,
  requestsInFlight: 4096,
  queueBytes: 128 * 1024 * 1024,
  keptBytes: 0,
  errorBytes: 1024 * 1024,
};
