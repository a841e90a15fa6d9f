/** From functions of a program to the answers of a service that it provides. */
import type { ServiceContext, ServiceHandlers } from "../../protocol/caller.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { toSlice } from "./json.ts";
import type { Slice } from "./json.ts";
import type { RpcError } from "./outcome.ts";

/** What is answered. Never rejects: whatever a handler throws is an answer. */
export async function answerBy(
  handlers: ServiceHandlers,
  method: string,
  params: Slice | undefined,
  context: ServiceContext,
): Promise<{ readonly result: Slice } | { readonly error: RpcError }> {
  try {
    const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
    if (handler === undefined) {
      throw BulkheadError.of("method_not_found", `the service has no method ${method}`);
    }
    const value: unknown = params === undefined ? {} : JSON.parse(params.toString());
    return { result: toSlice((await handler(value, context)) ?? null) };
  } catch (error) {
    if (error instanceof BulkheadError) return { error: sendable(error.toRpc()) };
    const message = error instanceof Error ? error.message : String(error);
    return { error: BulkheadError.of("internal_error", message, { settlement: "answered" }).toRpc() };
  }
}

/** Its data are the program's own, and may have no JSON form. */
function sendable(error: RpcError): RpcError {
  try {
    toSlice(error);
    return error;
  } catch {
    return { code: error.code, message: error.message.toWellFormed() };
  }
}
