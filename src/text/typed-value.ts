/** Text that a person has typed into the value that it stands for, by a JSON Schema. Pure. */
import { BulkheadError } from "../../protocol/error.ts";
import { messageOf } from "./message.ts";
import { alternatives, anyType, isObject, resolve, typeName, typeOf, typesOf, valuesOf } from "./schema.ts";
import type { JsonType, Located } from "./schema.ts";

/** Strict JSON, in which no integer silently changes its value. @throws {BulkheadError} `usage` */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text, exactly);
  } catch (error) {
    throw BulkheadError.of("usage", `${where}: not valid JSON: ${messageOf(error)}`);
  }
}

/** JSON text that `parseJson` takes for the same value: a large integer that is meant as a double is written as one. */
export function writeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, withExponent, indent) ?? "null";
}

function withExponent(_: string, value: unknown): unknown {
  if (typeof value !== "number" || !losesDigits(String(value), value)) return value;
  return rawJson.rawJSON(value.toExponential());
}

/** Newer than the library's types. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
const rawJson = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** A reviver; its third argument, with the number's own text, is newer than the library's types. */
function exactly(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || !losesDigits(context?.source ?? String(value), value)) return value;
  throw new RangeError(`${context?.source ?? value} is beyond ±(2^53−1); write it as a string`);
}

/** A double can not hold every integer of more than 53 bits. With an exponent it is meant as a double. */
function losesDigits(text: string, value: number): boolean {
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value);
}

/** The value that `text` stands for. Everything else is tried before text itself. */
export function typed(text: string, schema: Located, key: string): unknown {
  const options = alternatives(schema);
  for (const option of options) {
    const values = valuesOf(option.schema);
    const match = values?.find(
      (value) => (typeof value === "string" ? value : JSON.stringify(value)) === text,
    );
    if (match !== undefined) return match;
  }
  const open = options.filter((option) => valuesOf(option.schema) === undefined);
  for (const type of ["null", "boolean", "integer", "number", "array", "object", "string"] as const) {
    for (const option of open) {
      if (!typesOf(option.schema).includes(type)) continue;
      const read = readAs(type, text, option, key);
      if (read !== undefined) return read.value;
    }
  }
  throw misfit(key, schema, text);
}

function readAs(
  type: JsonType,
  text: string,
  { schema, root }: Located,
  key: string,
): { value: unknown } | undefined {
  switch (type) {
    case "null":
      return text === "null" ? { value: null } : undefined;
    case "boolean":
      return text === "true" || text === "false" ? { value: text === "true" } : undefined;
    case "integer":
    case "number": {
      // Only the ways in which JSON writes numbers: not 0x10, not 007, not "".
      if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return undefined;
      const value = Number(text);
      if (!Number.isFinite(value)) return undefined;
      if (type === "integer" && !Number.isInteger(value)) return undefined;
      return losesDigits(text, value) ? undefined : { value };
    }
    case "array":
    case "object": {
      const value = container(text);
      if (value !== undefined && typeOf(value) === type) return { value };
      // `tag=x` for an array: its first element; put() appends the next.
      if (type !== "array" || typesOf(schema).length > 1 || value !== undefined) return undefined;
      const { items } = schema;
      return isObject(items) ? { value: [typed(text, resolve({ schema: items, root }), key)] } : undefined;
    }
    case "string":
      if (schema["format"] === "int64") return isInt64(text) ? { value: text } : undefined;
      return { value: typesOf(schema) === anyType ? unquoted(text) : text };
    default:
      return type satisfies never;
  }
}

/** Where anything goes, `"5"` in quotes is JSON too: the way to say text and not a number. */
function unquoted(text: string): unknown {
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function container(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return parseJson(text, "");
  } catch {
    return undefined;
  }
}

function isInt64(text: string): boolean {
  return /^-?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

function misfit(key: string, schema: Located, text: string): BulkheadError {
  const found = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  const expected = typeName(schema);
  return BulkheadError.of("invalid_params", `${key} must be ${expected}, found ${JSON.stringify(found)}`, {
    path: `/${key.replaceAll(".", "/")}`,
    detail: { expected, found },
  });
}
