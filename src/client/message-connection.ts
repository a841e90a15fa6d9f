/** A plugin as a vscode-jsonrpc connection, for programs that live in that library. */
import type {
  Disposable,
  Message,
  MessageConnection,
  NotificationMessage,
  RequestMessage,
} from "vscode-jsonrpc/node";
import type { Caller } from "../../protocol/caller.ts";
import { BulkheadError } from "../../protocol/error.ts";

type Id = string | number | null;

/**
 * Requests `api.method` of the connection are calls of the plugin, wherever its process happens to be: they start it,
 * survive its restarts, and end with the supervisor's codes. Cancelling a request cancels the call. Progress of a call
 * whose params have a `workDoneToken` arrives under that token; the plugin does not see it. The plugin sends no requests
 * this way, and notifications to it go nowhere. Disposing of the connection cancels what is open.
 */
export async function asMessageConnection(caller: Caller, plugin: string): Promise<MessageConnection> {
  const library = await import("vscode-jsonrpc/node");
  const open = new Map<Id, AbortController>();

  class Reader extends library.AbstractMessageReader {
    #deliver: ((message: Message) => void) | undefined;

    listen(callback: (message: Message) => void): Disposable {
      this.#deliver = callback;
      return { dispose: () => (this.#deliver = undefined) };
    }

    deliver(message: Message): void {
      this.#deliver?.(message);
    }

    override dispose(): void {
      super.dispose();
      this.#deliver = undefined;
      for (const controller of open.values()) controller.abort();
      open.clear();
    }
  }

  class Writer extends library.AbstractMessageWriter {
    async write(message: Message): Promise<void> {
      if (library.Message.isRequest(message)) void answer(message);
      else if (library.Message.isNotification(message)) cancel(message);
    }

    end(): void {
      this.fireClose();
    }
  }

  const reader = new Reader();

  function cancel({ method, params }: NotificationMessage): void {
    if (method === "$/cancelRequest" && isRecord(params)) open.get(idOf(params["id"]))?.abort();
  }

  async function answer({ id, method, params }: RequestMessage): Promise<void> {
    const controller = new AbortController();
    open.set(id, controller);
    const outcome = await call(method, params, controller.signal);
    // After the end nobody asks any more.
    if (open.delete(id)) reader.deliver(Object.assign({ jsonrpc: "2.0", id }, outcome));
  }

  async function call(method: string, params: unknown, signal: AbortSignal): Promise<object> {
    try {
      const { token, rest } = withoutToken(params);
      const onProgress = (value: unknown): void => {
        const progress = { token, value };
        reader.deliver(Object.assign({ jsonrpc: "2.0", method: "$/progress" }, { params: progress }));
      };
      const result = await caller.call(`${plugin}/${method}`, rest, {
        signal,
        onProgress: token === undefined ? undefined : onProgress,
      });
      return { result: result ?? null };
    } catch (error) {
      return { error: rpcError(error) };
    }
  }

  return library.createMessageConnection(reader, new Writer());
}

function withoutToken(params: unknown): { token: string | number | undefined; rest: unknown } {
  if (params === undefined) return { token: undefined, rest: {} };
  if (!isRecord(params)) {
    throw BulkheadError.of("invalid_params", "the params of a call are an object, not a list");
  }
  const { workDoneToken: token, ...rest } = params;
  return typeof token === "string" || typeof token === "number"
    ? { token, rest }
    : { token: undefined, rest: params };
}

function rpcError(error: unknown): object {
  if (error instanceof BulkheadError) return error.toRpc();
  const message = error instanceof Error ? error.message : String(error);
  return BulkheadError.of("internal_error", message, { settlement: "maybe_executed" }).toRpc();
}

function idOf(value: unknown): Id {
  return typeof value === "string" || typeof value === "number" ? value : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
