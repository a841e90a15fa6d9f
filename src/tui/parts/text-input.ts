/** A text being typed, of one line or more. Pure. */
import type { Key } from "../keys.ts";

export interface TextInput {
  readonly text: string;
  /** In UTF-16 units, never inside a character. */
  readonly cursor: number;
}

export const emptyInput: TextInput = { text: "", cursor: 0 };

export function inputOf(text: string): TextInput {
  return { text, cursor: text.length };
}

/** What a key makes of it; a key that edits nothing leaves it as it is. */
export function edited(input: TextInput, key: Key): TextInput {
  if (key.text !== "") return inserted(input, key.text);
  const { text, cursor } = input;
  switch (key.name) {
    case "left":
      return { text, cursor: before(text, cursor) };
    case "right":
      return { text, cursor: behind(text, cursor) };
    case "home":
    case "ctrl+a":
      return { text, cursor: lineStart(text, cursor) };
    case "end":
    case "ctrl+e":
      return { text, cursor: lineEnd(text, cursor) };
    case "ctrl+left":
    case "alt+b":
      return { text, cursor: wordStart(text, cursor) };
    case "ctrl+right":
    case "alt+f":
      return { text, cursor: wordEnd(text, cursor) };
    case "backspace":
      return without(input, before(text, cursor), cursor);
    case "delete":
      return without(input, cursor, behind(text, cursor));
    case "ctrl+w":
      return without(input, wordStart(text, cursor), cursor);
    case "ctrl+u":
      return without(input, lineStart(text, cursor), cursor);
    case "ctrl+k":
      return without(input, cursor, lineEnd(text, cursor));
    default:
      return input;
  }
}

export function inserted({ text, cursor }: TextInput, more: string): TextInput {
  return settled(text.slice(0, cursor) + more + text.slice(cursor), cursor + more.length);
}

function without({ text }: TextInput, from: number, to: number): TextInput {
  return settled(text.slice(0, from) + text.slice(to), from);
}

/** What stands side by side now may be one character: two letters of a flag are. */
function settled(text: string, cursor: number): TextInput {
  return { text, cursor: charEnd(text, cursor) };
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function before(text: string, cursor: number): number {
  return charAt(text.slice(0, cursor), cursor - 1)?.index ?? 0;
}

/** The place itself, or the end of the character that it is inside of. */
function charEnd(text: string, at: number): number {
  const char = charAt(text, at);
  return char === undefined || char.index === at ? at : char.index + char.segment.length;
}

/** The place itself, or the start of the character that it is inside of. */
function charStart(text: string, at: number): number {
  return charAt(text, at)?.index ?? at;
}

function charAt(text: string, at: number): Intl.SegmentData | undefined {
  return graphemes.segment(text).containing(at);
}

function behind(text: string, cursor: number): number {
  const [next] = graphemes.segment(text.slice(cursor));
  return cursor + (next?.segment.length ?? 0);
}

function lineStart(text: string, cursor: number): number {
  // From -1 it would look at 0 all the same.
  return cursor === 0 ? 0 : text.lastIndexOf("\n", cursor - 1) + 1;
}

function lineEnd(text: string, cursor: number): number {
  const end = text.indexOf("\n", cursor);
  return end === -1 ? text.length : end;
}

function wordStart(text: string, cursor: number): number {
  // Step by step: a pattern for the end of a text is tried at each of its places.
  let at = text.slice(0, cursor).trimEnd().length;
  while (at > 0 && /\S/.test(text.charAt(at - 1))) at -= 1;
  return charStart(text, at);
}

function wordEnd(text: string, cursor: number): number {
  return charEnd(text, cursor + (/^\s*\S*/.exec(text.slice(cursor))?.[0].length ?? 0));
}
