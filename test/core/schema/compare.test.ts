import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import type { JsonSchema } from "../../../protocol/description.ts";
import { accepts } from "../../../src/core/schema/compare.ts";
import { mutants } from "../mutants/schema.mutants.ts";
import { properties, valid } from "../mutants/schema.properties.ts";
import type { Accepts } from "../mutants/schema.properties.ts";

const core = path.join(import.meta.dirname, "../../../src/core");
const folder = path.join(core, "schema");

/** They import one another and otherwise only types, so that a copy of them runs anywhere. */
async function load(file: string, change: (source: string) => string): Promise<Accepts> {
  const copy = mkdtempSync(path.join(tmpdir(), "bulkhead-mutant-"));
  try {
    cpSync(path.join(core, "json-value.ts"), path.join(copy, "json-value.ts"));
    cpSync(folder, path.join(copy, "schema"), { recursive: true });
    writeFileSync(path.join(copy, "schema", file), change(readFileSync(path.join(folder, file), "utf8")));
    writeFileSync(path.join(copy, "package.json"), '{"type":"module"}');
    const url = pathToFileURL(path.join(copy, "schema", "compare.ts")).href;
    const module = (await import(/* @vite-ignore */ url)) as { accepts: Accepts };
    return module.accepts;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

describe("the comparison of schemas", () => {
  test.each(properties)("$name", ({ counterexample }) => {
    expect(counterexample(accepts)).toBeNull();
  });
});

describe("the properties are sharp: they notice every known-bad comparison", () => {
  test("and have nothing against the right one", async () => {
    const copy = await load("compare.ts", (source) => source);
    expect(copy).not.toBe(accepts);
    expect(copy({ type: "integer" }, { type: "number" })).toEqual({ decided: "yes" });
  });

  test.each(mutants)("$name", async ({ file, right, wrong, noticedBy }) => {
    const mutant = await load(file, (source) => {
      expect(source.split(right), "the mutant's place in the source").toHaveLength(2);
      return source.replace(right, () => wrong);
    });
    const sharp = properties.filter(({ name }) => name.startsWith(noticedBy));
    expect(sharp.some(({ counterexample }) => counterexample(mutant) !== null)).toBe(true);
  });
});

const object = (properties: Record<string, JsonSchema>, required: string[] = Object.keys(properties)) => ({
  type: "object",
  properties,
  required,
});
const list = (item: JsonSchema) => ({
  $ref: "#/$defs/list",
  $defs: {
    list: { anyOf: [{ type: "null" }, object({ head: item, tail: { $ref: "#/$defs/list" } })] },
  },
});

describe("what does not fit is shown by its place", () => {
  test.each<[writer: JsonSchema, reader: JsonSchema, paths: string[]]>([
    [{ type: "string" }, { type: "integer" }, [""]],
    [object({ a: { type: "string" } }), object({ a: { type: "integer" } }), ["/a"]],
    [object({ a: true }, []), object({ a: true }), ["/a"]],
    [object({ a: object({ b: true }) }), object({ a: object({ b: true, c: true }) }), ["/a/c"]],
    [object({ x: { const: 1 }, y: true }), { ...object({ x: true }), additionalProperties: false }, ["/y"]],
    [{ type: "array", items: { type: "number" } }, { type: "array", items: { type: "integer" } }, ["/*"]],
    [{ type: "object", additionalProperties: true }, { type: "object", additionalProperties: false }, ["/*"]],
    [object({ "a/b": { type: "null" } }), object({ "a/b": { type: "string" } }), ["/a~1b"]],
    [list({ type: "number" }), list({ type: "integer" }), ["/head", "/tail/head"]],
    [
      { anyOf: [object({ t: { const: "a" }, x: { type: "null" } }), object({ t: { const: "b" } })] },
      { oneOf: [object({ t: { const: "b" } }), object({ t: { const: "a" }, x: { type: "string" } })] },
      ["/x"],
    ],
    [
      object({ a: { type: "string" }, b: { type: "string" } }),
      object({ a: { type: "null" }, b: { type: "null" } }),
      ["/a", "/b"],
    ],
  ])("%j into %j", (writer, reader, paths) => {
    const result = accepts(writer, reader);
    expect(result.decided).toBe("no");
    const misfits = result.decided === "yes" ? [] : result.misfits;
    expect(misfits.map((each) => each.path)).toEqual(paths);
    for (const { witness } of misfits) expect(valid(reader, witness?.value)).toBe(false);
  });
});

describe("what fits", () => {
  test.each<[writer: JsonSchema, reader: JsonSchema]>([
    [list({ type: "integer" }), list({ type: "number" })],
    [
      { type: "integer" },
      { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
    ],
    [{ enum: ["a", "b"] }, { type: "string", minLength: 1 }],
    [
      object({ t: { enum: ["a", "b"] } }),
      { anyOf: [object({ t: { const: "a" } }), object({ t: { const: "b" } })] },
    ],
    [{ type: "string", format: "uint" }, { type: "string" }],
    [
      { type: "integer", format: "uint32", minimum: 0 },
      { type: "integer", format: "uint64" },
    ],
    [false, { type: "string" }],
    [
      { type: "object", properties: { x: { not: {} } } },
      { type: "object", properties: { x: false } },
    ],
    [
      { type: "array", uniqueItems: true },
      { type: "array", uniqueItems: true, title: "a set" },
    ],
  ])("%j into %j", (writer, reader) => {
    expect(accepts(writer, reader)).toEqual({ decided: "yes" });
  });
});

describe("what can not be told", () => {
  test.each<[writer: JsonSchema, reader: JsonSchema]>([
    [{ type: "array" }, { type: "array", uniqueItems: true }],
    [
      { type: "string", pattern: "^a" },
      { type: "string", pattern: "^a|b$" },
    ],
    [
      { type: "string", format: "date" },
      { type: "string", format: "date-time" },
    ],
    [{ type: "string" }, { $ref: "https://example.org/elsewhere" }],
    [{ type: "string" }, { type: "string", minLength: "2" }],
  ])("%j into %j", (writer, reader) => {
    expect(accepts(writer, reader)).toMatchObject({ decided: "cannot_tell" });
  });
});

describe("a hostile schema costs little", () => {
  const deep = (depth: number): JsonSchema =>
    depth === 0 ? { type: "string" } : { items: deep(depth - 1), type: "array" };
  const doubling = {
    $ref: "#/$defs/d0",
    $defs: Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `d${i}`,
        { anyOf: [1, 2, 3].map((k) => object({ [`k${k}`]: { $ref: `#/$defs/d${i + 1}` } })) },
      ]),
    ),
  };
  const product = {
    allOf: Array.from({ length: 20 }, (_, i) => ({ anyOf: [{ minimum: i }, { maximum: -i }] })),
  };
  test.each<[name: string, schema: JsonSchema]>([
    ["circular", { $ref: "#" }],
    ["circular in a choice", { anyOf: [{ $ref: "#" }, { type: "string" }] }],
    ["as deep as messages may be", deep(100)],
    ["doubling", doubling],
    ["a product of choices", product],
    ["a pattern that takes for ever", { type: "string", minLength: 40, pattern: "^(a+)+b$" }],
    ["an enormous length", { type: "string", minLength: 1e15 }],
    ["an enormous array", { type: "array", minItems: 1e15, items: { type: "string" } }],
    [
      "the prototype",
      JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}'),
    ],
  ])("%s", (_, schema) => {
    const others: JsonSchema[] = [
      { type: "string" },
      object({ a: { type: "string" } }),
      { ...product, title: "T" },
    ];
    for (const other of others) {
      expect(["yes", "no", "cannot_tell"]).toContain(accepts(schema, other).decided);
      expect(["yes", "no", "cannot_tell"]).toContain(accepts(other, schema).decided);
    }
  });
});
