/** JSON as anybody may write it: the same value in many spellings, and messages whose members come in any order and dress. */
import * as fc from "fast-check";

const space = fc.constantFrom("", "", "", " ", "\r\n\t");

/** With an escape wherever one may be. */
function escaped(text: string): string {
  return `"${text
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("")}"`;
}

function spellingsOf(text: string): fc.Arbitrary<string> {
  return fc.constantFrom(
    JSON.stringify(text),
    JSON.stringify(text),
    JSON.stringify(text).replaceAll("/", "\\/"),
    escaped(text),
  );
}

const texts = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("/", '"}{', "\\", "$bytes", "__proto__", "\u2028", "é", "日本語", "🚢"),
);
const string = texts.chain(spellingsOf);
/** Past what is copied on its way, and of one byte more than ASCII has. */
const long = fc
  .tuple(fc.constantFrom("a", "é", "\\n"), fc.integer({ min: 15_000, max: 35_000 }))
  .map(([unit, times]) => `"${unit.repeat(times)}"`);
const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)),
  fc.constantFrom("-0", "0.0", "1e0", "-1.50", "1E+2", "1e-7", "9007199254740993"),
);
/** Not with a backslash at its beginning: V8 14.6, once it has parsed such a name, takes "\\u0061" in its place for it too. */
const key = fc
  .oneof(
    fc.constantFrom('"a"', '"\\u0061"', '"id"', '"value"', '"params"', '"result"', '"__proto__"', '""'),
    string,
  )
  .filter((json) => !String(JSON.parse(json)).startsWith("\\"));

/** Between brackets or braces, with space in all places. */
function listed(brackets: string, items: fc.Arbitrary<readonly string[]>): fc.Arbitrary<string> {
  return fc
    .tuple(items, space, space)
    .map(([list, a, b]) => `${brackets[0]}${a}${list.join(`${b},${a}`)}${b}${brackets[1]}`);
}

const spelled = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("null", "true", "false"),
    number,
    string,
    { weight: 1, arbitrary: long },
    { weight: 2, arbitrary: tie("array") },
    { weight: 3, arbitrary: tie("object") },
  ),
  // A name that comes twice is the later one, for whoever parses it.
  object: listed(
    "{}",
    fc.array(
      fc
        .tuple(key, space, tie("value"))
        .map(([name, between, value]) => `${name}${between}:${between}${value}`),
      { maxLength: 4 },
    ),
  ),
  array: listed("[]", fc.array(tie("value"), { maxLength: 4 })),
}));

/** JSON of any value; of an object or a list. */
export const anyJson: fc.Arbitrary<string> = spelled.value;
export const container: fc.Arbitrary<string> = fc.oneof(spelled.object, spelled.array);

/** A JSON string. */
export const cursor: fc.Arbitrary<string> = string.filter((json) => String(JSON.parse(json)).length <= 1024);

export const name: fc.Arbitrary<string> = fc.constantFrom("m", "é", '"', "a\\b", "日本", "x".repeat(40));

/** How the members of an object are written; `canonical` is as JSON.stringify does it. */
export type Dress = "canonical" | readonly Choice[];

interface Choice {
  readonly rank: number;
  readonly name: "plain" | "escaped";
  readonly before: string;
  readonly after: string;
  /** A member more, which nobody knows. */
  readonly more: string | undefined;
}

const choice: fc.Arbitrary<Choice> = fc.record({
  rank: fc.nat(100),
  name: fc.constantFrom("plain", "plain", "escaped"),
  before: space,
  after: space,
  more: fc.option(
    spelled.value.map((value) => `"x":${value}`),
    { nil: undefined, freq: 6 },
  ),
});

export const dress: fc.Arbitrary<Dress> = fc.oneof(
  { weight: 1, arbitrary: fc.constant("canonical" as const) },
  { weight: 3, arbitrary: fc.array(choice, { minLength: 6, maxLength: 6 }) },
);

/**
 * @param members JSON by name
 * @param again whether a member may come twice; the later one counts, for whoever parses it
 */
export function dressed(
  members: Readonly<Record<string, string | undefined>>,
  how: Dress,
  again = false,
): string {
  const there = Object.entries(members).filter(([, value]) => value !== undefined);
  if (how === "canonical") return `{${there.map(([each, value]) => `"${each}":${value}`).join(",")}}`;
  const written = there.map(([each, value], index) => {
    const { rank = 0, name: as = "plain", before = "", after = "", more } = how[index % how.length] ?? {};
    const spelling = as === "plain" ? `"${each}"` : escaped(each);
    const text = `${before}${spelling}${after}:${before}${value}${after}`;
    const wrong = again ? `${spelling}:"not yet",` : "";
    return { rank, text: more === undefined ? text : `${more}${after},${wrong}${text}` };
  });
  const { before = "", after = "" } = how[0] ?? {};
  const inOrder = written.toSorted((a, b) => a.rank - b.rank).map(({ text }) => text);
  return `${before}{${inOrder.join(",")}}${after}`;
}

/** How a string is written where it is a value of the envelope. */
export function worded(text: string, how: Dress): string {
  return how === "canonical" || how[0]?.name === "plain" ? JSON.stringify(text) : escaped(text);
}
