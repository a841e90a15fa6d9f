/** Text of unknown origin, made fit for one line of a terminal. */

/**
 * Line breaks, tabs and runs of spaces become one space, escape sequences for colour go, and what else a terminal might
 * act on (control characters, bidirectional overrides, lone surrogates) is spelt out. At most `max` UTF-16 units.
 */
export function oneLine(text: string, max = 200): string {
  // Cut before the work: escapes only lengthen, so what lies beyond can matter only where spaces were folded.
  const line = text
    .slice(0, 4 * max)
    .replaceAll(colour, "")
    .replaceAll(/\s+/g, " ")
    .trim()
    .replaceAll(acting, spellOut);
  const complete = text.length <= 4 * max;
  if (line.length <= max && complete) return line;
  return `${line.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Escape, or another control character, and what follows it in a sequence for colour. */
const colour = /\p{Cc}\[[0-9;]*m/gu;
const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

function spellOut(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
