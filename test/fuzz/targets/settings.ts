/** Changing one setting in the text of a TOML file: it is changed, and nothing else is. */
import * as fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { parse, TomlError } from "smol-toml";
import { editedText, UneditableKey } from "../../../src/io/config/settings-text.ts";
import { must, pure } from "../target.ts";
import type { Target } from "../target.ts";
import { filesOf } from "./folder.ts";

/** As files are read: a byte order mark is no part of the text. */
const utf8 = new TextDecoder();

function tableOf(text: string): Record<string, unknown> | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof TomlError) return undefined;
    throw error;
  }
}

/** The text, the key, and the value as TOML; without a value the key is taken out. */
function run(input: Buffer): void {
  const [text = "", key = "", written = ""] = filesOf(input, 3).map((each) => utf8.decode(each));
  const before = tableOf(text);
  const value = tableOf(`x = ${written}`)?.["x"];
  // smol-toml leaves dates to JavaScript's own reader, which takes more for one than TOML has.
  if (/\d{4}-(?!\d\d-\d\d)/.test(text)) return;
  // Of what JSON does not carry, nothing is ever set.
  if (before === undefined || !isDeepStrictEqual(value, overJson(value))) return;
  const change = value === undefined ? { set: {}, unset: [key] } : { set: { [key]: value }, unset: [] };
  let edited: string;
  try {
    edited = editedText(text, change);
  } catch (error) {
    if (error instanceof UneditableKey) return;
    throw error;
  }
  const after = tableOf(edited);
  must(after !== undefined, "what is written is TOML", { text, edited });
  const wanted: Record<string, unknown> = { ...before };
  if (value === undefined) delete wanted[key];
  else Object.defineProperty(wanted, key, { value, enumerable: true, configurable: true, writable: true });
  must(isDeepStrictEqual(plain(after), plain(wanted)), "the setting is changed and nothing else is", {
    text,
    edited,
  });
  must(
    value !== undefined || comments(edited) >= comments(text) - comments(valueText(text, edited)),
    "comments stay",
  );
}

function comments(text: string): number {
  return text.match(/#/g)?.length ?? 0;
}

/** What was there and is not any more. */
function valueText(before: string, after: string): string {
  let start = 0;
  while (start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return before.slice(start, before.length - end);
}

function overJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** Dates and numbers that are none equal themselves like this; which prototype a table has says nothing. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null && !(value instanceof Date)) {
    return Object.entries(value)
      .map(([key, member]) => [key, plain(member)])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  }
  return value instanceof Date ? String(value) : value;
}

const key = fc.constantFrom("a", "b", "c", "a b", "__proto__", "", "é", '"', "x.y");
const written = fc.oneof(
  fc.constantFrom(
    "1",
    "true",
    '"x"',
    "'y'",
    '"""\nlong\n# no comment\n"""',
    '"""x""y"""',
    "'''x''y'''",
    "[1,\n 2 # two\n]",
    "{ d = 1 }",
    "1979-05-27",
    "0.5",
    "'''a'''",
    '"#"',
    "[]",
    "inf",
  ),
  fc.string({ maxLength: 6 }).map((each) => JSON.stringify(each)),
);
const line = fc.oneof(
  fc
    .tuple(key, written, fc.constantFrom("", " # why", "  "))
    .map(([name, value, end]) => `${/^\w+$/.test(name) ? name : JSON.stringify(name)} = ${value}${end}`),
  fc.constantFrom("[t]", "[[u]]", "# a = 1", "#c = 2", "", "# comment", "b.d = 1", "[b]", "  ", '"a" = 2'),
);
const toml = fc
  .tuple(fc.array(line, { maxLength: 7 }), fc.constantFrom("\n", "\r\n"), fc.constantFrom("", "\n"))
  .map(([lines, end, last]) => lines.join(end) + last);

export const settings: Target = {
  name: "settings",
  inputs: fc
    .tuple(toml, key, fc.oneof(fc.constant(""), written))
    .map((parts) => Buffer.from(parts.join("\0"))),
  words: [
    "a = 1\n",
    "[t]\n",
    "[[u]]\n",
    "# a = 1\n",
    '"""',
    "'''",
    "\r\n",
    "\n",
    "{",
    "}",
    "#",
    ".",
    " = ",
    "\0",
    "__proto__",
    "\xef\xbb\xbf",
  ],
  covers: ["src/io/config/settings-text.ts", "src/io/config/position.ts", "protocol/toml-value.ts"],
  tried: 5000,
  start: pure(run),
};
