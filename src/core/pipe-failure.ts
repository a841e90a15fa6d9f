/** What a pipe makes of a call that failed. */
import { errors, reserved } from "../../protocol/error.ts";
import type { BulkheadError, ErrorCode, ErrorEntry } from "../../protocol/error.ts";
import { oneLine } from "./one-line.ts";

/** Why a call of either end has failed. */
export interface PipeFailure {
  /** `away`: it will come back. `again`: worth some more attempts. `refused`: its own answer, or the caller's mistake. */
  readonly kind: "away" | "again" | "refused";
  /** The end may have seen the call. */
  readonly sent: boolean;
  readonly code: string;
  readonly message: string;
}

const table: ReadonlyMap<string, ErrorEntry> = new Map(Object.entries(errors));

const away: ReadonlySet<string> = new Set<ErrorCode>([
  "plugin_crashed",
  "plugin_hung",
  "plugin_unavailable",
  "plugin_busy",
  "plugin_not_found",
  "supervisor_stopping",
]);

/** What to make of a call that failed. The supervisor's own errors are told by their numbers, which no plugin can use. */
export function failureOf(error: BulkheadError): PipeFailure {
  const { number, settlement } = error;
  // They are written with the progress, and may be a plugin's own.
  const [code, message] = [oneLine(error.code, 100), oneLine(error.message, 500)];
  const isSupervisors = number >= reserved.min && number <= reserved.max && settlement !== "answered";
  if (!isSupervisors) return { kind: "refused", sent: true, code, message };
  const sent = settlement !== "not_sent";
  if (away.has(code)) return { kind: "away", sent, code, message };
  return { kind: table.get(code)?.retryable === true ? "again" : "refused", sent, code, message };
}
