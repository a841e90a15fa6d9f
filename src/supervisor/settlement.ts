/** From how a call ended on the wire to what its caller is told. Pure. */
import { reserved } from "../../protocol/error.ts";
import type { RpcError } from "../../protocol/error.ts";
import type { Outcome } from "../wire/peer.ts";
import type { CallOutcome } from "./call.ts";
import { refusal } from "./call.ts";

/** Why a session took its calls along. */
export interface Ending {
  readonly code: "plugin_crashed" | "plugin_hung" | "plugin_unavailable";
  /** Goes on after the plugin's name: `crashed: killed by SIGSEGV`. */
  readonly message: string;
  /** Id of the crash report. */
  readonly report: string | undefined;
}

/** Before the report is written, nobody is told of a crash. */
const unexplained: Ending = { code: "plugin_unavailable", message: "is just leaving", report: undefined };

export function settlementOf(
  plugin: string,
  method: string,
  outcome: Outcome,
  ending: Ending | null,
): CallOutcome {
  if (outcome.settlement === "answered") {
    if (outcome.error !== undefined) return { error: honest(plugin, outcome.error) };
    const { result, data } = outcome;
    return data === undefined ? { result } : { result, data };
  }
  const { settlement } = outcome;
  switch (outcome.cause) {
    case "timeout": {
      const detail = { timeout: outcome.timeout };
      return refusal("timeout", `${plugin} did not answer ${method} in time`, { settlement, detail });
    }
    case "cancelled":
      return refusal("cancelled", `the call of ${method} was cancelled`, { settlement });
    case "busy":
      return refusal("plugin_busy", `${plugin} does not read fast enough`, { settlement });
    case "too_large":
      return refusal("too_large", `the params of ${method} are larger than a frame may be`, { settlement });
    case "closed": {
      const { code, message, report } = ending ?? unexplained;
      return refusal(code, `${plugin} ${message}`, {
        settlement,
        ...(report === undefined ? {} : { report }),
      });
    }
  }
}

/** A plugin that uses the supervisor's own codes would be believed: it gets another one. */
function honest(plugin: string, error: RpcError): RpcError {
  if (error.code < reserved.min || error.code > reserved.max) return inOwnWords(error);
  const message = `${plugin} answered with the reserved code ${error.code}: ${error.message}`;
  return refusal("plugin_error", message, { settlement: "answered" }).error;
}

/** What became of a call, and which report tells of it, is the supervisor's to say: a plugin's word would be believed. */
function inOwnWords(error: RpcError): RpcError {
  const { data } = error;
  if (typeof data !== "object" || data === null || Array.isArray(data)) return error;
  if (!Object.hasOwn(data, "settlement") && !Object.hasOwn(data, "report")) return error;
  const own = Object.entries(data).filter(([key]) => key !== "settlement" && key !== "report");
  return { ...error, data: Object.fromEntries(own) };
}
