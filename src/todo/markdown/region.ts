/** Lines in which a checklist is no checklist: fenced code, and comments. */
import { withoutMarks } from "./mark.ts";

/** When this line begins a region, what tells the line that ends it. */
function opened(line: string): ((line: string) => boolean) | null {
  const fence = /^[ \t]*(`{3,}|~{3,})([^]*)$/.exec(line);
  if (fence !== null) {
    const [, marks = "", info = ""] = fence;
    if (marks.startsWith("`") && info.includes("`")) return null;
    return (each) => {
      const text = each.trim();
      return text.length >= marks.length && text === marks.charAt(0).repeat(text.length);
    };
  }
  if (!/^[ \t]*<!--/.test(line) || !withoutMarks(line).text.startsWith("<!--")) return null;
  return endsComment(line) ? null : endsComment;
}

/** The ids of todos that a person has commented out do not. */
function endsComment(line: string): boolean {
  return line.includes("-->") && withoutMarks(line).text.includes("-->");
}

/** Whether a line looks as if a region began there, ended or not. */
export function isOpener(line: string): boolean {
  return opened(line) !== null;
}

/**
 * The index of the last line of the region that begins here; -1: none does. One that nothing ends is none: who forgets
 * to close a fence must not lose all the todos below it.
 * @param limit the index behind the last line that it may reach
 */
export function regionEnd(lines: readonly string[], start: number, limit = lines.length): number {
  const isEnd = opened(lines[start] ?? "");
  if (isEnd === null) return -1;
  for (let at = start + 1; at < limit; at += 1) if (isEnd(lines[at] ?? "")) return at;
  return -1;
}
