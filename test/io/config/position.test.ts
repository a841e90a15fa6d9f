import * as fc from "fast-check";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { keyPositions, type KeyPath } from "../../../src/io/config/position.ts";

const document = `# a comment with [a.header] in it
title = "a # that is no comment"
"quoted key" = 1
'literal "key"' = 2
"esc\\u0061ped\\n" = 3
dotted . "by hand".'too' = 4

[plugins.min]   # [plugins.other]
command = """
[not.a.header]
key = "no"
"""
args = [
  "one", # not = here
  "two, three", [ 'nested' ],
]
limits = { memory = "1MiB", "in flight" = [1, { deep = true }] }
text = '''
it's = "fine" '''''
empty = ""
date = 1979-05-27 07:32:32

  [plugins.min.restart]
  jitter = 0.2
[[steps]]
name = "a"
[[steps.inner]]
x = 1
[[steps]]
name = "b"
  [[steps.inner]]
  x = 2
  [[steps.inner]]
  x = 3
[steps.more]
y = 4
`;

test.each<[KeyPath, line: number, column: number]>([
  [["title"], 2, 1],
  [["quoted key"], 3, 1],
  [['literal "key"'], 4, 1],
  [["escaped\n"], 5, 1],
  [["dotted"], 6, 1],
  [["dotted", "by hand", "too"], 6, 20],
  [["plugins", "min"], 8, 10],
  [["plugins", "min", "command"], 9, 1],
  [["plugins", "min", "args", 0], 14, 3],
  [["plugins", "min", "args", 1], 15, 3],
  [["plugins", "min", "args", 2, 0], 15, 19],
  [["plugins", "min", "limits", "memory"], 17, 12],
  [["plugins", "min", "limits", "in flight", 1, "deep"], 17, 49],
  [["plugins", "min", "text"], 18, 1],
  [["plugins", "min", "empty"], 20, 1],
  [["plugins", "min", "date"], 21, 1],
  [["plugins", "min", "restart"], 23, 16],
  [["plugins", "min", "restart", "jitter"], 24, 3],
  [["steps", 0, "name"], 26, 1],
  [["steps", 0, "inner", 0, "x"], 28, 1],
  [["steps", 1, "inner", 0, "x"], 32, 3],
  [["steps", 1, "inner", 1, "x"], 34, 3],
  [["steps", 1, "more", "y"], 36, 1],
])("finds %j in line %i, column %i", (path, line, column) => {
  expect(() => parse(document)).not.toThrow();
  expect(keyPositions(document)(path)).toEqual({ line, column });
});

test("a key that is not written is where its nearest ancestor is", () => {
  const find = keyPositions(document);
  expect(find(["plugins", "min", "restart", "window"])).toEqual(find(["plugins", "min", "restart"]));
  expect(find(["nothing"])).toBeUndefined();
  expect(find([])).toBeUndefined();
});

test("lines may end in CR LF", () => {
  expect(keyPositions("a = 1\r\n[b]\r\nc = 2\r\n")(["b", "c"])).toEqual({ line: 3, column: 1 });
});

test("a huge multi-line string and deep nesting are no problem", () => {
  const long = `a = """\n${'x "quoted" \\n\n'.repeat(60_000)}"""\nb = ${"[".repeat(900)}${"]".repeat(900)}\nc = 1\n`;
  expect(() => parse(long)).not.toThrow();
  expect(keyPositions(long)(["c"])).toEqual({ line: 60_004, column: 1 });
});

// A document is generated together with the line of each key: tables as headers, dotted keys or inline tables, arrays
// as values or arrays of tables, with strings that look like TOML.
type Node =
  | { kind: "value"; text: string }
  | { kind: "table"; style: Style; members: [string, Node][] }
  | ArrayNode;
type Style = "header" | "dotted" | "inline";
interface ArrayNode {
  kind: "array";
  style: "tables" | "inline";
  elements: Node[];
}

const key = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_-]{1,6}$/),
  fc.constantFrom("a.b", "x = 1", "[t]", "#", 'say "hi"', "it's", "", "\\", "\n", "ü😀", "\t", "]]", "}"),
);
const value = fc
  .oneof(
    fc.integer().map(String),
    fc.boolean().map(String),
    fc.constantFrom("1979-05-27T07:32:00Z", "1979-05-27 07:32:32", "+1.5e3", "inf", "[ ]", "{ }", "''", '""'),
    fc.constantFrom(
      '"""\n[x]\ny = 1 # """"',
      "'''\n'a' = 1\n[[z]]''''",
      '"""a\\"" b = 2"""',
      '"a \\" ] } # b"',
      "'\\'",
    ),
    fc.constantFrom("[1,\n # c = [\n 2,\n]", '["]", \'}\', """\n]"""]', "{ a = '}', b = [ \"]\" ] }"),
  )
  .map((text): Node => ({ kind: "value", text }));

const { node } = fc.letrec<{ node: Node; table: Node; array: Node }>((tie) => ({
  node: fc.oneof({ maxDepth: 4, withCrossShrink: true }, value, tie("table"), tie("array")),
  table: fc.record({
    kind: fc.constant("table" as const),
    style: fc.constantFrom<Style>("header", "dotted", "inline"),
    members: fc.uniqueArray(fc.tuple(key, tie("node")), {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 4,
    }),
  }),
  array: fc.oneof(
    fc.record({
      kind: fc.constant("array" as const),
      style: fc.constant("inline" as const),
      elements: fc.array(tie("node"), { maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant("array" as const),
      style: fc.constant("tables" as const),
      elements: fc.array(tie("table"), { minLength: 1, maxLength: 3 }),
    }),
  ),
}));

class Writer {
  text = "";
  readonly lines = new Map<string, number>();
  private line = 1;

  write(text: string): void {
    this.text += text;
    this.line += text.split("\n").length - 1;
  }

  mark(path: KeyPath): void {
    this.lines.set(JSON.stringify(path), this.line);
  }
}

const spell = (name: string): string => {
  if (/^[A-Za-z0-9_-]+$/.test(name)) return name;
  return /['\n\t]/.test(name) || name.length % 2 === 0 ? JSON.stringify(name) : `'${name}'`;
};

function inlineText(out: Writer, path: KeyPath, node: Node): void {
  if (node.kind === "value") out.write(node.text);
  else if (node.kind === "array") {
    out.write("[");
    for (const [index, element] of node.elements.entries()) {
      out.write(index % 2 === 0 ? "\n # [no]\n " : " ");
      out.mark([...path, index]);
      inlineText(out, [...path, index], element);
      out.write(",");
    }
    out.write("]");
  } else {
    out.write("{ ");
    for (const [index, [name, member]] of node.members.entries()) {
      if (index > 0) out.write(", ");
      out.mark([...path, name]);
      out.write(`${spell(name)} = `);
      inlineText(out, [...path, name], member);
    }
    out.write(" }");
  }
}

/** Plain members first: what follows a header belongs to it. */
function members(out: Writer, path: KeyPath, headerText: string, list: [string, Node][], dotted = ""): void {
  const later = dotted === "" ? list.filter(([, each]) => isHeader(each)) : [];
  for (const [name, node] of list.filter((each) => !later.includes(each))) {
    const here = [...path, name];
    const written = `${dotted}${spell(name)}`;
    out.mark(here);
    if (node.kind === "table" && node.style === "dotted")
      members(out, here, headerText, node.members, `${written} . `);
    else {
      out.write(`  ${written}= `);
      inlineText(out, here, node);
      out.write(" # x = 1\n");
    }
  }
  for (const [name, node] of later) {
    const here = [...path, name];
    const inner = headerText === "" ? spell(name) : `${headerText}.${spell(name)}`;
    if (node.kind === "table") {
      out.mark(here);
      out.write(`[ ${inner} ] # comment\n`);
      members(out, here, inner, node.members);
    } else if (node.kind === "array") {
      for (const [index, element] of node.elements.entries()) {
        if (index === 0) out.mark(here);
        out.mark([...here, index]);
        out.write(`[[${inner}]]\n`);
        if (element.kind === "table") members(out, [...here, index], inner, element.members);
      }
    }
  }
}

function isHeader(node: Node): boolean {
  return (
    (node.kind === "table" && node.style === "header") || (node.kind === "array" && node.style === "tables")
  );
}

test("every key of any document is found in its line", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(key, node), { selector: ([name]) => name, maxLength: 5 }), (list) => {
      const out = new Writer();
      members(out, [], "", list);
      expect(() => parse(out.text)).not.toThrow();
      const find = keyPositions(out.text);
      for (const [path, line] of out.lines)
        expect([path, find(JSON.parse(path))?.line]).toEqual([path, line]);
    }),
    { numRuns: 500 },
  );
});

test("any text at all is read to its end", () => {
  const scrap = fc.constantFrom(
    "[",
    "]",
    "{",
    "}",
    "=",
    '"',
    '"""',
    "'",
    "'''",
    "#",
    ".",
    ",",
    "\n",
    "a",
    "\\",
    " ",
  );
  const anyText = fc.array(scrap).map((parts) => parts.join(""));
  fc.assert(
    fc.property(anyText, (text) => {
      expect(() => keyPositions(text)(["a"])).not.toThrow();
    }),
  );
});
