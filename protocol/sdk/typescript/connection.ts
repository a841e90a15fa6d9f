/** vscode-jsonrpc's connection, with what protocol 1 adds to it: the id and the context of a request, in both directions. */
import {
  createMessageConnection,
  ParameterStructures,
  ResponseError,
  type AbstractCancellationTokenSource,
  type CancellationToken,
  type Disposable,
  type MessageConnection,
  type RequestMessage,
} from "vscode-jsonrpc/node";
import type { Readable, Writable } from "node:stream";
import { BulkResult } from "./bulk.ts";
import { codes, HostError, isObject } from "./error.ts";
import { isId, type Context, type Id } from "./message.ts";
import { StrictReader, StrictWriter, type Limits } from "./transport.ts";

/** A request of the host. vscode-jsonrpc hands the message to nobody but the maker of cancellation tokens: this is one. */
export class Incoming implements AbstractCancellationTokenSource, CancellationToken {
  readonly id: Id;
  readonly method: string;
  readonly params: unknown;
  readonly context: Context;
  readonly #controller = new AbortController();

  constructor(request: RequestMessage) {
    this.id = request.id ?? "";
    this.method = request.method;
    this.params = request.params;
    this.context = contextOf("ctx" in request ? request.ctx : undefined);
  }

  get token(): CancellationToken {
    return this;
  }
  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  get isCancellationRequested(): boolean {
    return this.signal.aborted;
  }
  readonly onCancellationRequested = (listener: (event: unknown) => unknown): Disposable => {
    const { signal } = this;
    const heard = (): void => void listener(undefined);
    signal.addEventListener("abort", heard, { once: true });
    return { dispose: () => signal.removeEventListener("abort", heard) };
  };
  cancel(): void {
    this.#controller.abort();
  }
  dispose(): void {}
}

/** A plugin may ignore what it receives here; what is malformed is ignored too. */
function contextOf(ctx: unknown): Context {
  if (!isObject(ctx)) return {};
  const { ms, credit, bulk } = ctx;
  return {
    ...(typeof ms === "number" && { ms }),
    ...(typeof credit === "number" && credit > 0 && { credit }),
    ...(bulk === true && { bulk }),
  };
}

export interface Outgoing {
  /** The request that is being served. */
  readonly parent?: Id | undefined;
  /** Bounds the call, in milliseconds. */
  readonly ms?: number | undefined;
  /** Tells the host to stop. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((value: unknown) => void) | undefined;
}

export interface Receiver {
  /** @throws ResponseError, which is the answer */
  request(request: Incoming): Promise<unknown>;
  notification(method: string, params: unknown): void;
  /** The answer to this request is on its way. */
  answered(id: Id): void;
  /** The input has ended between two frames. */
  ended(): void;
  /** The input is out of step, or one of the two streams has failed. */
  failed(side: "input" | "output", error: Error): void;
}

export class Connection {
  readonly #connection: MessageConnection;
  readonly #progress = new Map<Id, (value: unknown) => void>();
  /** What the request that is just being sent has besides method and params. */
  #outgoing: Outgoing & { id?: Id } = {};

  constructor(input: Readable, output: Writable, limits: Limits, receiver: Receiver) {
    const writer = new StrictWriter(output, limits, (id) => receiver.answered(id));
    const reader = new StrictReader(input, limits, ({ id, error }) => {
      void writer.write(Object.assign({ jsonrpc: "2.0" }, { id, error: error.toJson() }));
    });
    reader.onError((error) => receiver.failed("input", error));
    writer.onError(([error]) => receiver.failed("output", error));

    const connection = createMessageConnection(reader, writer, undefined, {
      cancellationStrategy: {
        receiver: { kind: "request", createCancellationTokenSource: (request) => new Incoming(request) },
        sender: {
          // The one place that sees a request before it leaves.
          enableCancellation: (request) => this.#complete(request),
          sendCancellation: (to, id) => to.sendNotification("$/cancelRequest", { id }),
          cleanup: (id) => void this.#progress.delete(id),
        },
      },
    });
    connection.onRequest((_method, _params, token) => {
      if (!(token instanceof Incoming)) throw new TypeError("a request without its message");
      const answer = receiver.request(token);
      return token.context.bulk === true ? answer.then((result) => new BulkResult(result)) : answer;
    });
    connection.onNotification((method: string, params: unknown) => receiver.notification(method, params));
    connection.onNotification("$/progress", (params: unknown) => {
      if (isObject(params) && isId(params["id"])) this.#progress.get(params["id"])?.(params["value"]);
    });
    connection.onClose(() => receiver.ended());
    this.#connection = connection;
  }

  listen(): void {
    this.#connection.listen();
  }

  /** @throws EncodeError by rejection, when the message can not be sent. Order is that of the calls. */
  notify(method: string, params: object): Promise<void> {
    return this.#connection.sendNotification(method, ParameterStructures.byName, params);
  }

  /** @throws HostError by rejection */
  async request(method: string, params: object, outgoing: Outgoing): Promise<unknown> {
    const { signal } = outgoing;
    const listening = new AbortController();
    const cancellation: CancellationToken = {
      get isCancellationRequested() {
        return signal?.aborted ?? false;
      },
      onCancellationRequested: (listener) => {
        signal?.addEventListener("abort", listener, { signal: listening.signal });
        return { dispose: () => listening.abort() };
      },
    };
    this.#outgoing = outgoing;
    try {
      return await this.#connection.sendRequest(method, ParameterStructures.byName, params, cancellation);
    } catch (error) {
      if (error instanceof ResponseError) throw new HostError(error.code, error.message, error.data);
      const message = error instanceof Error ? error.message : String(error);
      throw new HostError(codes.internalError, message);
    }
  }

  #complete(request: RequestMessage): void {
    const { parent, ms, onProgress } = this.#outgoing;
    if (onProgress !== undefined && request.id !== null) this.#progress.set(request.id, onProgress);
    if (parent === undefined && ms === undefined) return;
    Object.assign(request, {
      ctx: { ...(parent !== undefined && { parent }), ...(ms !== undefined && { ms }) },
    });
  }
}
