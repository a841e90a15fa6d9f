/** Plain data as it is written in TOML, on one line. */

/** @throws TypeError for null, which TOML does not have. */
export function inToml(value: unknown): string {
  if (typeof value === "string") return textInToml(value);
  if (typeof value === "number") return numberInToml(value);
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map(inToml).join(", ")}]`;
  if (typeof value !== "object" || value === null) throw new TypeError(`TOML has no ${String(value)}`);
  const members = Object.entries(value).map(([key, member]) => `${keyInToml(key)} = ${inToml(member)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

export function keyInToml(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : textInToml(key);
}

/** JSON's escapes are TOML's as well, but JSON leaves DEL as it is. */
function textInToml(text: string): string {
  return JSON.stringify(text).replaceAll("\u007F", String.raw`\u007f`);
}

/** A whole number that a double holds only roughly is no TOML integer to a reader that takes them at their word. */
function numberInToml(value: number): string {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value);
}
