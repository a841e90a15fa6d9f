/** A connection to the daemon: calls to plugins, methods of the daemon itself, and streams of what happens. */
import type { Socket } from "node:net";
import type {
  Caller,
  CallOptions,
  Described,
  ItemStream,
  ServiceHandlers,
  ServiceHost,
  StreamOptions,
} from "../../protocol/caller.ts";
import type { ControlMethod, ControlParams, HelloResult } from "../../protocol/control.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { RpcError } from "../../protocol/error.ts";
import { controlRange } from "../../protocol/range.ts";
import { statePaths } from "../io/paths.ts";
import { connect } from "../io/socket.ts";
import { Deadlines } from "../wire/deadlines.ts";
import { boundsOf, bulkParams, itemStream, paramsText, Peer, resultValue, toSlice } from "../wire/peer.ts";
import type {
  CallOptions as WireCallOptions,
  Id,
  Item,
  Outcome,
  OutgoingCall,
  PeerEnd,
  Slice,
} from "../wire/peer.ts";
import { ProvidedHandlers } from "./provided.ts";
import type { ResultOf } from "../../protocol/control-results.ts";

export interface ConnectOptions {
  /** Path of the daemon's socket; default: where a daemon of this user listens (BULKHEAD_STATE_DIR, BULKHEAD_SOCKET). */
  readonly socket?: string;
  /** Who connects, for the daemon's log. */
  readonly name?: string;
  readonly version?: string;
  /** To look only: the daemon refuses calls of plugins, and whatever changes something (`read_only`). */
  readonly readOnly?: boolean;
  /** Gives up the attempt; a connection that is made does not hear it any more. */
  readonly signal?: AbortSignal;
}

/** Streams: past entries, then new ones as they come. */
export type Followed = "log.read" | "event.read";
type ItemOf<M extends Followed> = ResultOf<M>[number];

/** A daemon that is alive answers the first message within this; milliseconds. */
const helloTimeout = 10_000;
/** The daemon keeps the time; when it is stuck itself, the client gives up this much later. Milliseconds. */
const grace = 2000;

export class Client implements Caller, ServiceHost {
  readonly #peer: Peer;
  readonly #socket: Socket;
  readonly #path: string;
  readonly #provided = new ProvidedHandlers((...call) => this.#callFor(...call));
  readonly #ended = Promise.withResolvers<void>();
  #hello: HelloResult | undefined;
  #end: PeerEnd | undefined;
  /** What the daemon said instead of answering: it lets nobody in just now. */
  #refused: RpcError | null = null;

  private constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#path = path;
    this.#peer = new Peer({
      input: socket,
      output: socket,
      deadlines: new Deadlines(),
      ownsInput: true,
      onRequest: (request) => this.#provided.serve(request),
      onUnmatchedError: (error) => (this.#refused = error),
      onEnd: (end) => {
        this.#end = end;
        this.#provided.close();
        this.#ended.resolve();
        socket.destroy();
      },
    });
  }

  /**
   * Connects and agrees on the version of the control protocol.
   * @throws {BulkheadError} `daemon_unreachable`, `incompatible_client`
   */
  static async connect(options: ConnectOptions = {}): Promise<Client> {
    const path = options.socket ?? statePaths({ env: process.env }).socket;
    const { signal } = options;
    const client = new Client(await connect(path), path);
    const leave = (): void => client.#peer.destroy();
    signal?.addEventListener("abort", leave, { once: true });
    try {
      signal?.throwIfAborted();
      client.#hello = await client.#greet(options);
      return client;
    } catch (error) {
      client.#peer.destroy();
      throw error;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  /** What the daemon said of itself. */
  get daemon(): HelloResult["daemon"] {
    return this.#hello?.daemon ?? { name: "", version: "", pid: 0 };
  }

  /** The connection can change nothing: that was asked for, or the socket is one for looking only. */
  get readOnly(): boolean {
    return this.#hello?.readOnly === true;
  }

  /** Resolves when the connection is over, whoever ended it. */
  get closed(): Promise<void> {
    return this.#ended.promise;
  }

  /**
   * Calls a method of a plugin.
   * @param target `plugin/api.method`
   * @throws {BulkheadError} what the plugin answered, or what became of the call: see its `settlement`
   */
  call(target: string, params: unknown = {}, options: CallOptions = {}): Promise<unknown> {
    return this.#callFor(undefined, target, params, options);
  }

  /**
   * Answers the calls of `service.method` by plugins that are granted it, until it is disposed of or the connection ends.
   * @throws {BulkheadError} `service_taken`
   */
  async provide(service: string, handlers: ServiceHandlers): Promise<AsyncDisposable> {
    // Before the daemon knows of it: a call may come right behind its answer.
    const remove = this.#provided.add(service, handlers);
    try {
      await this.control("service.provide", { service });
    } catch (error) {
      remove();
      throw error;
    }
    let withdrawn = false;
    const withdraw = async (): Promise<void> => {
      if (withdrawn) return;
      withdrawn = true;
      if (this.#end === undefined) await this.control("service.withdraw", { service });
      remove();
    };
    return { [Symbol.asyncDispose]: withdraw };
  }

  stream(target: string, params: unknown = {}, options: StreamOptions = {}): ItemStream {
    return itemStream(options, ({ signal, credit, onItem, succeed, fail }) => {
      const bounded = { ...wireOptions(options, { credit }, this.#takesBulk), signal, credit, onItem };
      const settle = (outcome: Outcome): void => {
        try {
          succeed(this.#resultOf(target, outcome), outcome.data);
        } catch (error) {
          fail(error);
        }
      };
      return this.#send(target, params, options, bounded, settle);
    });
  }

  describe(plugin: string): Promise<Described> {
    return this.control("plugin.describe", { plugin });
  }

  async plugins(): Promise<string[]> {
    return (await this.control("plugin.list")).map(({ id }) => id);
  }

  /** A method of the daemon itself. @throws {BulkheadError} */
  async control<M extends ControlMethod>(
    method: M,
    params?: ControlParams<M>,
    options: Pick<CallOptions, "signal" | "timeout"> = {},
  ): Promise<ResultOf<M>> {
    const outcome = await this.#peer.request(method, params ?? {}, {
      signal: options.signal,
      totalTimeout: options.timeout,
    });
    return parse<ResultOf<M>>(this.#resultOf(method, outcome));
  }

  /**
   * Hands over what there is and then what comes, until the signal aborts (then it resolves) or the daemon leaves.
   * @throws {BulkheadError} `daemon_unreachable` when the daemon leaves
   */
  async follow<M extends Followed>(
    method: M,
    params: Omit<NonNullable<ControlParams<M>>, "follow">,
    onItem: (item: ItemOf<M>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const options = {
      signal,
      // The daemon's own streams know no credit: a client that does not read loses its connection.
      credit: Infinity,
      onItem: ({ value }: Item) => onItem(parse<ItemOf<M>>(value)),
    };
    this.#peer.call(method, toSlice({ ...params, follow: true }), options, resolve);
    const outcome = await promise;
    if (signal.aborted) return;
    for (const item of parse<ItemOf<M>[]>(this.#resultOf(method, outcome))) onItem(item);
  }

  /** Ends the connection. Calls in flight are cancelled by the daemon. */
  close(): void {
    void this.#peer.end();
    // What is still being written keeps the process alive; waiting for the other side to hang up must not.
    this.#socket.unref();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Not `async`: what such a function keeps while it waits is as much again as the call.
   *
   * @param parent the request of the daemon that is being served
   */
  #callFor(parent: Id | undefined, target: string, params: unknown, options: CallOptions): Promise<unknown> {
    try {
      const bounded = wireOptions(options, { parent }, this.#takesBulk);
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      this.#send(target, params, options, bounded, resolve);
      return promise.then((outcome) => resultValue(this.#resultOf(target, outcome), outcome.data));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  get #takesBulk(): boolean {
    return this.#hello?.capabilities?.bulk === true;
  }

  /** Bytes that a daemon of before could not read are text in the params. */
  #send(
    target: string,
    params: unknown,
    { bulk }: CallOptions,
    bounded: WireCallOptions,
    settle: (outcome: Outcome) => void,
  ): OutgoingCall {
    if (bulk !== true) return this.#peer.call(target, paramsText(params), bounded, settle);
    const { text, data } = bulkParams(params, this.#takesBulk);
    return this.#peer.call(target, text, { ...bounded, data }, settle);
  }

  async #greet(options: ConnectOptions): Promise<HelloResult> {
    const { name = "bulkhead", version = "0", readOnly = false } = options;
    const outcome = await this.#peer.request(
      "hello",
      { protocol: controlRange, client: { name, version }, ...(readOnly ? { readOnly } : {}) },
      { totalTimeout: helloTimeout },
    );
    if (outcome.settlement !== "answered") {
      if (outcome.cause === "timeout") {
        throw unreachable(`the daemon at ${this.#path} accepts connections but does not answer`);
      }
      if (this.#refused !== null) throw BulkheadError.from(this.#refused);
      throw this.#end?.kind === "violation" ? notADaemon(this.#path) : this.#lost("hello", outcome);
    }
    if (outcome.error !== undefined) {
      const error = BulkheadError.from(outcome.error);
      throw error.code === "method_not_found" ? notADaemon(this.#path) : error;
    }
    const hello = parse<Partial<HelloResult>>(outcome.result);
    const { protocol, daemon, capabilities = {} } = hello;
    if (typeof protocol !== "number" || daemon === undefined) throw notADaemon(this.#path);
    if (protocol < controlRange.min || protocol > controlRange.max) {
      const older = protocol < controlRange.min ? "daemon" : "client";
      throw BulkheadError.of(
        "incompatible_client",
        `the daemon (${daemon.version}, pid ${daemon.pid}) speaks control protocol ${protocol}, this client ` +
          `(${version}) ${controlRange.min} to ${controlRange.max}: upgrade the ${older}`,
      );
    }
    if (readOnly && hello.readOnly !== true) {
      const message = `the daemon (${daemon.version}, pid ${daemon.pid}) knows no read-only connections`;
      throw BulkheadError.of("incompatible_client", message);
    }
    return { ...hello, protocol, daemon, capabilities };
  }

  #resultOf(target: string, outcome: Outcome): Slice {
    if (outcome.settlement !== "answered") throw this.#lost(target, outcome);
    if (outcome.error !== undefined) throw BulkheadError.from(outcome.error);
    return outcome.result;
  }

  #lost(target: string, outcome: Exclude<Outcome, { settlement: "answered" }>): BulkheadError {
    const { settlement } = outcome;
    switch (outcome.cause) {
      case "cancelled":
        return BulkheadError.of("cancelled", `${target} was cancelled`, { settlement });
      case "timeout":
        return BulkheadError.of("timeout", `the daemon gave no answer to ${target} in time`, { settlement });
      case "busy":
        return BulkheadError.of("plugin_busy", "too many calls wait on this connection", { settlement });
      case "too_large":
        return BulkheadError.of("too_large", `the params of ${target} are too large to send`, { settlement });
      case "closed":
        return BulkheadError.of("daemon_unreachable", `the connection to the daemon ended${why(this.#end)}`, {
          settlement,
        });
      default:
        return outcome.cause satisfies never;
    }
  }
}

/** The daemon keeps the bounds that it is told; all else is the connection's own. */
function wireOptions(
  options: CallOptions,
  { credit, parent }: { readonly credit?: number; readonly parent?: Id | undefined },
  takesBulk: boolean,
) {
  const { signal, onProgress, fingerprint } = options;
  const { idle, total } = boundsOf(options);
  const bulk = options.bulk === true && takesBulk ? true : undefined;
  const retry = options.retry === true ? true : undefined;
  const isBounded = (idle ?? total ?? credit ?? fingerprint ?? parent ?? bulk ?? retry) !== undefined;
  return {
    signal,
    totalTimeout: total === undefined ? undefined : total + grace,
    ctx: isBounded ? toSlice({ ms: total, idle, credit, fingerprint, parent, bulk, retry }) : undefined,
    bulk,
    onProgress: onProgress && ((value: Slice) => onProgress(JSON.parse(value.toString()))),
  };
}

/** The daemon is trusted to keep to its types: both come from one package, and hello has compared versions. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names the type at the call
function parse<T>(slice: Slice): T {
  const value: T = JSON.parse(slice.toString());
  return value;
}

function why(end: PeerEnd | undefined): string {
  if (end?.kind === "violation") return `: ${end.violation.message}`;
  return end?.kind === "error" ? `: ${end.error.message}` : "";
}

function unreachable(message: string): BulkheadError {
  return BulkheadError.of("daemon_unreachable", message);
}

function notADaemon(path: string): BulkheadError {
  return BulkheadError.of("incompatible_client", `what answers at ${path} is not a bulkhead daemon`);
}
