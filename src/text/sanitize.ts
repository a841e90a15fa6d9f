/**
 * What comes from a plugin is written to a terminal only through here: control characters could move the cursor,
 * retitle the window or answer a prompt, and bidirectional overrides make a text read as what it is not.
 */

// Control and format characters (bidirectional overrides and isolates are among the latter, UAX #9), line and paragraph
// separators, halves of surrogate pairs.
const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** One line of harmless text: every dangerous character is shown as `\u{1b}`, line breaks and tabs as `\n`, `\t`. */
export function terminalLine(text: string): string {
  return text.replace(dangerous, escaped);
}

/** Harmless text of several lines. */
export function terminalText(text: string): string {
  return text.replace(dangerous, (char) => (char === "\n" || char === "\t" ? char : escaped(char)));
}

/** JSON text that is harmless as well: JSON leaves C1 and overrides as they are. Still the same JSON value. */
export function jsonText(value: unknown, indent?: number): string {
  return harmlessJson(JSON.stringify(value, null, indent) ?? "null");
}

/** The same of what is JSON text already. */
export function harmlessJson(text: string): string {
  return text.replace(dangerous, (char) => (char === "\n" ? char : jsonEscape(char)));
}

function escaped(char: string): string {
  if (char === "\n") return "\\n";
  if (char === "\t") return "\\t";
  if (char === "\r") return "\\r";
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}

/** JSON writes characters beyond 16 bits as two escapes. */
function jsonEscape(char: string): string {
  const units = Array.from({ length: char.length }, (_, at) => char.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
