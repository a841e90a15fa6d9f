/** Changes single settings in the text of a TOML file, and leaves everything else in it as it is. */
import { inToml, keyInToml } from "../../../protocol/toml-value.ts";
import { statements } from "./position.ts";
import type { Statement } from "./position.ts";

export interface SettingsChange {
  readonly set: Readonly<Record<string, unknown>>;
  readonly unset: readonly string[];
}

/** @throws UneditableKey; TypeError for null, which TOML does not have. */
export function editedText(text: string, { set, unset }: SettingsChange): string {
  const without = unset.reduce(removed, text);
  return Object.entries(set).reduce((so, [key, value]) => written(so, key, inToml(value)), without);
}

/** Written as a table, or in several parts: better left to who wrote it like that. */
export class UneditableKey extends Error {
  readonly key: string;

  constructor(key: string) {
    super(`${keyInToml(key)} is written as a table; edit the file by hand`);
    this.key = key;
  }
}

function written(text: string, key: string, value: string): string {
  const all = statements(text);
  const statement = statementOf(all, key);
  if (statement !== undefined) {
    return text.slice(0, statement.valueFrom) + value + text.slice(statement.valueTo);
  }
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const at = placeFor(text, all, key);
  // The last line of a file need not have an end.
  const before = at > 0 && text[at - 1] !== "\n" ? newline : "";
  return `${text.slice(0, at)}${before}${keyInToml(key)} = ${value}${newline}${text.slice(at)}`;
}

function removed(text: string, key: string): string {
  const statement = statementOf(statements(text), key);
  if (statement === undefined) return text;
  const from = lineStart(text, statement.from);
  const to = nextLine(text, statement.valueTo);
  // What somebody wrote behind the value stays, on a line of its own.
  return text.slice(0, from) + text.slice(statement.valueTo, to).trimStart() + text.slice(to);
}

type ValueStatement = Extract<Statement, { kind: "value" }>;

function statementOf(all: readonly Statement[], key: string): ValueStatement | undefined {
  const [first, ...others] = all.filter(({ path }) => path[0] === key);
  if (first === undefined) return undefined;
  if (others.length > 0 || first.kind === "table" || first.path.length > 1) throw new UneditableKey(key);
  return first;
}

/** Below the line that a template has for it; else behind all keys of the root, which end where the first table begins. */
function placeFor(text: string, all: readonly Statement[], key: string): number {
  const table = all.find(({ kind }) => kind === "table");
  const values = all.slice(0, table === undefined ? all.length : all.indexOf(table)).filter(isValue);
  const comments = commentsIn(text, values, table?.from ?? text.length);
  const isTemplate = templateOf(key);
  const template = comments.find((at) => isTemplate(text.slice(at, nextLine(text, at))));
  if (template !== undefined) return nextLine(text, template);
  if (table === undefined) return text.length;
  const last = values.at(-1);
  if (last !== undefined) return nextLine(text, last.valueTo);
  // The comments right above a header are the table's.
  let at = lineStart(text, table.from);
  while (comments.includes(lineStart(text, at - 1)) && at > 0) at = lineStart(text, at - 1);
  return at;
}

const isValue = (statement: Statement): statement is ValueStatement => statement.kind === "value";

/** Where the lines begin that are nothing but a comment. A line of a long string may look like one. */
function commentsIn(text: string, values: readonly ValueStatement[], end: number): number[] {
  const found: number[] = [];
  let next = 0;
  for (let at = 0; at < end; at = nextLine(text, at)) {
    while ((values[next]?.valueTo ?? Infinity) <= at) next++;
    const inside = (values[next]?.from ?? Infinity) < at;
    if (!inside && /^[ \t]*#/.test(text.slice(at, nextLine(text, at)))) found.push(at);
  }
  return found;
}

/** `# key = …` */
function templateOf(key: string): (line: string) => boolean {
  const name = keyInToml(key);
  return (line) => {
    const shown = line.replace(/^[ \t]*#[ \t]*/, "");
    return shown.startsWith(name) && /^[ \t]*=/.test(shown.slice(name.length));
  };
}

function lineStart(text: string, at: number): number {
  return at <= 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

function nextLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end + 1;
}
