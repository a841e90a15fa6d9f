/** JSON Schemas and zod: each as the other, as far as that goes. */
import { z } from "zod";
import type { JsonSchema } from "./description.ts";
import { checker } from "./json-schema.ts";

/** The JSON Schemas that zod schemas were made of. */
const made = new WeakMap<object, JsonSchema>();
/** Marks their place until zod is done. */
const placeholder = "x-bulkhead-json-schema";

/**
 * A zod schema that validates with a JSON Schema (2020-12), for what zod can not say. It is written into a contract's
 * document as it is.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what the schema describes, only the caller knows
export function jsonSchema<T = unknown>(schema: JsonSchema): z.ZodType<T, T> {
  let check: ReturnType<typeof checker> | undefined;
  const type = z.unknown().superRefine((value, context) => {
    // The checker writes into the schema that it is given.
    check ??= checker(schema);
    const wrong = value === undefined ? { path: "", message: "Required" } : check(value);
    if (wrong === undefined) return;
    const path = wrong.path.split("/").slice(1).map(unescaped);
    context.addIssue({ code: "custom", input: value, path, message: wrong.message });
  });
  made.set(type, schema);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the validator vouches for it
  return type as unknown as z.ZodType<T, T>;
}

function unescaped(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

/**
 * The JSON Schema of the values before (`input`) or after (`output`) a zod schema has parsed them.
 * @throws {Error} for what JSON can not hold or JSON Schema can not say: dates, transforms, patterns with flags
 */
export function toJsonSchema(type: z.ZodType, io: "input" | "output"): JsonSchema {
  const found: JsonSchema[] = [];
  const { $schema: _, ...root } = z.toJSONSchema(type, {
    io,
    target: "draft-2020-12",
    override: ({ zodSchema, jsonSchema: written }) => {
      refuseFlags(zodSchema);
      const schema = madeOf(zodSchema);
      if (schema === undefined || Object.hasOwn(written, placeholder)) return;
      written[placeholder] = found.length;
      found.push(schema);
    },
  });
  return found.length === 0 ? root : placed(root, found);
}

function madeOf(type: z.core.$ZodType): JsonSchema | undefined {
  // `describe` and `meta` wrap what they describe.
  for (let each: z.core.$ZodType | undefined = type; each !== undefined; each = each._zod.parent) {
    const schema = made.get(each);
    if (schema !== undefined) return schema;
  }
  return undefined;
}

/** JSON Schema's patterns have no flags: dropping them would say something else. */
function refuseFlags(type: z.core.$ZodType): void {
  for (const check of type._zod.def.checks ?? []) {
    const pattern: unknown = Reflect.get(check._zod.def, "pattern");
    if (
      Reflect.get(check._zod.def, "format") === "regex" &&
      pattern instanceof RegExp &&
      /[ims]/.test(pattern.flags)
    ) {
      throw new Error(`JSON Schema has no flags for patterns: ${String(pattern)}`);
    }
  }
}

/** Puts the JSON Schemas where they belong; those with references move to `$defs`, for their references to hold. */
function placed(root: Record<string, unknown>, found: readonly JsonSchema[]): JsonSchema {
  const moved: Record<string, unknown> = {};
  const place = (value: unknown, isRoot: boolean): unknown => {
    if (Array.isArray(value)) return value.map((each) => place(each, false));
    if (typeof value !== "object" || value === null) return value;
    const index = Object.hasOwn(value, placeholder) ? Reflect.get(value, placeholder) : undefined;
    const schema = typeof index === "number" ? found[index] : undefined;
    if (schema === undefined) {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, place(each, false)]));
    }
    const rest = Object.fromEntries(Object.entries(value).filter(([key]) => key !== placeholder));
    if (typeof schema === "boolean") return schema ? rest : { ...rest, not: {} };
    if (isRoot || !JSON.stringify(schema).includes('"$ref"')) return { ...schema, ...rest };
    const name = `embedded${index}`;
    moved[name] = rebased(schema, `#/$defs/${name}`);
    return { ...rest, $ref: `#/$defs/${name}` };
  };
  const whole = place(root, true);
  if (typeof whole !== "object" || whole === null) return true;
  const schema: Record<string, unknown> = { ...whole };
  if (Object.keys(moved).length === 0) return schema;
  const own = schema["$defs"];
  return { ...schema, $defs: { ...(typeof own === "object" ? own : {}), ...moved } };
}

/** Where the document that references are looked up in has become a part of another one. */
export function rebased(value: unknown, base: string): unknown {
  if (Array.isArray(value)) return value.map((each) => rebased(each, base));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === "$ref" && typeof each === "string" && each.startsWith("#")
        ? base + each.slice(1)
        : rebased(each, base),
    ]),
  );
}
