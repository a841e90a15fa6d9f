/** One place of a value that is being filled in, and what is below it. Pure. */
import { parseJson, writeJson } from "../../text/typed-value.ts";
import { isObject, valuesOf } from "../../text/schema.ts";
import type { Located } from "../../text/schema.ts";
import { emptyInput, inputOf } from "../parts/text-input.ts";
import type { TextInput } from "../parts/text-input.ts";
import { itemOf, optionsOf } from "./option.ts";
import type { Option, TextType } from "./option.ts";

export interface Field {
  readonly schema: Located;
  readonly options: readonly Option[];
  /** Of the options. */
  readonly chosen: number;
  readonly content: Content;
}

export type Content =
  | { readonly kind: "absent" }
  | { readonly kind: "text"; readonly input: TextInput }
  /** -1: none of them yet. */
  | { readonly kind: "choice"; readonly at: number }
  | { readonly kind: "object"; readonly members: readonly Member[]; readonly entries: readonly Entry[] }
  | { readonly kind: "array"; readonly items: readonly Field[] };

/** A declared property. */
export interface Member {
  readonly name: string;
  readonly isRequired: boolean;
  readonly field: Field;
}

/** A property of a name that was typed. */
export interface Entry {
  readonly key: TextInput;
  readonly field: Field;
}

/** Fields that may still be made, so that neither a schema nor a value can ask for more than there is time for. */
export interface Budget {
  left: number;
}

/** As many as a person could ever look through. */
export const mostFields = 2000;
/** What is required inside of what is required, and so on; a schema may refer to itself. */
const deepestRequired = 6;
/** As on the wire. */
const deepest = 100;

const absent: Content = { kind: "absent" };

export function optionIn({ options, chosen }: Field): Option {
  const option = options[chosen];
  if (option === undefined) throw new RangeError("no such option");
  return option;
}

/** Left out. */
export function absentField(schema: Located, budget: Budget): Field {
  budget.left -= 1;
  return { schema, options: optionsOf(schema), chosen: 0, content: absent };
}

/** There, with nothing in it but what is required. */
export function freshField(schema: Located, budget: Budget, depth = 0, isRoot = false): Field {
  budget.left -= 1;
  const options = optionsOf(schema, isRoot);
  const [first] = options;
  const field = { schema, options, chosen: 0, content: absent };
  if (first === undefined || budget.left < 0) return field;
  return { ...field, content: freshContent(first, budget, depth) };
}

/** The same place filled in in another way, from the beginning. */
export function rechosen(field: Field, chosen: number, budget: Budget): Field {
  const option = field.options[chosen];
  return option === undefined ? field : { ...field, chosen, content: freshContent(option, budget, 0) };
}

function freshContent(option: Option, budget: Budget, depth: number): Content {
  switch (option.kind) {
    case "text":
    case "json":
      return { kind: "text", input: emptyInput };
    case "choice":
      return { kind: "choice", at: obvious(option.values) ? 0 : -1 };
    case "object": {
      const members = option.properties.map(({ name, required, schema, root }): Member => {
        const located = { schema, root };
        const field = !required
          ? absentField(located, budget)
          : "default" in schema
            ? fieldOf(located, schema["default"], budget)
            : depth < deepestRequired
              ? freshField(located, budget, depth + 1)
              : absentField(located, budget);
        return { name, isRequired: required, field };
      });
      return { kind: "object", members, entries: [] };
    }
    case "array":
      return { kind: "array", items: [] };
    default:
      return option satisfies never;
  }
}

/** There is nothing to decide, or nobody would mind. */
function obvious(values: readonly unknown[]): boolean {
  return values.length === 1 || values[0] === false;
}

/** Filled in with a value, whatever it is: what fits no option stands there as JSON. */
export function fieldOf(schema: Located, value: unknown, budget: Budget, depth = 0, isRoot = false): Field {
  budget.left -= depth > deepest ? Infinity : 1;
  const options = optionsOf(schema, isRoot);
  if (budget.left < 0) return { schema, options, chosen: 0, content: absent };
  const scores = options.map((option) => fitness(option, value));
  const best = Math.max(...scores);
  const chosen = scores.indexOf(best);
  const option = options[chosen];
  if (option === undefined || best < 0) {
    const all = [...options, { kind: "json", schema } as const];
    return { schema, options: all, chosen: options.length, content: jsonContent(value) };
  }
  return { schema, options, chosen, content: contentOf(option, value, budget, depth) };
}

/** How well the value can be shown in that way; below 0: not at all. */
function fitness(option: Option, value: unknown): number {
  switch (option.kind) {
    case "text":
      return isTextOf(option.as, value) ? 2 : -1;
    case "choice":
      return placeIn(option.values, value) === -1 ? -1 : 3;
    case "object": {
      if (!isObject(value)) return -1;
      const tags = option.properties.flatMap(({ name, schema }) => {
        const values = valuesOf(schema);
        return values?.length === 1 && Object.hasOwn(value, name) ? [placeIn(values, value[name])] : [];
      });
      if (tags.includes(-1)) return 0;
      const known = option.properties.filter(({ name }) => Object.hasOwn(value, name)).length;
      return 1 + tags.length + known / (1 + option.properties.length);
    }
    case "array":
      return Array.isArray(value) ? 1 : -1;
    case "json":
      return 0;
    default:
      return option satisfies never;
  }
}

function isTextOf(as: TextType, value: unknown): boolean {
  switch (as) {
    case "string":
      return typeof value === "string";
    case "int64":
      return typeof value === "string" && isInt64(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    default:
      return as satisfies never;
  }
}

function placeIn(values: readonly unknown[], value: unknown): number {
  const text = JSON.stringify(value);
  return values.findIndex((each) => JSON.stringify(each) === text);
}

function jsonContent(value: unknown): Content {
  return { kind: "text", input: inputOf(writeJson(value)) };
}

function contentOf(option: Option, value: unknown, budget: Budget, depth: number): Content {
  switch (option.kind) {
    case "text":
      return { kind: "text", input: inputOf(typeof value === "string" ? value : writeJson(value)) };
    case "json":
      return jsonContent(value);
    case "choice":
      return { kind: "choice", at: placeIn(option.values, value) };
    case "object": {
      const given = isObject(value) ? value : {};
      const declared = new Set(option.properties.map(({ name }) => name));
      const members = option.properties.map(({ name, required, schema, root }): Member => {
        const located = { schema, root };
        const field = Object.hasOwn(given, name)
          ? fieldOf(located, given[name], budget, depth + 1)
          : absentField(located, budget);
        return { name, isRequired: required, field };
      });
      const more = option.more ?? { schema: {}, root: option.schema.root };
      const entries = Object.keys(given)
        .filter((name) => !declared.has(name))
        .map((name): Entry => {
          return { key: inputOf(name), field: fieldOf(more, given[name], budget, depth + 1) };
        });
      return { kind: "object", members, entries };
    }
    case "array": {
      const items: readonly unknown[] = Array.isArray(value) ? value : [];
      return {
        kind: "array",
        items: items.map((each, at) => fieldOf(itemOf(option, at), each, budget, depth + 1)),
      };
    }
    default:
      return option satisfies never;
  }
}

/** What a text says as a JSON value, or what is wrong with it; neither: it says nothing. */
export interface Reading {
  readonly value?: unknown;
  readonly problem?: string;
}

/** What can not be read is taken as the text that it is: whoever calls with it wants to see it refused. */
export function read(option: Option, text: string): Reading {
  switch (option.kind) {
    case "text":
      return readText(option.as, text);
    case "json":
      return readJson(text);
    case "choice":
    case "object":
    case "array":
      return {};
    default:
      return option satisfies never;
  }
}

function readText(as: TextType, text: string): Reading {
  switch (as) {
    case "string":
      return { value: text };
    case "int64":
      if (text === "") return {};
      return isInt64(text) ? { value: text } : { value: text, problem: "must be a whole number of 64 bits" };
    case "integer":
    case "number":
      return readNumber(as, text.trim());
    default:
      return as satisfies never;
  }
}

function readNumber(as: "integer" | "number", text: string): Reading {
  if (text === "") return {};
  // Only the ways in which JSON writes numbers.
  const value = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) {
    return { value: text, problem: as === "integer" ? "must be a whole number" : "must be a number" };
  }
  if (as === "integer" && !Number.isInteger(value)) return { value, problem: "must be a whole number" };
  if (/^-?\d+$/.test(text) && !Number.isSafeInteger(value)) {
    return { value: text, problem: "is beyond ±(2^53−1), where JSON numbers lose digits" };
  }
  return { value };
}

function readJson(text: string): Reading {
  if (text.trim() === "") return {};
  try {
    return { value: parseJson(text, "") };
  } catch {
    // As on the command line: what does not even begin like JSON is meant as a text.
    const isText = !/^\s*[[{"\d-]/.test(text);
    return isText ? { value: text } : { value: text, problem: 'must be JSON; a text needs "quotes"' };
  }
}

function isInt64(text: string): boolean {
  return /^-?(0|[1-9]\d{0,18})$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

/** The value that stands in a field; undefined: none. */
export function valueOf(field: Field): unknown {
  const { content } = field;
  switch (content.kind) {
    case "absent":
      return undefined;
    case "text":
      return read(optionIn(field), content.input.text).value;
    case "choice": {
      const option = optionIn(field);
      return option.kind === "choice" ? option.values[content.at] : undefined;
    }
    case "object": {
      const members = [
        ...content.members.map(({ name, field: inner }) => [name, valueOf(inner)] as const),
        ...content.entries.map(({ key, field: inner }) => [key.text, valueOf(inner)] as const),
      ];
      // From entries, not assigned: a name may be `__proto__`.
      return Object.fromEntries(members.filter(([, value]) => value !== undefined));
    }
    case "array":
      return content.items.map((item) => valueOf(item) ?? null);
    default:
      return content satisfies never;
  }
}
