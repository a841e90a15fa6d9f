/** Values where they enter or leave a typed client. */
import type { z } from "zod";
import { inText } from "../../../protocol/bytes.ts";
import { BulkheadError, errors } from "../../../protocol/error.ts";
import type { Settlement } from "../../../protocol/error.ts";

/** @throws {BulkheadError} `invalid_params`: nothing was sent */
export function checkParams(schema: z.ZodType, value: unknown, target: string): unknown {
  return parsed(schema, value ?? {}, "invalid_params", `the params of ${target}`, "not_sent");
}

/**
 * @param what Such as `the result`
 * @throws {BulkheadError} `invalid_result`
 */
export function checkAnswer(schema: z.ZodType, value: unknown, target: string, what: string): unknown {
  return parsed(schema, value, "invalid_result", `${what} of ${target}`, "answered");
}

/**
 * Of a call whose answer may hold bytes.
 * @throws {BulkheadError} `invalid_result`
 */
export function checkBulkAnswer(schema: z.ZodType, value: unknown, target: string): unknown {
  const result = schema.safeParse(value);
  // A plugin may send bytes also where the contract wants their text.
  return result.success ? result.data : checkAnswer(schema, inText(value), target, "the result");
}

function parsed(
  schema: z.ZodType,
  value: unknown,
  code: "invalid_params" | "invalid_result",
  what: string,
  settlement: Settlement,
): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const path = (first?.path ?? []).map(step).join("");
  const detail = result.error.issues
    .slice(0, 16)
    .map((issue) => ({ path: issue.path.map(step).join(""), message: issue.message }));
  const place = path === "" ? what : `${what} at ${path}`;
  const message = `${place}: ${first?.message ?? "does not fit the contract"}`;
  throw new BulkheadError(code, message, errors[code].number, { code, settlement, path, detail });
}

function step(key: PropertyKey): string {
  return `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
