/** A JSON Schema as the text of a zod schema that accepts the same values. */
import type { JsonSchema } from "../../../protocol/description.ts";
import { rebased } from "../../../protocol/zod-schema.ts";
import { canonical, isObject } from "../../core/json-value.ts";
import type { JsonObject } from "../../core/json-value.ts";
import { disjoint } from "../../core/schema/disjoint.ts";
import { followed, resolve } from "../../core/schema/keywords.ts";
import { Shapes, TooComplex } from "../../core/schema/shapes.ts";
import { block, literal, quoted } from "./source-text.ts";
import type { Identifiers } from "./source-text.ts";
import { typeSource } from "./type-source.ts";

const annotations = new Set([
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "$comment",
  "$schema",
  "$defs",
  "definitions",
]);
const deepest = 40;

export class ZodSource {
  /** Schemas with a name, in the order in which they need each other. */
  readonly declarations: string[] = [];
  readonly #names: Identifiers;
  readonly #named = new Map<string, string>();
  #usesJsonSchema = false;

  constructor(names: Identifiers) {
    this.#names = names;
  }

  get usesJsonSchema(): boolean {
    return this.#usesJsonSchema;
  }

  of(schema: JsonSchema): string {
    return this.#text(schema, schema, 0);
  }

  #text(schema: JsonSchema, root: JsonSchema, depth: number): string {
    const exact = depth > deepest ? undefined : this.#exact(schema, root, depth + 1);
    if (exact === undefined) return this.#asJsonSchema(schema, root);
    const description = isObject(schema) ? schema["description"] : undefined;
    return typeof description === "string" && !("$ref" in Object(schema))
      ? `${exact}.describe(${quoted(description)})`
      : exact;
  }

  /** Validated word by word: for what zod says in another way, or not at all. */
  #asJsonSchema(schema: JsonSchema, root: JsonSchema): string {
    this.#usesJsonSchema = true;
    const whole = schema === root || !hasReference(schema) ? schema : withDefinitions(schema, root);
    return `jsonSchema<${typeSource(schema, root)}>(${literal(whole)})`;
  }

  /** Undefined: zod can not say it exactly. */
  #exact(schema: JsonSchema, root: JsonSchema, depth: number): string | undefined {
    if (schema === true) return this.#asJsonSchema(true, root);
    if (schema === false) return "z.never()";
    const words = Object.keys(schema).filter((each) => !annotations.has(each));
    const only = (...allowed: string[]): boolean => words.every((each) => allowed.includes(each));
    const inner = (each: unknown): string =>
      typeof each === "boolean" || isObject(each) ? this.#text(each, root, depth) : "z.never()";
    const { type, anyOf, oneOf, allOf, enum: listed } = schema;

    if (words.length === 0) return this.#asJsonSchema(true, root);
    if (only("$ref")) return this.#reference(schema, root, depth);
    if (only("allOf") && Array.isArray(allOf) && allOf.length === 1) return inner(allOf[0]);
    if (only("anyOf") && Array.isArray(anyOf) && anyOf.length > 0) return union(anyOf.map(inner));
    if (only("oneOf") && Array.isArray(oneOf) && oneOf.length > 0) {
      return excludeEachOther(oneOf, root) ? union(oneOf.map(inner)) : undefined;
    }
    if (words.includes("const") && only("const", "type")) return literals([schema["const"]], type);
    if (only("enum", "type") && Array.isArray(listed)) return literals(listed, type);
    const flat = flattened(schema, root);
    if (flat !== undefined) return single(flat, inner);
    if (!Array.isArray(type)) return single(schema, inner);
    const choices = type.map((each: unknown) => single(withoutOthers(schema, each), inner));
    const exact = choices.filter((each) => each !== undefined);
    return exact.length === choices.length && exact.length > 0 ? union(exact) : undefined;
  }

  #reference(schema: JsonObject, root: JsonSchema, depth: number): string | undefined {
    const reference = schema["$ref"];
    const target = typeof reference === "string" ? resolve(reference, root) : undefined;
    if (target === undefined || isRecursive(target, root)) return undefined;
    const id = canonical(hasReference(target) ? [target, root] : target);
    const known = this.#named.get(id);
    if (known !== undefined) return known;
    const text = this.#text(target, root, depth);
    const name = this.#names.next(String(reference).split("/").at(-1) ?? "");
    this.declarations.push(`const ${name} = ${text};`);
    this.#named.set(id, name);
    return name;
  }
}

const numeric = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
/** Keywords that say something about values of one type only. */
const keywords: Readonly<Record<string, readonly string[]>> = {
  string: ["minLength", "maxLength", "pattern", "contentEncoding"],
  number: numeric,
  integer: numeric,
  array: ["items", "minItems", "maxItems"],
  object: ["properties", "required", "additionalProperties"],
};
const typed = new Set(Object.values(keywords).flat());

/** What a schema of several types says about one of them. */
function withoutOthers(schema: JsonObject, type: unknown): JsonObject {
  const own = (typeof type === "string" && keywords[type]) || [];
  const left = Object.entries(schema).filter(
    ([name]) => (!typed.has(name) || own.includes(name)) && (name !== "format" || type === "string"),
  );
  return { ...Object.fromEntries(left), type };
}

/** One object in place of a reference to one and more properties beside it, which is how tagged choices are written. */
function flattened(schema: JsonObject, root: JsonSchema): JsonObject | undefined {
  const { $ref, allOf, ...own } = schema;
  if ($ref === undefined && allOf === undefined) return undefined;
  const target = typeof $ref === "string" ? resolve($ref, root) : undefined;
  const listed: readonly unknown[] = Array.isArray(allOf) ? allOf : [];
  const referred = listed.map((each) =>
    isObject(each) && Object.keys(each).length === 1 && typeof each["$ref"] === "string"
      ? resolve(each["$ref"], root)
      : each,
  );
  const parts = [...($ref === undefined ? [] : [target]), ...referred, own].filter(
    (each) => !isObject(each) || Object.keys(each).some((name) => !annotations.has(name)),
  );
  const properties: [string, unknown][] = [];
  const required: unknown[] = [];
  for (const part of parts) {
    if (!isObject(part) || !isPlainObject(part)) return undefined;
    properties.push(...Object.entries(isObject(part["properties"]) ? part["properties"] : {}));
    required.push(...[part["required"] ?? []].flat());
  }
  const isDisjoint = new Set(properties.map(([name]) => name)).size === properties.length;
  return isDisjoint
    ? { type: "object", properties: Object.fromEntries(properties), required: [...new Set(required)] }
    : undefined;
}

/** An open object that says nothing about the properties of others. */
function isPlainObject(schema: JsonObject): boolean {
  const words = Object.keys(schema).filter((each) => !annotations.has(each));
  return (
    schema["type"] === "object" && words.every((each) => ["type", "properties", "required"].includes(each))
  );
}

/** Schemas of one type. */
function single(schema: JsonObject, inner: (each: unknown) => string): string | undefined {
  const words = Object.keys(schema).filter((each) => !annotations.has(each));
  const only = (...allowed: string[]): boolean =>
    words.every((each) => each === "type" || allowed.includes(each));
  switch (schema["type"]) {
    case "null":
      return only() ? "z.null()" : undefined;
    case "boolean":
      return only() ? "z.boolean()" : undefined;
    case "string":
      if (schema["contentEncoding"] === "base64") return only("contentEncoding") ? "bytes()" : undefined;
      return only("minLength", "maxLength", "pattern") ? textOf(schema) : undefined;
    case "integer":
    case "number":
      return only("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format")
        ? numberOf(schema)
        : undefined;
    case "array":
      return only("items", "minItems", "maxItems") ? arrayOf(schema, inner) : undefined;
    case "object":
      return only("properties", "required", "additionalProperties") ? objectOf(schema, inner) : undefined;
    default:
      return undefined;
  }
}

function textOf({ minLength = 0, maxLength, pattern }: JsonObject): string | undefined {
  // zod counts UTF-16 units, JSON Schema characters: they agree on what is empty.
  if ((minLength !== 0 && minLength !== 1) || maxLength !== undefined) return undefined;
  if (pattern !== undefined && (typeof pattern !== "string" || !isPattern(pattern))) return undefined;
  const regex = pattern === undefined ? "" : `.regex(new RegExp(${quoted(pattern)}, "u"))`;
  return `z.string()${minLength === 1 ? ".min(1)" : ""}${regex}`;
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, "u") instanceof RegExp;
  } catch {
    return false;
  }
}

const limits = { minimum: "gte", maximum: "lte", exclusiveMinimum: "gt", exclusiveMaximum: "lt" } as const;

function numberOf(schema: JsonObject): string | undefined {
  const { multipleOf } = schema;
  let text = schema["type"] === "integer" ? "z.int()" : "z.number()";
  for (const [keyword, name] of Object.entries(limits)) {
    const bound = schema[keyword];
    if (bound === undefined) continue;
    if (typeof bound !== "number") return undefined;
    text += `.${name}(${bound})`;
  }
  if (multipleOf === undefined) return text;
  // Of fractions, everybody rounds in their own way.
  return Number.isSafeInteger(multipleOf) && Number(multipleOf) > 0
    ? `${text}.multipleOf(${Number(multipleOf)})`
    : undefined;
}

function arrayOf(
  { items = true, minItems, maxItems }: JsonObject,
  inner: (each: unknown) => string,
): string | undefined {
  const counts = [minItems, maxItems].filter((each) => each !== undefined);
  if (!counts.every((each) => Number.isSafeInteger(each))) return undefined;
  const min = minItems === undefined ? "" : `.min(${Number(minItems)})`;
  const max = maxItems === undefined ? "" : `.max(${Number(maxItems)})`;
  return `z.array(${inner(items)})${min}${max}`;
}

function objectOf(schema: JsonObject, inner: (each: unknown) => string): string | undefined {
  const { properties = {}, required = [], additionalProperties: others } = schema;
  if (!isObject(properties) || !Array.isArray(required)) return undefined;
  const names = Object.keys(properties);
  // zod leaves __proto__ out.
  if (names.includes("__proto__") || required.some((each) => !names.includes(String(each)))) return undefined;
  const isFree = others === true || (isObject(others) && Object.keys(others).length === 0);
  if (names.length === 0 && isObject(others) && !isFree) return `z.record(z.string(), ${inner(others)})`;
  const members = block(
    names.map((name) => [name, `${inner(properties[name])}${required.includes(name) ? "" : ".optional()"}`]),
  );
  if (others === undefined) return `z.object(${members})`;
  if (others === false) return `z.strictObject(${members})`;
  return isFree ? `z.looseObject(${members})` : `z.object(${members}).catchall(${inner(others)})`;
}

function union(choices: readonly string[]): string {
  const different = [...new Set(choices)];
  return different.length === 1 ? (different[0] ?? "z.never()") : `z.union([${different.join(", ")}])`;
}

function isPlain(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function literals(values: readonly unknown[], type: unknown): string | undefined {
  const types = type === undefined ? undefined : [type].flat();
  const isTyped = (value: unknown): boolean =>
    types === undefined ||
    types.includes(value === null ? "null" : typeof value) ||
    (types.includes("integer") && Number.isInteger(value));
  if (values.length === 0 || !values.every(isPlain)) return undefined;
  const left = [...new Set(values.filter(isTyped))];
  if (left.length === 0) return "z.never()";
  return left.length === 1 ? `z.literal(${literal(left[0])})` : `z.literal(${literal(left)})`;
}

function excludeEachOther(choices: readonly unknown[], root: JsonSchema): boolean {
  const schemas = choices.filter((each): each is JsonSchema => typeof each === "boolean" || isObject(each));
  try {
    const shapes = new Shapes();
    const found = schemas.map((schema) => shapes.of([{ schema, root }]));
    return found.every((a, i) => found.slice(i + 1).every((b) => disjoint(shapes, a, b)));
  } catch (error) {
    if (error instanceof TooComplex || error instanceof RangeError) return false;
    throw error;
  }
}

function hasReference(schema: unknown): boolean {
  return JSON.stringify(schema).includes('"$ref"');
}

/** A part of a document, and what its references may lead to. */
function withDefinitions(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const part = rebased(schema, "#/$defs/root");
  return { ...(isObject(part) ? part : {}), $defs: { root: rebased(root, "#/$defs/root") } };
}

/** Whether a schema leads back to itself. */
function isRecursive(schema: JsonSchema, root: JsonSchema): boolean {
  const seen = new Set<unknown>();
  const target = followed({ schema, root }).schema;
  const leadsBack = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(leadsBack);
    if (!isObject(value)) return false;
    const reference = value["$ref"];
    const next = typeof reference === "string" ? resolve(reference, root) : undefined;
    if (next !== undefined) {
      if (next === target || next === schema) return true;
      if (!seen.has(next)) {
        seen.add(next);
        if (leadsBack(next)) return true;
      }
    }
    return Object.entries(value).some(([name, each]) => name !== "$defs" && leadsBack(each));
  };
  return leadsBack(schema);
}
