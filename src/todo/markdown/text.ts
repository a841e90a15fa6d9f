/** Text as lines that keep their ends, columns, and characters that can not stand in a line as they are. */

export interface Line {
  readonly text: string;
  /** `""` only where the text ends without one. */
  readonly end: "" | "\n" | "\r\n" | "\r";
}

export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let from = 0;
  for (const { 0: end, index } of text.matchAll(/\r\n|\n|\r/g)) {
    lines.push({ text: text.slice(from, index), end: end === "\r\n" || end === "\r" ? end : "\n" });
    from = index + end.length;
  }
  if (from < text.length) lines.push({ text: text.slice(from), end: "" });
  return lines;
}

/** A tab goes on to the next multiple of four, as in Markdown. */
export function columnOf(text: string): number {
  let column = 0;
  for (const each of text) {
    if (each === "\t") column += 4 - (column % 4);
    else if (each === " ") column += 1;
    else break;
  }
  return column;
}

/** By the only two characters that indent. */
export function isBlank(text: string): boolean {
  return /^[ \t]*$/.test(text);
}

/** The way of Markdown to write any character: `&#13;`. What already looks like one is written like that as well. */
export function encoded(text: string): string {
  return text.replaceAll(/&(?=#\d{1,7};)|[\0\r]|\p{Surrogate}/gu, entity);
}

export function decoded(text: string): string {
  return text.replaceAll(/&#(\d{1,7});/g, (whole, digits: string) => {
    const code = Number(digits);
    return code > 0x10_ff_ff ? whole : String.fromCodePoint(code);
  });
}

export function entity(character: string): string {
  return `&#${character.codePointAt(0) ?? 0};`;
}
