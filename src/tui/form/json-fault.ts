/** Where a text stops being JSON. Pure; the engine's own messages do not always tell. */

export interface JsonFault {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** What is wrong there. */
  readonly message: string;
}

const token =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-]))/uy;

type Expected = "value" | "first item" | "first name" | "name" | "colon" | "comma" | "end";

const words: Readonly<Record<Expected, string>> = {
  value: "a value is missing",
  "first item": "a value or ] is missing",
  "first name": 'a "name" or } is missing',
  name: 'a "name" is missing',
  colon: "a colon is missing",
  comma: "a comma or the closing bracket is missing",
  end: "nothing may follow here",
};

/** Undefined: it is JSON. */
export function jsonFault(text: string): JsonFault | undefined {
  const open: string[] = [];
  let expected: Expected = "value";
  let at = 0;
  for (;;) {
    token.lastIndex = at;
    const match: RegExpExecArray | null = token.exec(text);
    const next: Expected | undefined =
      match === null ? undefined : after(expected, match[1] ?? (match[2] === undefined ? "0" : '"'), open);
    if (match === null || next === undefined) {
      const here = at + (/^[ \t\r\n]*/.exec(text.slice(at))?.[0].length ?? 0);
      if (here === text.length && expected === "end") return undefined;
      return faultAt(
        text,
        here,
        here < text.length && expected !== "end" ? wrongAt(text, here, expected) : words[expected],
      );
    }
    expected = next;
    at = token.lastIndex;
  }
}

/** What is expected behind a token; undefined: not this token. Keeps the brackets that are open. */
function after(expected: Expected, token: string, open: string[]): Expected | undefined {
  const closed = (): Expected => (open.length === 0 ? "end" : "comma");
  const closes =
    (token === "]" && open.at(-1) === "[" && (expected === "comma" || expected === "first item")) ||
    (token === "}" && open.at(-1) === "{" && (expected === "comma" || expected === "first name"));
  if (closes) {
    open.pop();
    return closed();
  }
  switch (expected) {
    case "value":
    case "first item":
      if (token === "{" || token === "[") {
        open.push(token);
        return token === "{" ? "first name" : "first item";
      }
      return token === "0" || token === '"' ? closed() : undefined;
    case "first name":
    case "name":
      return token === '"' ? "colon" : undefined;
    case "colon":
      return token === ":" ? "value" : undefined;
    case "comma":
      if (token !== ",") return undefined;
      return open.at(-1) === "{" ? "name" : "value";
    case "end":
      return undefined;
    default:
      return expected satisfies never;
  }
}

function wrongAt(text: string, at: number, expected: Expected): string {
  const isText = text[at] === '"' && expected !== "colon" && expected !== "comma";
  return isText ? "a text without its end, or with a character that must be escaped" : words[expected];
}

function faultAt(text: string, at: number, message: string): JsonFault {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message };
}
