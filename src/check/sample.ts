/** A value that fits a JSON Schema: what a plugin is called with when nobody says otherwise. Pure. */
import { checker } from "../../protocol/json-schema.ts";
import type { JsonSchema } from "../../protocol/description.ts";
import { atPointer, isObject } from "../core/json-value.ts";
import type { JsonObject } from "../core/json-value.ts";

export interface SampleOptions {
  /** What a number is that may be anything. Counts and times are small with the default, 1. */
  readonly number?: number;
}

interface Place {
  readonly root: unknown;
  readonly depth: number;
  readonly number: number;
}

const deepest = 12;
const none = Symbol("none");

/** `undefined` where none is found: a pattern that is not understood, alternatives that exclude each other. */
export function sampleOf(schema: JsonSchema | undefined, options: SampleOptions = {}): unknown {
  if (schema === undefined) return {};
  const found = sample(schema, { root: schema, depth: 0, number: options.number ?? 1 });
  if (found === none) return undefined;
  return fits(schema, found) ? found : undefined;
}

/** False also for a schema that can not be used. */
export function fits(schema: JsonSchema | undefined, value: unknown): boolean {
  try {
    return schema === undefined || checker(schema)(value) === undefined;
  } catch {
    return false;
  }
}

function sample(schema: unknown, place: Place): unknown {
  if (schema === true) return "sample";
  if (!isObject(schema) || place.depth > deepest) return none;
  const next = { ...place, depth: place.depth + 1 };
  const { $ref } = schema;
  if (typeof $ref === "string") {
    const target = $ref.startsWith("#") ? atPointer(place.root, $ref.slice(1)) : undefined;
    return isObject(target) ? sample(merged(without(schema, "$ref"), target), next) : none;
  }
  if ("const" in schema) return schema["const"];
  const [example] = listOf(schema["examples"]);
  if (example !== undefined) return example;
  if ("default" in schema) return schema["default"];
  const [value = none] = listOf(schema["enum"]);
  if (value !== none) return value;
  const parts = listOf(schema["allOf"]);
  if (parts.length > 0) return sample(parts.reduce<JsonObject>(withPart, without(schema, "allOf")), next);
  for (const choice of ["anyOf", "oneOf"]) {
    const alternatives = listOf(schema[choice]);
    if (alternatives.length === 0) continue;
    for (const each of alternatives) {
      const found = sample(isObject(each) ? merged(without(schema, choice), each) : each, next);
      if (found !== none) return found;
    }
    return none;
  }
  return ofType(typeOf(schema), schema, next);
}

function ofType(type: string | undefined, schema: JsonObject, place: Place): unknown {
  switch (type) {
    case undefined:
      return "sample";
    case "null":
      return null;
    case "boolean":
      return false;
    case "integer":
    case "number":
      return numberOf(schema, type === "integer", place.number);
    case "string":
      return stringOf(schema);
    case "array":
      return arrayOf(schema, place);
    case "object":
      return objectOf(schema, place);
    default:
      return none;
  }
}

function objectOf(schema: JsonObject, place: Place): unknown {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const members: [string, unknown][] = [];
  for (const name of listOf(schema["required"])) {
    if (typeof name !== "string") return none;
    const value = sample(properties[name] ?? true, place);
    if (value === none) return none;
    members.push([name, value]);
  }
  return Object.fromEntries(members);
}

function arrayOf(schema: JsonObject, place: Place): unknown {
  const prefix = listOf(schema["prefixItems"]);
  const length = Math.max(numeric(schema["minItems"]) ?? 0, 0);
  const items = Array.from({ length: Math.min(length, 64) }, (_, at) =>
    sample(prefix[at] ?? schema["items"] ?? true, place),
  );
  return items.includes(none) ? none : items;
}

function numberOf(schema: JsonObject, integer: boolean, wanted: number): unknown {
  const step = integer ? 1 : 0.5;
  const above = numeric(schema["exclusiveMinimum"]);
  const below = numeric(schema["exclusiveMaximum"]);
  const min = Math.max(
    numeric(schema["minimum"]) ?? -Infinity,
    above === undefined ? -Infinity : above + step,
  );
  const max = Math.min(numeric(schema["maximum"]) ?? Infinity, below === undefined ? Infinity : below - step);
  const near = Math.min(Math.max(wanted, min), max);
  const multiple = numeric(schema["multipleOf"]);
  if (multiple === undefined || multiple <= 0) return integer ? Math.ceil(near) : near;
  return Math.ceil(near / multiple) * multiple;
}

const formats: Readonly<Record<string, string>> = {
  int64: "9007199254740993",
  uint64: "9007199254740993",
  date: "2024-02-29",
  time: "12:00:00Z",
  "date-time": "2024-02-29T12:00:00Z",
  duration: "PT1S",
  email: "a@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  url: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
  "json-pointer": "",
  regex: "a",
};

/** Tried in turn on a pattern: one cannot be turned into a text in general. */
const tried = ["sample", "a", "A", "0", "1.0.0", "a.b", "/a", "a/b", "a@b.c", "a-b", "a=b", "#000000", ""];

function stringOf(schema: JsonObject): unknown {
  const { format, pattern, contentEncoding } = schema;
  if (typeof format === "string" && Object.hasOwn(formats, format)) return formats[format];
  const min = numeric(schema["minLength"]) ?? 0;
  const max = numeric(schema["maxLength"]) ?? Infinity;
  // Four characters are three bytes: base64 text is as long as a number of those.
  if (contentEncoding === "base64") {
    return "bulk".repeat(Math.max(1, Math.ceil(min / 4))).slice(0, Math.floor(max / 4) * 4);
  }
  if (typeof pattern !== "string") return "sample".padEnd(min, "s").slice(0, max);
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, "u");
  } catch {
    return none;
  }
  const fitting = [...tried, ...tried.map((each) => each.padEnd(min, "a"))].find(
    (each) => each.length >= min && each.length <= max && expression.test(each),
  );
  return fitting ?? none;
}

function typeOf(schema: JsonObject): string | undefined {
  const { type } = schema;
  const first = listOf(type).find((each) => each !== "null");
  const said = typeof type === "string" ? type : (first ?? listOf(type)[0]);
  if (typeof said === "string") return said;
  return "properties" in schema || "required" in schema ? "object" : undefined;
}

/** What both say; of two that contradict each other the second one's. */
function merged(a: JsonObject, b: JsonObject): JsonObject {
  const inner = (name: string): JsonObject => ({
    ...(isObject(a[name]) ? a[name] : {}),
    ...(isObject(b[name]) ? b[name] : {}),
  });
  const required = [...new Set([...listOf(a["required"]), ...listOf(b["required"])])];
  return {
    ...a,
    ...b,
    ...("properties" in a || "properties" in b ? { properties: inner("properties") } : {}),
    ...(required.length > 0 ? { required } : {}),
  };
}

function withPart(whole: JsonObject, part: unknown): JsonObject {
  return isObject(part) ? merged(whole, part) : whole;
}

function without(schema: JsonObject, name: string): JsonObject {
  const { [name]: _, ...rest } = schema;
  return rest;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function numeric(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
