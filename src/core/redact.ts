/** Secrets in a value, by its schema: `writeOnly: true` or `format: "password"`, wherever it stands. Pure. */
import type { JsonSchema } from "../../protocol/description.ts";
import { atPointer, isObject, pointerStep } from "./json-value.ts";
import type { JsonObject } from "./json-value.ts";

const secretText = "(secret)";

interface Redacted {
  readonly value: unknown;
  /** JSON pointers of what was taken out, at most 100 of them. */
  readonly secrets: readonly string[];
}

const mostNamed = 100;
/** Schemas that are looked at for one value: the plugin's schema and the caller's value together decide how many. */
const mostLooks = 50_000;
/** In place of a schema that nobody can read here. */
const secretive: JsonObject = { writeOnly: true };

/** Schemas are looked at again for each lost call, and are the plugin's own: they may be large. */
const known = new WeakMap<object, boolean>();

/** Whether a value of this schema may hold a secret at all. */
export function mayHoldSecrets(schema: JsonSchema | undefined): boolean {
  if (typeof schema !== "object") return false;
  const found = known.get(schema) ?? looksSecretive(schema);
  known.set(schema, found);
  return found;
}

function looksSecretive(schema: JsonSchema): boolean {
  const seen = new Set<unknown>();
  const holds = (each: unknown): boolean => {
    if (typeof each !== "object" || each === null || seen.has(each)) return false;
    seen.add(each);
    return isSecret(each) || Object.values(each).some(holds);
  };
  try {
    return holds(schema);
  } catch {
    // Nested deeper than this can be read.
    return true;
  }
}

/**
 * The value without its secrets. Where one of several schemas may hold, what any of them calls a secret is one.
 *
 * @throws RangeError: too deep, or too much, to be looked through
 */
export function redact(value: unknown, schema: JsonSchema | undefined): Redacted {
  const secrets: string[] = [];
  const looks = { left: mostLooks };
  const clean = (each: unknown, schemas: readonly unknown[], path: string): unknown => {
    const all = opened(schemas, schema, looks);
    if (all.some(isSecret)) {
      if (secrets.length < mostNamed) secrets.push(path);
      return secretText;
    }
    if (all.length === 0) return each;
    if (Array.isArray(each)) {
      return each.map((item, index) => {
        const within = all.flatMap((one) => itemSchemas(one, index));
        return clean(item, within, path + pointerStep(index));
      });
    }
    if (!isObject(each)) return each;
    const members = Object.entries(each).map(([name, member]) => {
      const within = all.flatMap((one) => memberSchemas(one, name));
      return [name, clean(member, within, path + pointerStep(name))] as const;
    });
    return Object.fromEntries(members);
  };
  return { value: clean(value, [schema], ""), secrets };
}

function isSecret(schema: unknown): boolean {
  if (!isObject(schema)) return false;
  const { writeOnly, format, contentSchema } = schema;
  // Text that is JSON itself is taken out whole.
  return (
    writeOnly === true || format === "password" || (isObject(contentSchema) && mayHoldSecrets(contentSchema))
  );
}

/** Each schema with all that it says by others, for the same value. */
function opened(schemas: readonly unknown[], root: unknown, looks: { left: number }): JsonObject[] {
  const found = new Set<JsonObject>();
  const open = (schema: unknown): void => {
    if (--looks.left < 0) throw new RangeError(`more than ${mostLooks} schemas to look at`);
    if (!isObject(schema) || found.has(schema)) return;
    found.add(schema);
    for (const key of ["allOf", "anyOf", "oneOf"]) {
      const list = schema[key];
      if (Array.isArray(list)) for (const each of list) open(each);
    }
    for (const key of ["if", "then", "else"]) open(schema[key]);
    for (const key of ["$ref", "$dynamicRef", "$recursiveRef"]) {
      const reference = schema[key];
      if (typeof reference === "string") open(pointed(reference, root));
    }
    for (const key of ["dependentSchemas", "dependencies"]) {
      const dependent = schema[key];
      if (isObject(dependent)) for (const each of Object.values(dependent)) open(each);
    }
  };
  for (const schema of schemas) open(schema);
  return [...found];
}

/** References by a pointer within the same schema. What any other leads to may be a secret, and is taken for one. */
function pointed(reference: string, root: unknown): unknown {
  if (reference !== "#" && !reference.startsWith("#/")) return secretive;
  try {
    return atPointer(root, decodeURIComponent(reference.slice(1))) ?? secretive;
  } catch {
    return secretive;
  }
}

function itemSchemas(schema: JsonObject, index: number): unknown[] {
  const { prefixItems, items, additionalItems, unevaluatedItems, contains } = schema;
  const own: unknown = Array.isArray(prefixItems) ? prefixItems[index] : undefined;
  const listed: unknown = Array.isArray(items) ? items[index] : items;
  return [own ?? listed ?? additionalItems, unevaluatedItems, contains];
}

function memberSchemas(schema: JsonObject, name: string): unknown[] {
  const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema;
  const own = isObject(properties) && Object.hasOwn(properties, name) ? [properties[name]] : [];
  // A pattern is the plugin's own and may take for ever: what any of them calls a secret is taken for one.
  const patterns = isObject(patternProperties) ? Object.values(patternProperties) : [];
  return own.length > 0 ? [...own, ...patterns] : [...patterns, additionalProperties, unevaluatedProperties];
}
