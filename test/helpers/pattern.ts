/** The patterns of golden transcripts; protocol/transcripts/README.md says what they match. */
import { isDeepStrictEqual } from "node:util";

export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };

/** Where and how a value differs from a pattern; undefined: it matches. */
export function mismatch(pattern: Json, value: Json | undefined, at = ""): string | undefined {
  const differs = (wanted: string): string =>
    `${at}: expected ${wanted}, found ${value === undefined ? "nothing" : show(value)}`;
  if (isObject(pattern)) {
    const wildcard = Object.keys(pattern).find((key) => key.startsWith("$"));
    if (wildcard !== undefined) {
      return takes(wildcard, pattern[wildcard] ?? null, value) ? undefined : differs(show(pattern));
    }
    if (!isObject(value)) return differs("an object");
    return firstOf(Object.entries(pattern), ([key, each]) => mismatch(each, own(value, key), `${at}/${key}`));
  }
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value) || value.length !== pattern.length)
      return differs(`a list of ${pattern.length}`);
    return firstOf([...pattern.entries()], ([index, each]) => mismatch(each, value[index], `${at}/${index}`));
  }
  return pattern === value ? undefined : differs(show(pattern));
}

function takes(wildcard: string, argument: Json, value: Json | undefined): boolean {
  if (wildcard === "$absent") return value === undefined;
  if (value === undefined) return false;
  switch (wildcard) {
    case "$any":
      return true;
    case "$id":
      return Number.isInteger(value) || typeof value === "string";
    case "$type":
      return argument === "integer" ? Number.isInteger(value) : typeOf(value) === argument;
    case "$pattern":
      return (
        typeof value === "string" && typeof argument === "string" && new RegExp(argument, "u").test(value)
      );
    case "$oneOf":
      return Array.isArray(argument) && argument.some((each) => mismatch(each, value) === undefined);
    case "$exact":
      return isDeepStrictEqual(argument, value);
    case "$hex":
      return isDeepStrictEqual({ $hex: argument }, value);
    default:
      throw new Error(`no such wildcard: ${wildcard}`);
  }
}

/** Gives the ids in a message that matched the names that the pattern has for them. */
export function remember(pattern: Json, message: Json, ids: Map<string, Json>): void {
  const name = idName(pattern);
  if (name !== undefined) ids.set(name, message);
  else if (isObject(pattern) && isObject(message)) {
    for (const [key, each] of Object.entries(pattern)) remember(each, own(message, key) ?? null, ids);
  }
}

export function namedIds(value: Json): string[] {
  const name = idName(value);
  if (name !== undefined) return [name];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(namedIds) : [];
}

export function idName(value: Json): string | undefined {
  const name = isObject(value) ? value["$id"] : undefined;
  return typeof name === "string" ? name : undefined;
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** With each part for which there is something else replaced by that. */
export function replace(value: Json, other: (part: Json) => Json | undefined): Json {
  const found = other(value);
  if (found !== undefined) return found;
  if (Array.isArray(value)) return value.map((each) => replace(each, other));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, replace(member, other)]));
}

function firstOf<T>(list: readonly T[], find: (each: T) => string | undefined): string | undefined {
  for (const each of list) {
    const found = find(each);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function isObject(value: Json | undefined): value is { [member: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(value: { [member: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

export function show(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 500 ? `${text.slice(0, 500)}… (${text.length} characters)` : text;
}
