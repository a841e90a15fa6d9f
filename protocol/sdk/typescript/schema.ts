/** zod schemas on the wire: what describes them, and what says why a value does not fit. */
import { z } from "zod";
import { codes, refusal } from "./error.ts";
import type { ResponseError } from "vscode-jsonrpc/node";

/**
 * A 64-bit integer as the wire has it: a string, because JSON numbers end at 2^53 for too many readers. In a handler,
 * `BigInt(text)` and `String(integer)` go between the two.
 */
export const int64 = z
  .string()
  .regex(/^(?:0|-?[1-9][0-9]{0,18})$/, "must be a 64-bit integer, written as a string")
  .refine((text) => BigInt.asIntN(64, BigInt(text)) === BigInt(text), "must fit into 64 bits")
  .meta({ format: "int64" });

/** JSON Schema 2020-12: `input` for what is read, `output` for what is written. @throws when there is none */
export function jsonSchema(what: string, schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  try {
    const { $schema: _, "~standard": __, ...described } = z.toJSONSchema(schema, { io });
    return described;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`${what} can not be described as JSON Schema: ${reason}`, { cause: error });
  }
}

type Misfit = (path: string, message: string) => ResponseError<unknown>;

export const invalidParams: Misfit = (path, message) =>
  refusal(codes.invalidParams, "invalid_params", message, { path });

export const configInvalid: Misfit = (path, message) =>
  refusal(codes.configInvalid, "config_invalid", message, { path });

/** The plugin's own mistake. */
export const invalidResult =
  (what: string): Misfit =>
  (path, message) =>
    refusal(codes.internalError, "invalid_result", `${what} does not fit its schema: ${message}`, { path });

/** The value as the schema gives it. @throws what `misfit` makes of the first difference */
export function fit<T>(schema: z.ZodType<T>, value: unknown, misfit: Misfit): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = pointer(issue?.path ?? []);
  const message = issue?.message ?? "does not fit";
  throw misfit(path, path === "" ? message : `${path}: ${message}`);
}

/** RFC 6901. */
function pointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
