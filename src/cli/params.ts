/** `k=v` words into the params of a call, typed by the method's JSON Schema. Pure. */
import { nearest } from "../../protocol/nearest.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { JsonSchema } from "../../protocol/description.ts";
import {
  additional,
  alternatives,
  isObject,
  locate,
  propertiesOf,
  resolve,
  typeName,
  typesOf,
} from "../text/schema.ts";
import type { Located } from "../text/schema.ts";
import { parseJson, typed } from "../text/typed-value.ts";

export type Params = Record<string, unknown>;

/** Reads a file for `k=@file`. */
export type ReadFile = (path: string) => string;

/**
 * `a=1 b.c=x` -> `{a: 1, b: {c: "x"}}`. `k:=JSON` is taken as JSON whatever the schema says, `k=@file` is the
 * text of a file, `k=@@x` the text `@x`; a repeated key fills an array.
 * @param base what the words are laid over
 * @throws {BulkheadError} `usage` for a word of no known form, `invalid_params` for a value that does not fit
 */
export function parseAssignments(
  words: readonly string[],
  schema: JsonSchema | undefined,
  readFile: ReadFile,
  base: Params = {},
): Params {
  const root = locate(schema);
  const params = structuredClone(base);
  const given = new Set<string>();
  for (const word of words) {
    const { key, text, json } = split(word);
    const target = find(root, key);
    const value = json ? parseJson(text, key) : typed(contents(text, readFile), target.schema, key);
    put(params, target, value, key, given);
  }
  requirePresent(root, params);
  return params;
}

/** The one method that `name` (`api.method` or `method`) stands for. @throws {BulkheadError} exit 4 */
export function chooseMethod(plugin: string, name: string, offered: readonly string[]): string {
  if (offered.includes(name)) return name;
  const fitting = offered.filter((each) => each.endsWith(`.${name}`));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  if (fitting.length > 1) {
    const choices = fitting.map((each) => `${plugin}.${each}`);
    throw BulkheadError.of("ambiguous_method", `${plugin}.${name} could be ${choices.join(" or ")}`, {
      detail: { choices },
    });
  }
  const short = offered.map((each) => each.slice(each.indexOf(".") + 1));
  const near = nearest(name, [...offered, ...short]);
  const did = near === undefined ? "" : `; did you mean ${plugin}.${near}?`;
  throw BulkheadError.of("method_not_found", `${plugin} has no method ${name}${did}`, {
    detail: { near, offered },
  });
}

function split(word: string): { key: string; text: string; json: boolean } {
  const match = /^([^=]+?)(:?)=([^]*)$/.exec(word);
  if (match === null) {
    throw BulkheadError.of("usage", `${JSON.stringify(word)} is neither key=value nor key:=JSON`);
  }
  return { key: match[1] ?? "", json: match[2] === ":", text: match[3] ?? "" };
}

interface Target {
  readonly path: readonly string[];
  readonly schema: Located;
}

/** Walks a dotted key down the schema. A declared name that holds a dot itself goes first. */
function find(root: Located, key: string): Target {
  const path: string[] = [];
  let at = root;
  let rest = key;
  while (rest !== "") {
    const objects = alternatives(at).filter(({ schema }) => typesOf(schema).includes("object"));
    if (objects.length === 0) {
      throw BulkheadError.of("invalid_params", `${path.join(".")} is ${typeName(at)}, so there is no ${key}`);
    }
    const parts = [...new Map([at, ...objects].map((part) => [part.schema, part])).values()];
    const declared = parts.flatMap(propertiesOf);
    const dot = rest.indexOf(".");
    const name = dot < 1 || declared.some((each) => each.name === rest) ? rest : rest.slice(0, dot);
    const found = declared.filter((each) => each.name === name).map(({ schema }) => schema);
    const more = parts.map(additional).find((schema) => schema !== undefined);
    const closed =
      declared.length > 0 || parts.some(({ schema }) => schema["additionalProperties"] === false);
    if (found.length === 0 && more === undefined && closed) {
      throw unknown([...path, name].join("."), name, [...new Set(declared.map((each) => each.name))]);
    }
    path.push(name);
    // The same name in several alternatives (a tagged union): whatever one of them takes.
    const schema = found.length > 1 ? { anyOf: found } : (found[0] ?? more ?? {});
    at = resolve({ schema, root: root.root });
    rest = rest.slice(name.length + 1);
  }
  return { path, schema: at };
}

function unknown(key: string, name: string, declared: readonly string[]): BulkheadError {
  // Of names of one letter, any would be near.
  const near = name.length === 1 ? undefined : nearest(name, declared);
  const help = near === undefined ? `it takes ${declared.join(", ") || "nothing"}` : `did you mean ${near}?`;
  return BulkheadError.of("invalid_params", `no parameter ${key}; ${help}`, { detail: { near, declared } });
}

function contents(text: string, readFile: ReadFile): string {
  if (text.startsWith("@@")) return text.slice(1);
  return text.startsWith("@") && text.length > 1 ? readFile(text.slice(1)) : text;
}

function put(
  params: Params,
  { path, schema }: Target,
  value: unknown,
  key: string,
  given: Set<string>,
): void {
  let at = params;
  for (const name of path.slice(0, -1)) {
    const next = Object.hasOwn(at, name) ? at[name] : undefined;
    if (next === undefined) {
      const inner: Params = {};
      define(at, name, inner);
      at = inner;
    } else if (isObject(next)) {
      at = next;
    } else {
      throw BulkheadError.of("usage", `${key}: ${name} already has a value that is no object`);
    }
  }
  const last = path.at(-1) ?? "";
  const before = Object.hasOwn(at, last) ? at[last] : undefined;
  const repeated = given.has(key);
  given.add(key);
  if (!repeated) define(at, last, value);
  else if (Array.isArray(before) && Array.isArray(value) && takesArray(schema)) before.push(...value);
  else throw BulkheadError.of("usage", `${key} is given twice`);
}

const takesArray = (schema: Located): boolean =>
  alternatives(schema).some((option) => typesOf(option.schema).includes("array"));

/** Defined, not assigned: a key may be `__proto__`. */
function define(at: Params, name: string, value: unknown): void {
  Object.defineProperty(at, name, { value, enumerable: true, configurable: true, writable: true });
}

function requirePresent(root: Located, params: Params): void {
  const missing = propertiesOf(root).filter(({ name, required }) => required && !Object.hasOwn(params, name));
  if (missing.length === 0) return;
  const names = missing.map((each) => `${each.name} (${typeName(each)})`);
  throw BulkheadError.of("invalid_params", `missing: ${names.join(", ")}`, {
    detail: { missing: missing.map((each) => each.name) },
  });
}
