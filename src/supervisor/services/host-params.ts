/** Reads what a plugin sends to a service of the supervisor itself. */
import type { z } from "zod";
import type { CallOutcome } from "../call.ts";
import { refusal } from "../call.ts";

/** What the supervisor parses itself; what it only passes on may be larger. Bytes. */
const largest = 1024 * 1024;

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly outcome: CallOutcome };

export function read<T>(method: string, params: Buffer | undefined, schema: z.ZodType<T>): Read<T> {
  if (params !== undefined && params.length > largest) {
    return { ok: false, outcome: refusal("too_large", `the params of ${method} are over ${largest} bytes`) };
  }
  const parsed = schema.safeParse(params === undefined ? {} : JSON.parse(params.toString("utf8")));
  if (parsed.success) return { ok: true, value: parsed.data };
  const issue = parsed.error.issues[0];
  return {
    ok: false,
    outcome: misfit(method, (issue?.path ?? []).map(String), issue?.message ?? "does not fit"),
  };
}

export function misfit(method: string, path: readonly string[], message: string): CallOutcome {
  const pointer = path.map((each) => `/${each}`).join("");
  return refusal("invalid_params", `${method}: ${pointer === "" ? "params" : pointer}: ${message}`, {
    path: pointer,
  });
}

export const nothing = Buffer.from("null");
