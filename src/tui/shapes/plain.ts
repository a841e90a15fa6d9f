/** What a plugin says, as harmless text of a bounded length. Pure. */
import { terminalLine, terminalText } from "../../text/sanitize.ts";
import { cut } from "../parts/fit.ts";

/** The most lines that one drawing has: a person reads fewer, and a terminal must not wait for more. */
export const mostLines = 10_000;

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || typeof value !== "object";
}

/** Its own member: a key such as `__proto__` is a key like any other. */
export function member(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

/** The first so many UTF-16 units, no character cut in two. */
export function head(text: string, most: number): string {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? most - 1 : most);
}

/** One line of at most `width` columns. Only as much of the text is looked at as can be seen. */
export function oneLine(text: string, width: number): string {
  const short = head(text, Math.max(16, width * 4));
  return cut(stacked(terminalLine(short)) + (short.length < text.length ? "…" : ""), width);
}

/** Text of several lines, at most `most` UTF-16 units of it. Tabs are spaces. */
export function manyLines(text: string, most: number): string {
  const short = head(text, most).replaceAll("\r\n", "\n");
  return stacked(terminalText(short).replaceAll("\t", "    "));
}

const stacks =
  /(?:\p{L}?[\p{M}\p{Gr_Ext}\p{Emoji_Modifier}]){9}|[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]{9}/u;
/** Letters without a picture, which some terminals give two columns and others none. */
const fillers = /[\u115f\u1160\u3164\uffa0]/g;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** UTF-16 units of one visible character: what has more is a heap of marks that spills over the lines around it. */
const tallest = 8;

function stacked(text: string): string {
  const visible = text.replace(fillers, (char) => `\\u{${char.charCodeAt(0).toString(16)}}`);
  if (!stacks.test(visible)) return visible;
  return Array.from(graphemes.segment(visible), ({ segment }) => head(segment, tallest)).join("");
}

const grouped = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 12 });

/** A number to read: `1,234`. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || (size !== 0 && (size >= 1e15 || size < 1e-6))) return String(value);
  return grouped.format(value);
}

/** What a bound has left out. */
export function moreOf(count: number, noun: string): string {
  return `… ${numberText(count)} more${noun === "" ? "" : ` ${count === 1 ? noun : `${noun}s`}`}`;
}

/** JSON on one line, as much as is wanted of it: a large value is not written to its end. Not harmless yet. */
export function briefJson(value: unknown, most: number): string {
  let text = "";
  const write = (each: unknown): void => {
    if (typeof each === "string") text += JSON.stringify(head(each, most));
    else if (Array.isArray(each)) list("[", each.length, (at) => write(each[at]), "]");
    else if (isFields(each)) {
      const keys = Object.keys(each);
      const entry = (at: number): void => {
        const key = keys[at] ?? "";
        text += `${JSON.stringify(head(key, most))}: `;
        write(member(each, key));
      };
      list("{", keys.length, entry, "}");
    } else text += JSON.stringify(each) ?? "null";
  };
  const list = (open: string, count: number, item: (at: number) => void, close: string): void => {
    text += open;
    for (let at = 0; at < count && text.length <= most; at++) {
      if (at > 0) text += ", ";
      item(at);
    }
    text += close;
  };
  write(value);
  return text;
}
