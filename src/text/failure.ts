/** How an error is told: what, whose fault, what is known of the call, and the next command to try. Pure. */
import { BulkheadError, errors, isErrorCode } from "../../protocol/error.ts";
import type { Fault, Settlement } from "../../protocol/error.ts";
import { messageOf } from "./message.ts";
import { isObject } from "./schema.ts";
import { terminalText } from "./sanitize.ts";

/** What the command line was about, to fill in hints. */
export interface Subject {
  readonly plugin?: string | undefined;
  readonly command?: string | undefined;
}

/** The error as `--json` prints it on stderr. */
export interface ErrorObject {
  readonly code: string;
  readonly number: number;
  readonly message: string;
  readonly fault: Fault;
  readonly settlement: Settlement | undefined;
  readonly report: string | undefined;
  readonly try: string;
  readonly data: unknown;
}

export const settlements = {
  answered: "answered",
  not_sent: "not sent",
  maybe_executed: "may have been executed",
} as const satisfies Record<Settlement, string>;

/** Every error as one of ours; what is not one is a mistake of this program. */
export function asBulkheadError(error: unknown): BulkheadError {
  if (error instanceof BulkheadError) return error;
  return new BulkheadError("internal_error", messageOf(error), errors.internal_error.number);
}

export function errorObject(error: BulkheadError, subject: Subject): ErrorObject {
  return {
    code: error.code,
    number: error.number,
    message: error.message,
    fault: faultOf(error),
    settlement: error.settlement,
    report: error.report,
    try: nextStep(error, subject),
    data: error.data,
  };
}

/** The same for people; `paint` colours the first word. */
export function errorLines(error: BulkheadError, subject: Subject, paint = (text: string) => text): string[] {
  // Of a call it must be said whether it may have had an effect; elsewhere there was none to lose.
  const { settlement } = error;
  const told =
    settlement !== undefined &&
    (subject.command === "call" || subject.command === "run" || settlement === "maybe_executed");
  const facts = [
    `fault: ${faultOf(error)}`,
    ...(told ? [settlements[settlement] ?? settlement] : []),
    ...(error.report === undefined ? [] : [`report ${error.report}`]),
  ];
  return [
    `${paint("error:")} ${terminalText(error.message)} [${terminalText(error.code)}]`,
    `  ${terminalText(facts.join(" · "))}`,
    `  try: ${terminalText(nextStep(error, subject))}`,
  ];
}

function faultOf(error: BulkheadError): Fault {
  return isErrorCode(error.code) ? errors[error.code].fault : "plugin";
}

/** The table's hint with names filled in; it always ends up naming a command. */
export function nextStep(error: BulkheadError, subject: Subject): string {
  const { plugin, command } = subject;
  if (error.code === "usage") return command === undefined ? "bulkhead help" : `bulkhead ${command} --help`;
  const choices = choicesOf(error);
  if (choices.length > 0) return choices.map((each) => `bulkhead call ${each}`).join("  or  ");
  if (error.code === "internal_error" && plugin === undefined) {
    return "A mistake of bulkhead itself; BULKHEAD_DEBUG=1 shows where. Then: bulkhead doctor";
  }
  const hint =
    error.hint ?? "The plugin answered with an error of its own; see its methods: bulkhead describe P";
  // There is nothing to fill in: what was typed is all that can be looked at.
  if (plugin === undefined && command !== undefined && /\bP\b/.test(hint))
    return `bulkhead ${command} --help`;
  const filled = hint
    .replaceAll(/\bP\b/g, plugin ?? "P")
    .replaceAll(/ ID\b/g, error.report === undefined ? "" : ` ${error.report}`);
  if (filled.includes("bulkhead ")) return filled;
  return `${filled.replace(/[.]?$/, ".")} Then: ${plugin === undefined ? "bulkhead doctor" : `bulkhead status ${plugin}`}`;
}

/** What an ambiguous method could have meant. */
function choicesOf(error: BulkheadError): string[] {
  if (error.code !== "ambiguous_method") return [];
  const detail = isObject(error.data) ? error.data["detail"] : undefined;
  const choices = isObject(detail) ? detail["choices"] : undefined;
  return Array.isArray(choices) ? choices.map(String) : [];
}
