/** As much of JSON Schema as it takes to read a configuration's schema as a list of settings. */
import type { JsonSchema } from "../../../protocol/description.ts";
import { atPointer, isObject } from "../json-value.ts";
import type { JsonObject } from "../json-value.ts";

/** References in circles end somewhere. */
const deepest = 16;

/** A property's schema with references followed, and `T or null` taken for `T`: a setting that is not set is absent. */
export function opened(schema: unknown, root: JsonSchema | undefined, depth = 0): JsonObject {
  if (!isObject(schema) || depth > deepest) return {};
  const { $ref: reference, anyOf, oneOf, allOf, ...rest } = schema;
  const beside: JsonObject = withoutNull(rest);
  const inner = (each: unknown): JsonObject => opened(each, root, depth + 1);
  if (typeof reference === "string") return { ...inner(target(root, reference)), ...beside };
  const [only, ...others] = Array.isArray(allOf) ? allOf : [];
  if (only !== undefined && others.length === 0) return { ...inner(only), ...beside };
  const choices = [anyOf, oneOf].find((each) => Array.isArray(each));
  if (!Array.isArray(choices)) return beside;
  const real = choices.filter((each) => !isObject(each) || each["type"] !== "null");
  if (real.length === 1) return { ...inner(real[0]), ...beside };
  // A list of constants, each with a description of its own, is how some generators write an enum.
  const values = real.map((each) => inner(each)["enum"]);
  return values.every((each) => Array.isArray(each)) ? { ...beside, enum: values.flat() } : beside;
}

export interface Parts {
  /** In the order in which they are described. */
  readonly properties: ReadonlyMap<string, unknown>;
  readonly required: ReadonlySet<string>;
  /** Schemas of keys that are not described; empty: the schema does not speak of any. */
  readonly more: readonly (true | JsonObject)[];
  readonly patterns: readonly string[];
  /** Says outright that there are no other keys. */
  readonly closed: boolean;
}

/** What a schema says about the keys of an object, wherever in its combinations. */
export function partsOf(schema: JsonSchema | undefined): Parts {
  const properties = new Map<string, unknown>();
  const required = new Set<string>();
  const more: (true | JsonObject)[] = [];
  const patterns: string[] = [];
  const seen = new Set<unknown>();
  let closed = false;
  /** `always`: whatever else holds, this part does. */
  const look = (part: unknown, always: boolean): void => {
    if (!isObject(part) || seen.has(part)) return;
    seen.add(part);
    for (const [key, property] of entriesOf(part["properties"])) {
      if (!properties.has(key)) properties.set(key, property);
    }
    for (const key of always ? listOf(part["required"]) : []) if (typeof key === "string") required.add(key);
    for (const word of ["additionalProperties", "unevaluatedProperties"]) {
      const rest = part[word];
      if (rest === true || isObject(rest)) more.push(rest);
      if (rest === false) closed = true;
    }
    patterns.push(...entriesOf(part["patternProperties"]).map(([pattern]) => pattern));
    if (typeof part["$ref"] === "string") look(target(schema, part["$ref"]), always);
    for (const each of listOf(part["allOf"])) look(each, always);
    for (const word of ["anyOf", "oneOf"]) for (const each of listOf(part[word])) look(each, false);
    for (const word of ["then", "else"]) look(part[word], false);
  };
  look(schema, true);
  return { properties, required, more, patterns, closed };
}

function withoutNull(schema: JsonObject): JsonObject {
  const { type, const: constant } = schema;
  const types = Array.isArray(type) ? type.filter((each) => each !== "null") : undefined;
  return {
    ...schema,
    ...(types === undefined ? {} : { type: types.length === 1 ? types[0] : types }),
    ...(constant === undefined ? {} : { enum: [constant] }),
  };
}

function target(root: JsonSchema | undefined, reference: string): unknown {
  if (!reference.startsWith("#")) return undefined;
  try {
    return atPointer(root, decodeURIComponent(reference.slice(1)));
  } catch {
    return undefined;
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
