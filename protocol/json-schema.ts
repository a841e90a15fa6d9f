/** Whether a value fits a JSON Schema (draft 2020-12), and where it does not. */
import { Validator } from "@cfworker/json-schema";
import type { OutputUnit } from "@cfworker/json-schema";
import type { JsonSchema } from "./description.ts";

export interface Mismatch {
  /** JSON pointer to the value that does not fit; empty: the whole. */
  readonly path: string;
  /** What is wrong there. */
  readonly message: string;
}

/**
 * A check that can be used again and again. The schema is interpreted, not compiled: it may come from a plugin.
 *
 * @throws Error for a schema that can not be used: an unresolved `$ref`, a pattern that is none
 */
export function checker(schema: JsonSchema): (value: unknown) => Mismatch | undefined {
  // It writes into the schema that it is given.
  const validator = new Validator(structuredClone(schema), "2020-12", false);
  const isAmbiguous = inherited.some((name) => JSON.stringify(schema).includes(`"${name}"`));
  return (value) => {
    const { valid, errors } = validator.validate(isAmbiguous ? bare(value) : value);
    return valid ? undefined : mismatchOf(errors);
  };
}

/** The library takes what every object inherits for members of it. */
const inherited = Object.getOwnPropertyNames(Object.prototype);

/** The same value, of objects that inherit nothing. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, member] of Object.entries(value)) copy[name] = bare(member);
  return copy;
}

/** What these say is that something further in does not fit, which has an entry of its own. */
const outer: ReadonlySet<string> = new Set([
  "$ref",
  "$dynamicRef",
  "$recursiveRef",
  "allOf",
  "properties",
  "patternProperties",
  "additionalProperties",
  "unevaluatedProperties",
  "propertyNames",
  "dependentSchemas",
  "items",
  "prefixItems",
  "additionalItems",
  "unevaluatedItems",
  "then",
  "else",
]);

/** Where a choice fails as a whole, that says more than why its first alternative does. */
function mismatchOf(errors: readonly OutputUnit[]): Mismatch {
  const inner = errors.filter(({ keyword }) => !outer.has(keyword));
  // One wrong member makes every member be called additional, the described ones included: the wrong one counts.
  const found = inner.find(({ keyword }) => keyword !== "false") ?? inner[0] ?? errors[0];
  if (found === undefined) return { path: "", message: "does not fit" };
  const path = decodeURI(found.instanceLocation.replace(/^#/, ""));
  return { path, message: found.keyword === "false" ? "is not allowed here" : wordsOf(found.error) };
}

/** Not the library's sentence, which speaks of instances. */
function wordsOf(error: string): string {
  return error
    .replace(
      /^Instance type "(\w+)" is invalid\. Expected "(.*)"\.$/,
      (_, found: string, expected: string) =>
        `expected ${expected.replaceAll('", "', " or ")}, found ${found}`,
    )
    .replace(/^Instance does not have required property "(.*)"\.$/, "$1 is missing")
    .replace(/^Instance does not match any of (.*)\.$/, "must be one of $1")
    .replace(/^(?:Instance|String) does not match /, "does not match ")
    .replace(/\.$/, "");
}
