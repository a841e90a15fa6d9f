/** Text to a width in terminal columns. Pure. */
import stringWidth from "string-width";

const ascii = /^[\x20-\x7e]*$/;

/** Columns that a text takes; escape sequences take none. */
export function widthOf(text: string): number {
  return ascii.test(text) ? text.length : stringWidth(text);
}

/** As much of it as fits, with `…` for the rest. Of plain text: colour comes afterwards. */
export function cut(text: string, width: number): string {
  if (width <= 0) return "";
  if (ascii.test(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  if (text.length <= width / 2 || stringWidth(text) <= width) return text;
  let room = width - 1;
  let kept = "";
  for (const { segment } of graphemes.segment(text.slice(0, width * 16))) {
    room -= stringWidth(segment);
    if (room < 0) break;
    kept += segment;
  }
  return `${kept}…`;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

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
      if (used + each > room) {
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
