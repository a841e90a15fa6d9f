/**
 * Where each key of a TOML document stands. smol-toml tells positions of syntax errors only, and an error about a
 * value is worth little without its line. This reads structure, not values: the text has been parsed already, so
 * anything odd is stepped over rather than reported.
 */

/** Keys, and indices into arrays, from the document's root. */
export type KeyPath = readonly (string | number)[];

/** Both counted from 1; the column in UTF-16 code units, as editors and smol-toml count. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The position of a key, or of its nearest ancestor that is written down; undefined: none is. */
export type FindPosition = (path: KeyPath) => Position | undefined;

/** `key = value` or the header of a table, with the whole path of what it defines. Offsets into the text. */
export type Statement =
  | { readonly kind: "table"; readonly path: KeyPath; readonly from: number }
  | {
      readonly kind: "value";
      readonly path: KeyPath;
      readonly from: number;
      /** Of the value, without the blanks around it. */
      readonly valueFrom: number;
      readonly valueTo: number;
    };

const bareKey = /[A-Za-z0-9_-]+/y;
const blank = /[ \t]*/y;
const blankLines = /(?:[ \t\r\n]+|#[^\n]*)*/y;
const restOfLine = /[^\n]*/y;
const bareValue = /[^,\]}#\n]*/y;
const basicString = /"(?:[^"\\\n]+|\\.)*"/y;
const literalString = /'[^'\n]*'/y;
// Up to two quotes may stand right before the closing three.
const longBasicString = /"""(?:[^"\\]+|\\[^]|"{1,2}(?!"))*"{3,5}/y;
const longLiteralString = /'''(?:[^']+|'{1,2}(?!'))*'{3,5}/y;

/** In the order of the text. Inside a value there are none. */
export function statements(text: string): Statement[] {
  return structureOf(text).statements;
}

export function keyPositions(text: string): FindPosition {
  const { offsets } = structureOf(text);
  const lineStarts = [0];
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", end + 1)) lineStarts.push(end + 1);

  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const found = offsets.get(JSON.stringify(path.slice(0, length)));
      if (found !== undefined) return positionOf(lineStarts, found.offset);
    }
    return undefined;
  };
}

interface Structure {
  /** By the path as JSON. */
  readonly offsets: ReadonlyMap<string, { readonly offset: number }>;
  readonly statements: Statement[];
}

function structureOf(text: string): Structure {
  const offsets = new Map<string, { offset: number; explicit: boolean }>();
  const arrayTables = new Map<string, number>();
  const found: Statement[] = [];
  let at = 0;
  let table: KeyPath = [];

  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match[0];
  }

  function eat(token: string): boolean {
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  }

  function note(path: KeyPath, offset: number, explicit: boolean): void {
    const name = JSON.stringify(path);
    const known = offsets.get(name);
    if (known === undefined || (explicit && !known.explicit)) offsets.set(name, { offset, explicit });
  }

  /** `a."b c".d`, each part with its offset. */
  function dottedKey(): { name: string; offset: number }[] {
    const parts: { name: string; offset: number }[] = [];
    do {
      take(blank);
      const offset = at;
      const raw = take(bareKey) ?? take(basicString) ?? take(literalString);
      if (raw === undefined) break;
      parts.push({ name: keyName(raw), offset });
      take(blank);
    } while (eat("."));
    return parts;
  }

  /** Enters a dotted key below `base` and tells the whole path; the last part is where it is defined. */
  function enter(
    base: KeyPath,
    parts: readonly { name: string; offset: number }[],
    asHeader: boolean,
  ): KeyPath {
    const path = [...base];
    for (const [index, part] of parts.entries()) {
      const last = index === parts.length - 1;
      path.push(part.name);
      note(path, part.offset, last);
      // A header passes through the latest element of each array of tables on its way.
      const count = asHeader && !last ? arrayTables.get(JSON.stringify(path)) : undefined;
      if (count !== undefined) path.push(count - 1);
    }
    return path;
  }

  function header(): void {
    const from = at;
    const isArray = eat("[[");
    if (!isArray) at += 1;
    const parts = dottedKey();
    const path = enter([], parts, true);
    table = path;
    if (isArray) {
      const name = JSON.stringify(path);
      const index = arrayTables.get(name) ?? 0;
      arrayTables.set(name, index + 1);
      table = [...path, index];
      note(table, parts[0]?.offset ?? at, true);
    }
    found.push({ kind: "table", path, from });
    take(restOfLine);
  }

  /** Undefined: there is none. */
  function keyValue(base: KeyPath): Extract<Statement, { kind: "value" }> | undefined {
    const from = at;
    const parts = dottedKey();
    if (parts.length === 0 || !eat("=")) return undefined;
    const path = enter(base, parts, false);
    take(blank);
    const valueFrom = at;
    value(path);
    const valueTo = valueFrom + text.slice(valueFrom, at).trimEnd().length;
    return { kind: "value", path, from, valueFrom, valueTo };
  }

  function value(path: KeyPath): void {
    if (eat("[")) {
      for (let index = 0; ; index++) {
        take(blankLines);
        if (at >= text.length || eat("]")) return;
        const start = at;
        note([...path, index], at, true);
        value([...path, index]);
        take(blankLines);
        if (!eat(",") && at === start) return;
      }
    }
    if (eat("{")) {
      for (;;) {
        take(blankLines);
        if (at >= text.length || eat("}") || keyValue(path) === undefined) return;
        take(blankLines);
        eat(",");
      }
    }
    // The long forms first: they begin like an empty short one.
    const string =
      take(longBasicString) ?? take(longLiteralString) ?? take(basicString) ?? take(literalString);
    if (string === undefined) take(bareValue);
  }

  for (;;) {
    take(blankLines);
    if (at >= text.length) break;
    if (text[at] === "[") header();
    else {
      const statement = keyValue(table);
      if (statement === undefined) take(restOfLine);
      else found.push(statement);
    }
  }
  return { offsets, statements: found };
}

function positionOf(lineStarts: readonly number[], offset: number): Position {
  let low = 0;
  let high = lineStarts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return { line: low + 1, column: offset - (lineStarts[low] ?? 0) + 1 };
}

const escapes: Record<string, string> = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", e: "\u001B" };

function keyName(raw: string): string {
  if (raw.startsWith("'")) return raw.slice(1, -1);
  if (!raw.startsWith('"')) return raw;
  return raw
    .slice(1, -1)
    .replaceAll(
      /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))/g,
      (_, u: string | undefined, U: string | undefined, x: string | undefined, one: string | undefined) => {
        const hex = u ?? U ?? x;
        return hex === undefined
          ? (escapes[one ?? ""] ?? one ?? "")
          : String.fromCodePoint(Number.parseInt(hex, 16));
      },
    );
}
