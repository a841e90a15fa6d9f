/** As much of JSON Schema as it takes to type words of a command line and to show a method. Pure. */
import type { JsonSchema } from "../../protocol/description.ts";

export type JsonType = "null" | "boolean" | "integer" | "number" | "string" | "array" | "object";

export type SchemaObject = Readonly<Record<string, unknown>>;

/** A schema with the document that its `$ref`s point into. */
export interface Located {
  readonly schema: SchemaObject;
  readonly root: SchemaObject;
}

/** Of a schema that does not say. */
export const anyType: readonly JsonType[] = [
  "null",
  "boolean",
  "integer",
  "number",
  "string",
  "array",
  "object",
];

export function locate(schema: JsonSchema | undefined): Located {
  const object = asObject(schema) ?? {};
  return resolve({ schema: object, root: object });
}

/** Follows `$ref` inside the document; one that leads nowhere or in circles allows everything. */
export function resolve(located: Located): Located {
  let { schema } = located;
  for (let steps = 0; steps < 32; steps++) {
    const reference = schema["$ref"];
    if (typeof reference !== "string") return { schema, root: located.root };
    const target = reference.startsWith("#") ? pointer(located.root, reference.slice(1)) : undefined;
    if (target === undefined) break;
    const { $ref: _, ...beside } = schema;
    schema = { ...beside, ...target };
  }
  return { schema: {}, root: located.root };
}

/** The alternatives of a schema, flattened: of `anyOf`, `oneOf`, and a single `allOf`. */
export function alternatives(located: Located, depth = 0): Located[] {
  const { schema, root } = resolve(located);
  if (depth > 8) return [{ schema: {}, root }];
  const lists: unknown[] = [schema["anyOf"], schema["oneOf"], schema["allOf"]];
  const inner = lists.find((list): list is unknown[] => Array.isArray(list) && list.length > 0);
  // Several parts of an `allOf` are no alternatives.
  if (inner === undefined || (inner === schema["allOf"] && inner.length > 1)) return [{ schema, root }];
  return inner.flatMap((each) => alternatives({ schema: asObject(each) ?? {}, root }, depth + 1));
}

/** The types that one alternative allows; all of them where it does not say. */
export function typesOf(schema: SchemaObject): readonly JsonType[] {
  const { type } = schema;
  if (typeof type === "string" || Array.isArray(type)) {
    return anyType.filter((each) => (Array.isArray(type) ? type.includes(each) : type === each));
  }
  const values = valuesOf(schema);
  if (values !== undefined) return [...new Set(values.map(typeOf))];
  if ("properties" in schema) return ["object"];
  return anyType;
}

/** The values of `enum` or `const`; undefined: not limited to a list. */
export function valuesOf(schema: SchemaObject): readonly unknown[] | undefined {
  if (Array.isArray(schema["enum"])) return schema["enum"];
  return "const" in schema ? [schema["const"]] : undefined;
}

export function typeOf(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  if (typeof value === "boolean") return "boolean";
  return typeof value === "string" ? "string" : "object";
}

export interface Property extends Located {
  readonly name: string;
  readonly required: boolean;
}

/** The declared properties of an object schema, those inside `allOf` included. */
export function propertiesOf(located: Located): Property[] {
  const { schema, root } = resolve(located);
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  const own = Object.entries(asObject(schema["properties"]) ?? {}).map(([name, each]): Property => {
    const found = resolve({ schema: asObject(each) ?? {}, root });
    return { name, required: required.has(name), schema: found.schema, root: found.root };
  });
  const all: unknown[] = Array.isArray(schema["allOf"]) ? schema["allOf"] : [];
  return [...own, ...all.flatMap((each) => propertiesOf({ schema: asObject(each) ?? {}, root }))];
}

/**
 * The schema of properties that are not declared; undefined: there are none. JSON Schema would allow them unless told
 * otherwise; on a command line they are nearly always a slip, so only a schema that mentions them allows them.
 */
export function additional(located: Located): SchemaObject | undefined {
  const { schema } = resolve(located);
  if ("patternProperties" in schema) return {};
  const more = schema["additionalProperties"];
  return more === true ? {} : asObject(more);
}

/** For people: `integer`, `string or null`, `"low" or "high"`, `array of string`. */
export function typeName(located: Located): string {
  const names = alternatives(located).flatMap(({ schema, root }): string[] => {
    const values = valuesOf(schema);
    if (values !== undefined) return values.map((value) => JSON.stringify(value));
    const types = typesOf(schema);
    if (types === anyType) return ["any value"];
    return types.map((type) => {
      const { items } = schema;
      if (type === "array" && isObject(items)) return `array of ${typeName({ schema: items, root })}`;
      return type === "string" && schema["format"] === "int64" ? "int64" : type;
    });
  });
  return [...new Set(names)].join(" or ");
}

function pointer(root: SchemaObject, path: string): SchemaObject | undefined {
  let at: unknown = root;
  for (const part of path.split("/").slice(1)) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    const holder: unknown = at;
    if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, key)) return undefined;
    at = Reflect.get(holder, key);
  }
  return asObject(at);
}

function asObject(value: unknown): SchemaObject | undefined {
  return isObject(value) ? value : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
