/** The keywords of JSON Schema: what one schema object says by itself, apart from the schemas that it is combined of. */
import type { JsonSchema } from "../../../protocol/description.ts";
import { atPointer, canonical, isObject } from "../json-value.ts";
import type { JsonObject } from "../json-value.ts";
import { anyNumber, isEmpty, numberShape } from "./shape.ts";
import type { Conjunction, Located, Shape } from "./shape.ts";

/** Assertions of JSON Schema that are not understood here. Keywords unknown to JSON Schema are annotations. */
const opaqueKeywords = new Set([
  "not",
  "if",
  "then",
  "else",
  "patternProperties",
  "propertyNames",
  "contains",
  "minContains",
  "maxContains",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "dependentRequired",
  "dependentSchemas",
  "dependencies",
  "unevaluatedItems",
  "unevaluatedProperties",
  "additionalItems",
  "$dynamicRef",
  "$recursiveRef",
]);
/** Those among them that mean the same whatever stands beside them. */
const independent = new Set(["uniqueItems", "minProperties", "maxProperties", "dependentRequired"]);

const kinds = ["null", "boolean", "integer", "number", "string", "array", "object"];

/** Names a schema by what it says, and by what its references may lead to. */
export function text({ schema, root }: Located): string {
  const own = canonical(schema);
  return own.includes('"$ref"') ? `${own}@${canonical(root)}` : own;
}

export function opaqueOf(located: Located): string[] {
  const { schema } = located;
  if (typeof schema === "boolean") return [];
  const found = Object.keys(schema).filter((key) => opaqueKeywords.has(key) && !isTrivial(key, schema[key]));
  if (found.some((key) => !independent.has(key)) || isMalformed(schema)) return [text(located)];
  return found.map((key) => `${key}:${canonical(schema[key])}`);
}

/** Says nothing: all property names are strings. */
function isTrivial(key: string, value: unknown): boolean {
  if (key === "propertyNames") return value === true || canonical(value) === '{"type":"string"}';
  return key === "uniqueItems" && value === false;
}

export function isNever(schema: unknown): boolean {
  return schema === true || (isObject(schema) && Object.keys(schema).length === 0);
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0;
const isText = (value: unknown): boolean => typeof value === "string";
const isSchema = (value: unknown): value is JsonSchema => typeof value === "boolean" || isObject(value);
const isSchemaList = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(isSchema);
const isType = (value: unknown): boolean => typeof value === "string" && kinds.includes(value);
const isNumber = (value: unknown): boolean => Number.isFinite(value);

const wellFormed: Readonly<Record<string, (value: unknown) => boolean>> = {
  type: (value) => isType(value) || (Array.isArray(value) && value.length > 0 && value.every(isType)),
  enum: Array.isArray,
  properties: (value) => isObject(value) && Object.values(value).every(isSchema),
  required: (value) => Array.isArray(value) && value.every(isText),
  additionalProperties: isSchema,
  prefixItems: isSchemaList,
  items: isSchema,
  allOf: isSchemaList,
  anyOf: isSchemaList,
  oneOf: isSchemaList,
  minItems: isCount,
  maxItems: isCount,
  minLength: isCount,
  maxLength: isCount,
  pattern: isText,
  format: isText,
  minimum: isNumber,
  maximum: isNumber,
  exclusiveMinimum: isNumber,
  exclusiveMaximum: isNumber,
  multipleOf: (value) => isNumber(value) && Number(value) > 0,
  $ref: isText,
};

function isMalformed(schema: JsonObject): boolean {
  return Object.entries(wellFormed).some(([key, test]) => Object.hasOwn(schema, key) && !test(schema[key]));
}

export function schemasOf(list: unknown): JsonSchema[] {
  return Array.isArray(list) ? list.filter(isSchema) : [];
}

/** What a schema stands for that is nothing but a reference: the same question is then known for the same. */
export function followed(located: Located): Located {
  let { schema } = located;
  for (let hops = 0; hops < 16 && typeof schema !== "boolean"; hops++) {
    const { $ref, ...rest } = schema;
    const target = typeof $ref === "string" ? resolve($ref, located.root) : undefined;
    if (target === undefined || target === schema || Object.keys(rest).length > 0) break;
    schema = target;
  }
  return { schema, root: located.root };
}

/** Within the document only: `#` or `#/…`. */
export function resolve(reference: string, root: JsonSchema): JsonSchema | undefined {
  if (!/^#(\/|$)/.test(reference)) return undefined;
  let pointer: string;
  try {
    pointer = decodeURIComponent(reference.slice(1));
  } catch {
    return undefined;
  }
  const target = atPointer(root, pointer);
  return isSchema(target) ? target : undefined;
}

/** What `type` and the limits of each type say. */
export function baseShapes({ schema, root }: Located, opaque: readonly string[]): Shape[] {
  if (typeof schema === "boolean") return [];
  const ok = (key: string): boolean => Object.hasOwn(schema, key) && wellFormed[key]?.(schema[key]) === true;
  const number = (key: string, otherwise: number): number => (ok(key) ? Number(schema[key]) : otherwise);
  const strings = (key: string): string[] => (ok(key) ? [String(schema[key])] : []);
  const at = (each: JsonSchema): Conjunction => [{ schema: each, root }];
  const one = (key: string): Conjunction => {
    const value = schema[key];
    return ok(key) && isSchema(value) ? at(value) : [];
  };

  const types: unknown[] = ok("type") ? [schema["type"]].flat() : kinds;
  const shapes: Shape[] = [];
  const plain = [
    ...(types.includes("null") ? [null] : []),
    ...(types.includes("boolean") ? [true, false] : []),
  ];
  if (plain.length > 0) shapes.push({ kind: "values", values: plain, opaque });
  if (types.includes("number") || types.includes("integer")) {
    const above = number("exclusiveMinimum", -Infinity);
    const below = number("exclusiveMaximum", Infinity);
    const from = number("minimum", -Infinity);
    const to = number("maximum", Infinity);
    shapes.push(
      numberShape({
        ...anyNumber,
        integer: !types.includes("number"),
        min: Math.max(from, above),
        minOpen: above >= from && above > -Infinity,
        max: Math.min(to, below),
        maxOpen: below <= to && below < Infinity,
        multiples: ok("multipleOf") ? [Number(schema["multipleOf"])] : [],
        opaque,
      }),
    );
  }
  if (types.includes("string")) {
    const minLength = number("minLength", 0);
    const maxLength = number("maxLength", Infinity);
    shapes.push({
      kind: "string",
      minLength,
      maxLength,
      patterns: strings("pattern"),
      formats: strings("format"),
      opaque,
    });
  }
  if (types.includes("array")) {
    const prefix = ok("prefixItems") ? schemasOf(schema["prefixItems"]).map(at) : [];
    const minItems = number("minItems", 0);
    const maxItems = number("maxItems", Infinity);
    shapes.push({ kind: "array", prefix, items: one("items"), minItems, maxItems, opaque });
  }
  if (types.includes("object")) {
    // What a pattern allows is not additional, and it is not known here which names that are.
    const patterned = Object.hasOwn(schema, "patternProperties");
    const additional = patterned ? [] : one("additionalProperties");
    const listed = schema["properties"];
    const properties = new Map<string, Conjunction>();
    for (const [name, each] of ok("properties") && isObject(listed) ? Object.entries(listed) : []) {
      if (isSchema(each)) properties.set(name, at(each));
    }
    const required = new Set<string>(ok("required") ? [schema["required"]].flat().map(String) : []);
    for (const name of required) if (!properties.has(name)) properties.set(name, additional);
    shapes.push({
      kind: "object",
      properties,
      required,
      additional,
      stated: patterned || ok("additionalProperties"),
      declared: ok("type") || ok("properties"),
      opaque,
    });
  }
  return shapes.filter((shape) => !isEmpty(shape));
}
