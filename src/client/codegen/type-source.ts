/** A JSON Schema as the text of a TypeScript type: wider where the type system can not say it. */
import type { JsonSchema } from "../../../protocol/description.ts";
import { isObject } from "../../core/json-value.ts";
import type { JsonObject } from "../../core/json-value.ts";
import { resolve } from "../../core/schema/keywords.ts";
import { literal, quoted } from "./source-text.ts";

const deepest = 12;

/** Recursive schemas end in `unknown`. */
export function typeSource(schema: JsonSchema, root: JsonSchema, open: readonly unknown[] = []): string {
  if (schema === true || open.length > deepest) return "unknown";
  if (schema === false) return "never";
  if (open.includes(schema)) return "unknown";
  const inside = [...open, schema];
  const inner = (each: unknown): string =>
    typeof each === "boolean" || isObject(each) ? typeSource(each, root, inside) : "unknown";
  const { $ref, enum: listed, anyOf, oneOf, type } = schema;
  if (typeof $ref === "string") return inner(resolve($ref, root) ?? true);
  if (Object.hasOwn(schema, "const")) return plain(schema["const"]);
  if (Array.isArray(listed)) return union(listed.map(plain));
  const choices = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : undefined;
  if (choices !== undefined) return union(choices.map(inner));
  return union([type].flat().map((each: unknown) => ofType(each, schema, inner)));
}

function ofType(type: unknown, schema: JsonObject, inner: (each: unknown) => string): string {
  switch (type) {
    case "string":
    case "number":
    case "boolean":
    case "null":
      return type;
    case "integer":
      return "number";
    case "array":
      return Array.isArray(schema["prefixItems"]) ? "unknown[]" : `Array<${inner(schema["items"] ?? true)}>`;
    case "object":
      return objectType(schema, inner);
    default:
      return "unknown";
  }
}

function objectType(schema: JsonObject, inner: (each: unknown) => string): string {
  const { properties, required, additionalProperties: others = true } = schema;
  const needed: readonly unknown[] = Array.isArray(required) ? required : [];
  const members = Object.entries(isObject(properties) ? properties : {}).map(
    ([name, each]) => `${quoted(name)}${needed.includes(name) ? "" : "?"}: ${inner(each)}`,
  );
  if (members.length > 0) return `{ ${members.join("; ")} }`;
  return `Record<string, ${others === false ? "never" : inner(others)}>`;
}

function plain(value: unknown): string {
  return typeof value === "object" && value !== null ? "unknown" : literal(value);
}

function union(types: readonly string[]): string {
  const different = [...new Set(types)];
  return different.includes("unknown") || different.length === 0 ? "unknown" : different.join(" | ");
}
