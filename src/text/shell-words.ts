/** A command in one text, as words: quotes and backslashes as in a POSIX shell, and nothing else of one. Pure. */

/** Undefined: a quote is not closed, or nothing follows a backslash. */
export function shellWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (/\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= "";
    if (c === "'") {
      const end = text.indexOf("'", i + 1);
      if (end < 0) return undefined;
      word += text.slice(i + 1, end);
      i = end;
    } else if (c === '"') {
      const quoted = doubleQuoted(text, i + 1);
      if (quoted === undefined) return undefined;
      word += quoted.text;
      i = quoted.end;
    } else if (c === "\\") {
      if (++i === text.length) return undefined;
      word += text[i];
    } else word += c;
  }
  return word === undefined ? words : [...words, word];
}

/** Within double quotes a backslash is itself, but before what would mean something there. */
function doubleQuoted(source: string, start: number): { text: string; end: number } | undefined {
  let text = "";
  for (let i = start; i < source.length; i++) {
    const c = source[i]!;
    if (c === '"') return { text, end: i };
    const escaped = c === "\\" && /["\\$`]/.test(source[i + 1] ?? "");
    text += escaped ? source[++i] : c;
  }
  return undefined;
}
