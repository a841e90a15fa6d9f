/** Text to a width in terminal columns. Pure. */
import stringWidth from "string-width";

const ascii = /^[\x20-\x7e]*$/;

/** Most letters there are, and what is drawn with them: none joins another, and those from Hangul and CJK take two columns. */
const simple =
  /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u0400-\u0482\u2010-\u2027\u2500-\u259f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]*$/;
const wide = /[\u3041-\ud7a3]/g;

/** Columns that a text takes; escape sequences take none. */
export function widthOf(text: string): number {
  if (ascii.test(text)) return text.length;
  // A hundred times as fast as measuring each character.
  if (simple.test(text)) return text.length + (text.match(wide)?.length ?? 0);
  return stringWidth(text);
}

/** As much of it as fits, with `…` for the rest. Of plain text: colour comes afterwards. */
export function cut(text: string, width: number): string {
  if (width <= 0) return "";
  if (ascii.test(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  if (text.length <= width / 2 || widthOf(text) <= width) return text;
  let room = width - 1;
  let kept = "";
  const near = text.slice(0, width * 16);
  for (const { index, segment } of graphemes.segment(near)) {
    room -= widthOf(segment);
    // The last one may go on behind what is looked at, or be half of a pair.
    if (room < 0 || (near.length < text.length && index + segment.length === near.length)) break;
    kept += segment;
  }
  return `${kept}…`;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** As much of its end as fits, with `…` for the rest. Of plain text. */
export function cutFront(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  if (room <= 0) return "";
  // No character has more units than this for each of its columns.
  const near = Array.from(graphemes.segment(text.slice(-room * 16)), ({ segment }) => segment);
  let width = 1;
  let first = near.length;
  while (first > 0 && width + widthOf(near[first - 1] ?? "") <= room) {
    first -= 1;
    width += widthOf(near[first] ?? "");
  }
  return `…${near.slice(first).join("")}`;
}

/** Exactly so wide: cut or filled with spaces. */
export function fit(text: string, width: number, align: "left" | "right" = "left"): string {
  const short = cut(text, width);
  const gap = " ".repeat(Math.max(0, width - widthOf(short)));
  return align === "left" ? short + gap : gap + short;
}

/** Lines of at most `width` columns, broken at spaces where there are any. Of plain text. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(1, width);
  return text.split("\n").flatMap((line) => wrapLine(line, room));
}

function wrapLine(line: string, room: number): string[] {
  if (widthOf(line) <= room) return [line];
  const lines: string[] = [];
  let current = "";
  let used = 0;
  for (const word of line.match(/\s+|\S+/g) ?? []) {
    const width = widthOf(word);
    if (used + width > room && used > 0) {
      lines.push(current.trimEnd());
      current = "";
      used = 0;
      if (/^\s/.test(word)) continue;
    }
    if (width <= room) {
      current += word;
      used += width;
      continue;
    }
    // A word that is longer than a line.
    for (const { segment } of graphemes.segment(word)) {
      const each = widthOf(segment);
      if (used + each > room && used > 0) {
        lines.push(current);
        current = "";
        used = 0;
      }
      current += segment;
      used += each;
    }
  }
  if (current !== "") lines.push(current);
  return lines;
}
