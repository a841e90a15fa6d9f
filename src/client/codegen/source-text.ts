/** Pieces of TypeScript. What a plugin says only ever gets in as a literal. */

export function quoted(text: string): string {
  // Legal in a string since ES2019, but not in every tool that reads one.
  return JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** The name of a property in an object literal. */
function key(name: string): string {
  // Written plainly, it would set the prototype.
  if (name === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

/** `{ name: value, … }` on lines of its own. */
export function block(members: readonly (readonly [name: string, value: string | undefined])[]): string {
  const lines = members.flatMap(([name, value]) => (value === undefined ? [] : [`${key(name)}: ${value},`]));
  return lines.length === 0 ? "{}" : `{\n${indented(lines.join("\n"))}\n}`;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}

/** A JSON value. */
export function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).map(([name, each]) => `${key(name)}: ${literal(each)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

const reserved = new Set(
  (
    "await break case catch class const continue debugger default delete do else enum export extends false finally for " +
    "function if implements import in instanceof interface let new null package private protected public return static " +
    "super switch this throw true try type typeof undefined var void while with yield arguments eval " +
    "any unknown never object string number boolean bigint symbol Array Record RegExp Promise Infinity NaN"
  ).split(" "),
);

/** Hands out identifiers, each once. */
export class Identifiers {
  readonly #taken = new Set<string>();

  constructor(taken: readonly string[]) {
    for (const each of taken) this.#taken.add(each);
  }

  /** @param wish What it should be called, if that can be. */
  next(wish: string): string {
    const base = /^[A-Za-z]\w{0,63}$/.test(wish) && !reserved.has(wish) ? wish : "Schema";
    let name = base;
    for (let n = 2; this.#taken.has(name); n++) name = `${base}${n}`;
    this.#taken.add(name);
    return name;
  }
}
