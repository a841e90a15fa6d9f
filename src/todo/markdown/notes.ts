/** Notes as indented lines below their todo. They may be any text, and Markdown of their own. */
import { isItem } from "./item.ts";
import { isOpener, regionEnd } from "./region.ts";
import { decoded, encoded, entity, isBlank, isHarmful } from "./text.ts";

/** At the beginning of a line, what would be read as something else than notes. */
const special = /^([ \t]*)\\(\\*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+\[|`{3}|~{3}|<!--))/;

/** Null: there are none. */
export function notesOf(below: readonly string[]): string | null {
  const first = below.findIndex((line) => !isBlank(line));
  if (first === -1) return null;
  const lines = below.slice(first, below.findLastIndex((line) => !isBlank(line)) + 1);
  const indent = commonIndent(lines);
  const texts = lines.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : ""));
  const isVerbatim = verbatim(texts);
  return texts.map((line, at) => (isVerbatim[at] === true ? line : readLine(line))).join("\n");
}

export function notesLines(notes: string, indent: string): string[] {
  const lines = notes.split("\n");
  const isVerbatim = verbatim(lines);
  const isStray = lines.some((line, at) => isVerbatim[at] !== true && isOpener(line));
  // Nothing can be written otherwise within code, so then it does not stand there as code.
  const isPlain =
    isStray || lines.some((line, at) => isVerbatim[at] === true && isHarmful(line)) || isIndented(lines);
  const written = lines.map((line, at) => {
    if (!isPlain && isVerbatim[at] === true) return line;
    return writtenLine(line, at === 0 || at === lines.length - 1);
  });
  const first = written.findIndex((line) => !isBlank(line));
  if (isIndented(written)) written[first] = entityFirst(written[first] ?? "");
  return written.map((line) => (line === "" ? "" : indent + line));
}

function writtenLine(line: string, isOuter: boolean): string {
  // A blank line at either end would not be seen as a part of the notes.
  if (isOuter && isBlank(line)) return line === "" ? "\\" : entityFirst(line);
  const isSpecial = isItem(line) || isOpener(line) || special.test(line);
  const text = isSpecial ? line.replace(/^[ \t]*/, "$&\\") : line;
  return encoded(/^\\+$/.test(line) ? `\\${line}` : text);
}

function readLine(line: string): string {
  const text = decoded(line);
  return /^\\+$/.test(line) ? text.slice(1) : text.replace(special, "$1$2");
}

/** Which lines stand within code or a comment, where everything is what it is. */
function verbatim(lines: readonly string[]): boolean[] {
  const found = lines.map(() => false);
  for (let at = 0; at < lines.length; at += 1) {
    const end = regionEnd(lines, at);
    if (end === -1) continue;
    found.fill(true, at, end + 1);
    at = end;
  }
  return found;
}

function isIndented(lines: readonly string[]): boolean {
  return lines.some((line) => !isBlank(line)) && commonIndent(lines) !== "";
}

function commonIndent(lines: readonly string[]): string {
  const indents = lines.filter((line) => !isBlank(line)).map((line) => /^[ \t]*/.exec(line)?.[0] ?? "");
  return indents.reduce((common, indent) => {
    let length = 0;
    while (length < common.length && common[length] === indent[length]) length += 1;
    return common.slice(0, length);
  });
}

function entityFirst(line: string): string {
  return entity(line) + line.slice(1);
}
