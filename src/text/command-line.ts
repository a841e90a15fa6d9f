/** A call as the command that does the same. Pure. */
import type { JsonSchema } from "../../protocol/description.ts";
import { harmlessJson, terminalLine } from "./sanitize.ts";
import { additional, alternatives, isObject, locate, propertiesOf, resolve, typesOf } from "./schema.ts";
import type { Located } from "./schema.ts";
import { typed, writeJson } from "./typed-value.ts";

/**
 * `bulkhead call min.min a=1 b=2`, quoted for a POSIX shell, without control characters. Params that the
 * command line would judge itself (an unknown or missing one) go as `--params`, to reach the plugin as they are.
 *
 * @param method `api.method`, or as much of it as names no other one
 * @param schema of the params
 */
export function callCommand(plugin: string, method: string, params: unknown, schema?: JsonSchema): string {
  const target = quoted(`${plugin}.${method}`);
  const words = assignments(params, locate(schema)) ?? ["--params", safeJson(params)];
  return ["bulkhead call", target, ...words.map(quoted)].join(" ");
}

/** A word as a POSIX shell takes it for one: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Undefined: words can not say it. */
function assignments(params: unknown, root: Located): readonly string[] | undefined {
  if (!isObject(params)) return undefined;
  const objects = alternatives(root).filter(({ schema }) => typesOf(schema).includes("object"));
  const parts = [root, ...objects];
  const declared = parts.flatMap(propertiesOf);
  const isClosed =
    declared.length > 0 || parts.some(({ schema }) => schema["additionalProperties"] === false);
  const isOpen = !isClosed || parts.some((part) => additional(part) !== undefined);
  const isMissing = propertiesOf(root).some(({ name, required }) => required && !Object.hasOwn(params, name));
  if (objects.length === 0 || isMissing) return undefined;
  const words: string[] = [];
  for (const [name, value] of Object.entries(params)) {
    const found = declared.filter((each) => each.name === name);
    // Dots lead inside, and `=` and `:` end a name.
    if (!/^[A-Za-z_][\w-]*$/.test(name) || (found.length === 0 && !isOpen)) return undefined;
    words.push(found.length === 0 ? `${name}:=${safeJson(value)}` : wordOf(name, value, found, root));
  }
  return words;
}

function wordOf(name: string, value: unknown, found: readonly Located[], root: Located): string {
  const schema = found.length > 1 ? { anyOf: found.map((each) => each.schema) } : (found[0]?.schema ?? {});
  const text = typeof value === "string" ? value : writeJson(value);
  const isPlain = terminalLine(text) === text && typeof value !== "object";
  if (!isPlain || !isReadAs(text, value, resolve({ schema, root: root.root }), name)) {
    return `${name}:=${safeJson(value)}`;
  }
  return `${name}=${text.startsWith("@") ? "@" : ""}${text}`;
}

function isReadAs(text: string, value: unknown, schema: Located, name: string): boolean {
  try {
    return Object.is(typed(text, schema, name), value);
  } catch {
    return false;
  }
}

/** Nothing in it that a terminal would obey when it is pasted. */
function safeJson(value: unknown): string {
  return harmlessJson(writeJson(value));
}
