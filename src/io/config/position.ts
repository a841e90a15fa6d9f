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
  const { root } = structureOf(text);
  const lineStarts = [0];
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", end + 1)) lineStarts.push(end + 1);

  return (path) => {
    let node = root;
    for (const part of path) {
      const next = node.members.get(part);
      if (next === undefined) break;
      node = next;
    }
    return node === root ? undefined : positionOf(lineStarts, node.offset);
  };
}

/** A key that is written down, and those below it: together they take no more room than the text. */
interface Node {
  offset: number;
  /** Whether it is defined there, rather than passed through on the way to another. */
  explicit: boolean;
  /** Of an array of tables: how many of them there are so far. */
  tables: number;
  readonly members: Map<string | number, Node>;
}

/** A key with its path. */
interface Place {
  readonly path: KeyPath;
  readonly node: Node;
}

interface Structure {
  readonly root: Node;
  readonly statements: Statement[];
}

function structureOf(text: string): Structure {
  const root: Node = { offset: 0, explicit: true, tables: 0, members: new Map() };
  const found: Statement[] = [];
  let at = 0;
  let table: Place = { path: [], node: root };

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

  function below(parent: Node, part: string | number, offset: number, explicit: boolean): Node {
    const known = parent.members.get(part);
    if (known === undefined) {
      const node: Node = { offset, explicit, tables: 0, members: new Map() };
      parent.members.set(part, node);
      return node;
    }
    if (explicit && !known.explicit) Object.assign(known, { offset, explicit });
    return known;
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

  /** Enters a dotted key below `base`; the last part is where it is defined. */
  function enter(base: Place, parts: readonly { name: string; offset: number }[], asHeader: boolean): Place {
    const path = [...base.path];
    let { node } = base;
    for (const [index, part] of parts.entries()) {
      const last = index === parts.length - 1;
      path.push(part.name);
      node = below(node, part.name, part.offset, last);
      // A header passes through the latest element of each array of tables on its way.
      if (!asHeader || last || node.tables === 0) continue;
      path.push(node.tables - 1);
      node = below(node, node.tables - 1, part.offset, false);
    }
    return { path, node };
  }

  function header(): void {
    const from = at;
    const isArray = eat("[[");
    if (!isArray) at += 1;
    const parts = dottedKey();
    table = enter({ path: [], node: root }, parts, true);
    found.push({ kind: "table", path: table.path, from });
    if (isArray) {
      const index = table.node.tables++;
      const node = below(table.node, index, parts[0]?.offset ?? at, true);
      table = { path: [...table.path, index], node };
    }
    take(restOfLine);
  }

  /** Undefined: there is none. */
  function keyValue(base: Place): Extract<Statement, { kind: "value" }> | undefined {
    const from = at;
    const parts = dottedKey();
    if (parts.length === 0 || !eat("=")) return undefined;
    const place = enter(base, parts, false);
    take(blank);
    const valueFrom = at;
    value(place);
    const valueTo = valueFrom + text.slice(valueFrom, at).trimEnd().length;
    return { kind: "value", path: place.path, from, valueFrom, valueTo };
  }

  function value(place: Place): void {
    if (eat("[")) {
      for (let index = 0; ; index++) {
        take(blankLines);
        if (at >= text.length || eat("]")) return;
        const start = at;
        const node = below(place.node, index, at, true);
        value({ path: [...place.path, index], node });
        take(blankLines);
        if (!eat(",") && at === start) return;
      }
    }
    if (eat("{")) {
      for (;;) {
        take(blankLines);
        if (at >= text.length || eat("}") || keyValue(place) === undefined) return;
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
  return { root, statements: found };
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
