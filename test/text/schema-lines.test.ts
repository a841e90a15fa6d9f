import { expect, test } from "vitest";
import type { JsonSchema } from "../../protocol/description.ts";
import { schemaLines } from "../../src/text/schema-lines.ts";

/** `  name?: type; note, note` */
function outline(schema: JsonSchema | undefined): string[] {
  return schemaLines(schema).map(({ depth, name, required, type, notes }) => {
    const title = name === "" ? "" : `${name}${required ? "" : "?"}: `;
    return `${"  ".repeat(depth)}${title}${type}${notes.length === 0 ? "" : `; ${notes.join(", ")}`}`;
  });
}

test.each<[what: string, schema: JsonSchema | undefined, lines: readonly string[]]>([
  ["nothing", undefined, []],
  ["anything", true, ["any value"]],
  ["a value", { type: "integer", minimum: 1, default: 3 }, ["integer; at least 1, default 3"]],
  [
    "an object is its properties",
    { properties: { a: { type: "string" }, b: { type: "boolean", default: false } }, required: ["a"] },
    ["a: string", "b?: boolean; default false"],
  ],
  [
    "what is inside goes below",
    { properties: { at: { properties: { line: { type: "integer" } } } } },
    ["at?: object", "  line?: integer"],
  ],
  [
    "and so does what an array holds",
    { type: "array", minItems: 1, items: { properties: { id: { type: "string" } }, required: ["id"] } },
    ["array of object; 1 or more elements", "  id: string"],
  ],
  [
    "a map names its other properties with a star",
    { properties: { env: { type: "object", additionalProperties: { type: "string" } } } },
    ["env?: object", "  *?: string"],
  ],
  [
    "alternatives stand one after the other",
    { anyOf: [{ title: "Point", properties: { x: {} } }, { properties: { y: {} } }] },
    ["object", "  either Point", "    x?: any value", "  or", "    y?: any value"],
  ],
  ["values are the type", { enum: ["low", "high"], default: "low" }, ['"low" or "high"; default "low"']],
  [
    "a number that every integer keeps to is no constraint",
    { type: "integer", maximum: 2 ** 53 - 1 },
    ["integer"],
  ],
])("%s", (_, schema, lines) => {
  expect(outline(schema)).toEqual(lines);
});

test("a schema that leads back to itself ends where it began again", () => {
  const tree = {
    $ref: "#/$defs/todo",
    $defs: {
      todo: {
        properties: {
          title: { type: "string", description: "In one line." },
          children: { type: "array", items: { $ref: "#/$defs/todo" } },
        },
        required: ["title"],
      },
    },
  };
  expect(outline(tree)).toEqual(["title: string", "children?: array of object; the same again"]);
  expect(schemaLines(tree)[0]?.description).toBe("In one line.");
});

test("hostile schemas come to an end, and in few lines", () => {
  const wide = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`p${at}`, { $ref: "#" }]));
  const bombs: readonly JsonSchema[] = [
    { $ref: "#" },
    { properties: wide },
    { type: "array", items: { $ref: "#" } },
    { anyOf: Array.from({ length: 20 }, () => ({ $ref: "#" })) },
    { allOf: Array.from({ length: 20 }, () => ({ $ref: "#" })) },
    { additionalProperties: { $ref: "#" } },
    {
      properties: { a: { anyOf: Array.from({ length: 20 }, () => ({ properties: { b: { $ref: "#" } } })) } },
      additionalProperties: { items: { $ref: "#" } },
    },
  ];
  for (const bomb of bombs) expect(schemaLines(bomb).length).toBeLessThan(500);
});
