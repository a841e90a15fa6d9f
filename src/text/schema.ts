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
    schema = merged(beside, target);
  }
  return { schema: {}, root: located.root };
}

/** What holds of a value for which both hold, as far as it is looked at here; in doubt what `inner` says. */
function merged(outer: SchemaObject, inner: SchemaObject): SchemaObject {
  const both = { ...outer, ...inner };
  const properties = [asObject(outer["properties"]), asObject(inner["properties"])];
  const required = [outer["required"], inner["required"]].filter(Array.isArray);
  return {
    ...both,
    ...(properties.includes(undefined) ? {} : { properties: { ...properties[0], ...properties[1] } }),
    ...(required.length < 2 ? {} : { required: [...new Set(required.flat())] }),
  };
}

/** A schema may be hostile: a few lines of it can stand for more alternatives or parts than there is time for. */
const most = { alternatives: 1000, parts: 1000, depth: 8, named: 8 } as const;

/**
 * The alternatives of a schema, flattened: of `anyOf`, `oneOf`, and a single `allOf`, each with what the schema says
 * beside them.
 */
export function alternatives(located: Located): Located[] {
  const found: Located[] = [];
  gather(located, found, 0);
  return found;
}

function gather(located: Located, found: Located[], depth: number): void {
  if (found.length >= most.alternatives) return;
  const { schema, root } = resolve(located);
  if (depth > most.depth) {
    found.push({ schema: {}, root });
    return;
  }
  const keyword = (["anyOf", "oneOf", "allOf"] as const).find((each) => listIn(schema, each).length > 0);
  const inner = keyword === undefined ? [] : listIn(schema, keyword);
  // Several parts of an `allOf` are no alternatives.
  if (keyword === undefined || (keyword === "allOf" && inner.length > 1)) {
    found.push({ schema, root });
    return;
  }
  const { [keyword]: _, $defs: _defs, definitions: _definitions, ...beside } = schema;
  for (const each of inner) {
    const part = resolve({ schema: asObject(each) ?? {}, root }).schema;
    gather({ schema: merged(beside, part), root }, found, depth + 1);
  }
}

function listIn(schema: SchemaObject, keyword: string): readonly unknown[] {
  const list = schema[keyword];
  return Array.isArray(list) ? list : [];
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
  return propertiesIn(located, { left: most.parts }, 0);
}

function propertiesIn(located: Located, parts: { left: number }, depth: number): Property[] {
  parts.left -= 1;
  if (parts.left < 0 || depth > most.depth) return [];
  const { schema, root } = resolve(located);
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  const own = Object.entries(asObject(schema["properties"]) ?? {}).map(([name, each]): Property => {
    const found = resolve({ schema: asObject(each) ?? {}, root });
    return { name, required: required.has(name), schema: found.schema, root: found.root };
  });
  // A part with very many of them counts as several.
  parts.left -= Math.floor(own.length / 20);
  const all = listIn(schema, "allOf").map((each) => ({ schema: asObject(each) ?? {}, root }));
  return [...own, ...all.flatMap((each) => propertiesIn(each, parts, depth + 1))];
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
export function typeName(located: Located, depth = 0): string {
  const names = alternatives(located).flatMap(({ schema, root }, at): string[] => {
    const values = valuesOf(schema);
    if (values !== undefined) return values.map((value) => JSON.stringify(value));
    const types = typesOf(schema);
    if (types === anyType) return ["any value"];
    return types.map((type) => {
      const { items } = schema;
      if (type === "array" && isObject(items) && depth < 2 && at < most.named) {
        return `array of ${typeName({ schema: items, root }, depth + 1)}`;
      }
      return type === "string" && schema["format"] === "int64" ? "int64" : type;
    });
  });
  return [...new Set(names)].join(" or ");
}

function pointer(root: SchemaObject, path: string): SchemaObject | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  let at: unknown = root;
  for (const part of decoded.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
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
