/** The error that users catch, and how errors travel. The codes and what they mean stand in error-table.ts. */
import { errors } from "./error-table.ts";

export { errors } from "./error-table.ts";
export type { ErrorEntry, Fault } from "./error-table.ts";

/** What is known about a call that did not end with an answer of the plugin. */
export type Settlement = "answered" | "not_sent" | "maybe_executed";
const settlements: readonly Settlement[] = ["answered", "not_sent", "maybe_executed"];

export type ErrorCode = keyof typeof errors;

/** Numbers that only the supervisor may send. */
export const reserved = { min: -31999, max: -31900 } as const;

/** Codes that a plugin answers during the handshake. */
export const handshakeCodes = { incompatibleProtocol: -32001, configInvalid: -32002 } as const;

const byNumber = new Map<number, ErrorCode>(
  Object.keys(errors)
    .filter(isErrorCode)
    .map((code) => [errors[code].number, code]),
);

/** The stable code of a JSON-RPC number, when the table knows it. */
export function codeOf(number: number): ErrorCode | undefined {
  return byNumber.get(number);
}

/** Codes that are not in the table are a plugin's own. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errors, code);
}

function numbersOf(code: ErrorCode): readonly number[] {
  const own = errors[code].number;
  if (code === "incompatible_protocol") return [own, handshakeCodes.incompatibleProtocol];
  return code === "config_invalid" ? [own, handshakeCodes.configInvalid] : [own];
}

/** What travels in `error.data` when the supervisor answers in a plugin's place. */
export interface ErrorData {
  readonly code: string;
  readonly settlement: Settlement;
  /** Id of the crash report, for `bulkhead crashes ID`. */
  readonly report?: string;
  /** Milliseconds after which a retry makes sense. */
  readonly retryAfterMs?: number;
  /** JSON pointer to the value that does not fit. */
  readonly path?: string;
  /** How often it was sent, of a call with `retry`. */
  readonly attempts?: number;
  /** Near misses, choices, expected and found values: whatever helps. */
  readonly detail?: unknown;
}

/** An error answer as it stands on the wire. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** The error that users of the TypeScript api catch; match on `code`, never on the message. */
export class BulkheadError extends Error {
  override readonly name = "BulkheadError";
  /** Stable code from the table, or the plugin's own `data.code`, or `rpc_<number>`. */
  readonly code: string;
  readonly number: number;
  readonly data: unknown;
  readonly settlement: Settlement | undefined;
  readonly report: string | undefined;

  /** @param settlement unless the data say it */
  constructor(code: string, message: string, number: number, data?: unknown, settlement?: Settlement) {
    super(message);
    this.code = code;
    this.number = number;
    this.data = data;
    const known = isObject(data) ? data : {};
    // Data may come from a plugin, which may put anything there.
    this.settlement = settlements.find((each) => each === known["settlement"]) ?? settlement;
    this.report = typeof known["report"] === "string" ? known["report"] : undefined;
  }

  get hint(): string | undefined {
    return isErrorCode(this.code) ? errors[this.code].hint : undefined;
  }

  /** From the table. */
  static of(code: ErrorCode, message: string, data: Partial<ErrorData> = {}): BulkheadError {
    return new BulkheadError(code, message, errors[code].number, { code, settlement: "not_sent", ...data });
  }

  /** From an error answer. A code of the table counts only with its own number: a plugin may not borrow one. */
  static from(error: RpcError): BulkheadError {
    const told =
      isObject(error.data) && typeof error.data["code"] === "string" ? error.data["code"] : undefined;
    const borrowed = told !== undefined && isErrorCode(told) && !numbersOf(told).includes(error.code);
    const own = borrowed ? undefined : told;
    // Whoever answered has seen the call, unless it answers in the place of somebody else and says so.
    const code = own ?? codeOf(error.code) ?? `rpc_${error.code}`;
    return new BulkheadError(code, error.message, error.code, error.data, "answered");
  }

  toRpc(): RpcError {
    return { code: this.number, message: this.message, data: this.data };
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
