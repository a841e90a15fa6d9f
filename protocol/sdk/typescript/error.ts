/** What a call is answered with when it has no result, and what the host answers when it has none. */
import { ResponseError } from "vscode-jsonrpc/node";

/** Numbers with a meaning of their own; protocol/README.md, "Errors". */
export const codes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  cancelled: -32800,
  incompatibleProtocol: -32001,
  configInvalid: -32002,
} as const;

/** The code of errors that are told apart by `data.code` alone. */
const NAMED = 1;

/**
 * An error that a handler throws on purpose: the call failed, the plugin lives on. It arrives as it was made; but the
 * numbers -31999 to -31900 belong to the supervisor, and leave as -32603.
 */
export class PluginError extends Error {
  override readonly name = "PluginError";
  readonly code: number;
  readonly data: unknown;

  /**
   * @param code a number of the plugin's own, or a stable name: then the number is 1, and the name is `data.code`
   * @param data should have a `code`, a stable string
   */
  constructor(code: number | string, message: string, data?: unknown) {
    super(message);
    this.code = typeof code === "number" ? code : NAMED;
    this.data = typeof code === "number" ? data : { ...(isObject(data) ? data : {}), code };
  }

  /** The params fit their schema and are wrong all the same. `path` is a JSON pointer to the value, such as `/roots/0`. */
  static invalidParams(path: string, message: string): PluginError {
    return new PluginError(codes.invalidParams, message, { code: "invalid_params", path });
  }

  /** The configuration is wrong: thrown by a hook. `path` is a JSON pointer to the value. */
  static configInvalid(path: string, message: string): PluginError {
    return new PluginError(codes.configInvalid, message, { code: "config_invalid", path });
  }
}

/** The host answered with an error, or could not be asked. Match on `code`, never on the message. */
export class HostError extends Error {
  override readonly name = "HostError";
  /** The error's `data.code`, such as `service_not_granted`, or `rpc_<number>`. */
  readonly code: string;
  readonly number: number;
  readonly data: unknown;

  constructor(number: number, message: string, data?: unknown) {
    super(message);
    this.number = number;
    this.data = data;
    this.code = isObject(data) && typeof data["code"] === "string" ? data["code"] : `rpc_${number}`;
  }
}

/** What goes over the wire for something thrown. */
export function toResponseError(thrown: unknown): ResponseError<unknown> {
  if (thrown instanceof ResponseError) return thrown;
  if (!(thrown instanceof PluginError)) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const code = thrown instanceof HostError ? thrown.code : "internal_error";
    return new ResponseError<unknown>(codes.internalError, message, { code });
  }
  const { code, message, data } = thrown;
  if (!Number.isSafeInteger(code))
    return refusal(codes.internalError, "bad_code", `${message} (its code is no integer: ${code})`);
  if (code >= -31999 && code <= -31900) {
    const text = `${message} (the plugin chose code ${code}, which belongs to the supervisor)`;
    return refusal(codes.internalError, "reserved_code", text);
  }
  return new ResponseError<unknown>(code, message, data);
}

/** An error of this SDK's own making. */
export function refusal(
  number: number,
  code: string,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): ResponseError<unknown> {
  return new ResponseError<unknown>(number, message, { code, ...more });
}

export const cancelled = (): ResponseError<unknown> => refusal(codes.cancelled, "cancelled", "cancelled");

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
