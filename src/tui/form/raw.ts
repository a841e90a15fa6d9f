/** A value as JSON text that is edited as text. Pure. */
import { messageOf } from "../../text/message.ts";
import { parseJson, writeJson } from "../../text/typed-value.ts";
import type { TextInput } from "../parts/text-input.ts";
import { jsonFault } from "./json-fault.ts";

export function rawOf(value: unknown): TextInput {
  return { text: writeJson(value, 2), cursor: 0 };
}

export type RawReading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

/** Characters beyond which a text is not looked at: nobody types as many. */
const longest = 1024 ** 2;
/** As on the wire. */
const deepest = 100;

export function readRaw(text: string): RawReading {
  if (text.length > longest) return { ok: false, problem: "too long" };
  try {
    const value = parseJson(text, "JSON");
    return isDeeper(value, deepest)
      ? { ok: false, problem: `nested deeper than ${deepest}` }
      : { ok: true, value };
  } catch (error) {
    const fault = jsonFault(text);
    const where = fault && `line ${fault.line}, column ${fault.column}: ${fault.message}`;
    return { ok: false, problem: where ?? messageOf(error) };
  }
}

function isDeeper(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((each) => isDeeper(each, left - 1));
}

/** The same column, a line up or down. */
export function movedLine({ text, cursor }: TextInput, by: 1 | -1): TextInput {
  const lines = text.split("\n");
  const before = text.slice(0, cursor).split("\n");
  const line = before.length - 1;
  const column = before.at(-1)?.length ?? 0;
  const target = line + by;
  const found = lines[target];
  if (found === undefined) return { text, cursor: by === 1 ? text.length : 0 };
  const start = lines.slice(0, target).reduce((sum, each) => sum + each.length + 1, 0);
  return onCharacter(text, start + Math.min(column, found.length), start);
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Never inside a character. */
function onCharacter(text: string, at: number, start: number): TextInput {
  let cursor = start;
  for (const { index, segment } of graphemes.segment(text.slice(start, at + 16))) {
    if (start + index + segment.length > at) break;
    cursor = start + index + segment.length;
  }
  return { text, cursor };
}
