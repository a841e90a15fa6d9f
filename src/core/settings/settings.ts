/**
 * A plugin's own configuration, as its schema describes it: which settings there are, and whether values fit. The schema
 * may be hostile: whoever runs this bounds the time.
 */
import type { PluginSetting } from "../../../protocol/control-results.ts";
import type { JsonSchema } from "../../../protocol/description.ts";
import { checker } from "../../../protocol/json-schema.ts";
import type { Mismatch } from "../../../protocol/json-schema.ts";
import { nearest } from "../../../protocol/nearest.ts";
import { isObject, pointerStep } from "../json-value.ts";
import { opened, partsOf } from "./schema.ts";

export type Values = Readonly<Record<string, unknown>>;

export interface DescribedSetting {
  readonly key: string;
  readonly kind: Exclude<PluginSetting["type"], "secret">;
  /** Its value is shown to nobody. */
  readonly secret: boolean;
  readonly required: boolean;
  readonly description: string | undefined;
  readonly choices: readonly unknown[] | undefined;
  /** Undefined: there is none. JSON has no such value. */
  readonly default: unknown;
  /** What is allowed, in words: `a whole number from 1 to 60000`. */
  readonly allowed: string;
}

export type Judgement =
  /** With the defaults filled in. */
  | { readonly ok: true; readonly config: Values }
  /** `schema`: the plugin's own mistake. */
  | {
      readonly ok: false;
      readonly fault: "config" | "schema";
      /** JSON pointer; empty: the whole. */
      readonly path: string;
      readonly message: string;
    };

/** In the order of the schema. */
export function settingsOf(schema: JsonSchema | undefined): DescribedSetting[] {
  const { properties, required } = partsOf(schema);
  return [...properties].map(([key, property]) => described(key, property, schema, required.has(key)));
}

/** Whether a value at this key, described or not, is for nobody's eyes. */
export function isSecret(schema: JsonSchema | undefined, key: string): boolean {
  const { properties, more } = partsOf(schema);
  const own = properties.get(key);
  return own === undefined ? more.some((each) => hidesIn(each, schema)) : hidesIn(own, schema);
}

/** Without a schema everything fits. No message holds the value of a secret. */
export function judge(schema: JsonSchema | undefined, config: Values): Judgement {
  if (schema === undefined || schema === true) return { ok: true, config };
  const settings = settingsOf(schema);
  const wrong = undescribed(schema, settings, config);
  if (wrong !== undefined) return wrong;
  const byDefault = settings.filter(
    ({ key, default: value }) => value !== undefined && !Object.hasOwn(config, key),
  );
  const whole = Object.fromEntries([
    ...Object.entries(config),
    ...byDefault.map(({ key, default: value }) => [key, structuredClone(value)] as const),
  ]);
  const missing = settings.find(({ key, required }) => required && !Object.hasOwn(whole, key));
  if (missing !== undefined) {
    const { key, allowed } = missing;
    return unfit(pointerStep(key), `${shownKey(key)} is missing, must be ${allowed}`);
  }
  // The checker writes into the schema that it is given.
  const mismatch = checker(structuredClone(schema))(whole);
  if (mismatch === undefined) return { ok: true, config: whole };
  const [key = ""] = stepsOf(mismatch.path);
  if (mismatch.path !== "" && byDefault.some((each) => each.key === key)) {
    const message = `the default of ${shownKey(key)} does not fit its own schema`;
    return { ok: false, fault: "schema", path: mismatch.path, message };
  }
  return unfit(mismatch.path, sentence(mismatch, whole, schema, settings));
}

function unfit(path: string, message: string): Judgement {
  return { ok: false, fault: "config", path, message };
}

/** JSON Schema would let it pass; in a configuration it is nearly always a slip, so only a schema that says so does. */
function undescribed(
  schema: JsonSchema,
  settings: readonly DescribedSetting[],
  config: Values,
): Judgement | undefined {
  const { properties, more, patterns, closed } = partsOf(schema);
  if (more.length > 0 || (properties.size === 0 && patterns.length === 0 && !closed)) return undefined;
  const key = Object.keys(config).find(
    (each) => !properties.has(each) && !patterns.some((pattern) => new RegExp(pattern, "u").test(each)),
  );
  if (key === undefined) return undefined;
  const known = settings.map((each) => each.key);
  const near = nearest(key, known);
  const meant = near === undefined ? "" : ` did you mean ${shownKey(near)}?`;
  const allowed = known.length === 0 ? "there are none" : `allowed: ${known.map(shownKey).join(", ")}`;
  return unfit(pointerStep(key), `${shownKey(key)}: unknown key;${meant} ${allowed}`);
}

function sentence(
  { path, message }: Mismatch,
  config: Values,
  schema: JsonSchema,
  settings: readonly DescribedSetting[],
): string {
  const [key, ...inner] = stepsOf(path);
  if (key === undefined) return message;
  const setting = settings.find((each) => each.key === key);
  const place = [
    shownKey(key),
    ...inner.map((step) => `[${/^\d+$/.test(step) ? step : JSON.stringify(step)}]`),
  ].join("");
  const rule = setting === undefined ? undefined : `must be ${setting.allowed}`;
  if (isSecret(schema, key)) return `${place}: does not fit${rule === undefined ? "" : `, ${rule}`}`;
  if (inner.length > 0 || rule === undefined) return `${place}: ${message}`;
  const told = setting?.kind === "other" ? message : rule;
  return `${place}: found ${shownValue(config[key])}, ${told}`;
}

function described(
  key: string,
  property: unknown,
  root: JsonSchema | undefined,
  required: boolean,
): DescribedSetting {
  const schema = opened(property, root);
  const { description, default: byDefault } = schema;
  const choices = Array.isArray(schema["enum"]) ? schema["enum"].filter((each) => each !== null) : undefined;
  const kind = kindOf(schema, choices, root);
  return {
    key,
    kind,
    secret: hidesIn(property, root),
    required,
    description: typeof description === "string" ? description : undefined,
    choices: kind === "select" ? choices : undefined,
    // `null` says that there is none, in a file format that has no null.
    default: byDefault ?? undefined,
    allowed: allowedBy(schema, kind, choices),
  };
}

function kindOf(
  schema: Values,
  choices: readonly unknown[] | undefined,
  root: JsonSchema | undefined,
): DescribedSetting["kind"] {
  if (choices !== undefined) return choices.every((each) => typeof each === "string") ? "select" : "other";
  const { type } = schema;
  if (type === "string" || type === "integer" || type === "boolean") return type;
  return type === "array" && opened(schema["items"], root)["type"] === "string" ? "strings" : "other";
}

function allowedBy(
  schema: Values,
  kind: DescribedSetting["kind"],
  choices: readonly unknown[] | undefined,
): string {
  if (choices !== undefined) return `one of ${choices.map((each) => JSON.stringify(each)).join(", ")}`;
  switch (kind) {
    case "string":
      return `a string${lengths(schema)}`;
    case "integer":
      return `a whole number${bounds(schema)}`;
    case "boolean":
      return "true or false";
    case "strings":
      return "an array of strings";
    case "select":
    case "other":
      return otherwise(schema);
  }
}

const plainTypes: Readonly<Record<string, string>> = { object: "a table", array: "an array" };

function otherwise(schema: Values): string {
  const { type } = schema;
  if (type === "number") return `a number${bounds(schema)}`;
  return (typeof type === "string" ? plainTypes[type] : undefined) ?? "what its schema says";
}

function lengths({ minLength, maxLength, pattern }: Values): string {
  const rules = [
    typeof minLength !== "number" || minLength < 1
      ? undefined
      : minLength === 1
        ? "that is not empty"
        : `of at least ${minLength} characters`,
    typeof maxLength === "number" ? `of at most ${maxLength} characters` : undefined,
    typeof pattern === "string" ? `that matches ${pattern}` : undefined,
  ].filter((rule) => rule !== undefined);
  return rules.length === 0 ? "" : ` ${rules.join(", ")}`;
}

function bounds({ minimum, maximum }: Values): string {
  const low = typeof minimum === "number" ? minimum : undefined;
  const high = typeof maximum === "number" ? maximum : undefined;
  if (low !== undefined && high !== undefined) return ` from ${low} to ${high}`;
  if (low !== undefined) return `, at least ${low}`;
  return high === undefined ? "" : `, at most ${high}`;
}

/** Whether the schema, or anything inside it, is marked as not to be read back. */
function hidesIn(schema: unknown, root: JsonSchema | undefined): boolean {
  const seen = new Set<unknown>();
  const hides = (each: unknown): boolean => {
    if (typeof each !== "object" || each === null || seen.has(each)) return false;
    seen.add(each);
    if (Array.isArray(each)) return each.some(hides);
    if ("writeOnly" in each && each.writeOnly === true) return true;
    const followed = isObject(each) && typeof each["$ref"] === "string" ? opened(each, root) : {};
    return (
      Object.values(each).some(hides) || Object.values(followed).some(hides) || followed["writeOnly"] === true
    );
  };
  return hides(schema);
}

/** Of a JSON pointer. */
function stepsOf(path: string): string[] {
  return path
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function shownKey(key: string): string {
  return /^[A-Za-z0-9_-]{1,100}$/.test(key) ? key : JSON.stringify(key.slice(0, 100));
}

const longestShown = 60;

function shownValue(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (isObject(value)) return "a table";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}
