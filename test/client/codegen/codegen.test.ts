import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { z } from "zod";
import type { Contract } from "../../../protocol/contract.ts";
import type { Api, Description, JsonSchema, Method } from "../../../protocol/description.ts";
import { contractSource } from "../../../src/client/codegen/codegen.ts";
import { compare } from "../../../src/core/compare.ts";
import { schemas, valid, valuesNear } from "../../core/mutants/schema.properties.ts";

const root = path.join(import.meta.dirname, "../../..");
const folder = mkdtempSync(path.join(tmpdir(), "bulkhead-codegen-"));

beforeAll(() => {
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  writeFileSync(path.join(folder, "package.json"), '{"type":"module"}');
});
afterAll(() => rmSync(folder, { recursive: true }));

const describing = (...apis: Api[]): Description => ({
  protocol: 1,
  plugin: { name: "fake", version: "1.0.0" },
  apis,
});

/** Where the package itself would be found. */
function write(name: string, source: string): string {
  const file = path.join(folder, name);
  const contract = path.join(root, "protocol/contract.ts");
  writeFileSync(file, source.replace('from "bulkhead"', `from ${JSON.stringify(contract)}`));
  return file;
}

function typeCheck(...files: string[]): string {
  const config = path.join(folder, "tsconfig.json");
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: "nodenext",
    target: "es2024",
    lib: ["es2024", "esnext.disposable"],
    types: ["node"],
    allowImportingTsExtensions: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noUnusedLocals: true,
    verbatimModuleSyntax: true,
  };
  writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  try {
    execFileSync(process.execPath, [path.join(root, "node_modules/typescript/bin/tsc"), "-p", config]);
    return "";
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout ?? error);
  }
}

async function load(file: string): Promise<Record<string, Contract>> {
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, Contract>;
}

const item = {
  type: "object",
  properties: {
    id: { type: "string" },
    kind: { $ref: "#/$defs/Kind" },
    line: { type: "integer", minimum: 0, format: "uint" },
    due: { type: ["string", "null"], format: "date" },
  },
  required: ["id", "kind"],
};
const todo: Api = {
  name: "todo-list",
  version: "1.2.0",
  methods: [
    {
      name: "scan",
      description: "Finds what is to be done.",
      params: {
        type: "object",
        properties: {
          root: { type: "string", description: "Where." },
          limit: { type: "integer", exclusiveMinimum: 0 },
        },
        required: ["root"],
        additionalProperties: false,
      },
      result: {
        type: "object",
        properties: { items: { type: "array", items: { $ref: "#/$defs/Item" } } },
        required: ["items"],
        $defs: { Item: item, Kind: { type: "string", enum: ["todo", "fixme"] } },
      },
      errors: [{ code: "root_not_found", description: "There is none." }],
      idempotent: true,
    },
    {
      name: "tree",
      params: { type: "object" },
      result: {
        $ref: "#/$defs/Node",
        $defs: {
          Node: {
            type: "object",
            properties: { kids: { type: "array", items: { $ref: "#/$defs/Node" } } },
            required: ["kids"],
          },
        },
      },
    },
    {
      name: "apply",
      params: {
        oneOf: [
          {
            $ref: "#/$defs/Create",
            type: "object",
            properties: { op: { const: "create" } },
            required: ["op"],
          },
          {
            type: "object",
            properties: { op: { const: "stop" }, at: { type: ["integer", "null"], minimum: 0 } },
            required: ["op"],
          },
        ],
        $defs: { Create: { type: "object", properties: { title: { type: "string" } }, required: ["title"] } },
      },
    },
    { name: "watch", params: {}, item: { type: "number" }, result: { type: "null" } },
  ],
  events: [{ name: "changed", params: { type: "object", properties: { id: { type: "string" } } } }],
  actions: [{ id: "refresh", method: "scan", key: "ctrl+t" }],
};

test("a contract reads as if it had been written by hand", () => {
  expect(contractSource(describing(todo))).toMatchInlineSnapshot(`
    "/** Written by \`bulkhead types\` from what fake 1.0.0 says of itself. */
    import { contract, jsonSchema, method, stream } from "bulkhead";
    import { z } from "zod";

    const Kind = z.literal(["todo", "fixme"]);

    const Item = z.object({
      id: z.string(),
      kind: Kind,
      line: z.int().gte(0).optional(),
      due: jsonSchema<string | null>({ type: ["string", "null"], format: "date" }).optional(),
    });

    export const todoListContract = contract({
      name: "todo-list",
      version: "1.2.0",
      methods: {
        scan: method({
          description: "Finds what is to be done.",
          params: z.strictObject({
            root: z.string().describe("Where."),
            limit: z.int().gt(0).optional(),
          }),
          result: z.object({
            items: z.array(Item),
          }),
          errors: {
            root_not_found: { description: "There is none." },
          },
          idempotent: true,
        }),
        tree: method({
          params: z.object({}),
          result: jsonSchema<{ "kids": Array<unknown> }>({ $ref: "#/$defs/Node", $defs: { Node: { type: "object", properties: { kids: { type: "array", items: { $ref: "#/$defs/Node" } } }, required: ["kids"] } } }),
        }),
        apply: method({
          params: z.union([z.object({
            title: z.string(),
            op: z.literal("create"),
          }), z.object({
            op: z.literal("stop"),
            at: z.union([z.int().gte(0), z.null()]).optional(),
          })]),
        }),
        watch: stream({
          params: jsonSchema<unknown>(true),
          item: z.number(),
          result: z.null(),
        }),
      },
      events: {
        changed: z.object({
          id: z.string().optional(),
        }),
      },
      actions: {
        refresh: { method: "scan", key: "ctrl+t" },
      },
    });
    "
  `);
});

test("it compiles, gives typed clients, and fits the plugin", async () => {
  const file = write("todo.ts", contractSource(describing(todo)));
  const use = path.join(folder, "use.ts");
  const typed = JSON.stringify(path.join(root, "src/client/bind/typed.ts"));
  writeFileSync(
    use,
    `import type { TypedClient } from ${typed};
import { todoListContract } from "./todo.ts";
export async function use(client: TypedClient<typeof todoListContract>): Promise<string[]> {
  const { items } = await client.scan({ root: "/", limit: 3 });
  const kinds: ("todo" | "fixme")[] = items.map(({ kind }) => kind);
  // @ts-expect-error not of the schema's type
  await client.scan({ root: 3 });
  // @ts-expect-error not in the schema
  await client.scan({ root: "/", other: 3 });
  for await (const n of client.watch({})) n.toFixed();
  return kinds;
}
`,
  );
  expect(typeCheck(file, use)).toBe("");
  const { todoListContract } = await load(file);
  expect(todoListContract?.document()).toMatchObject({ name: "todo-list", range: "^1.2.0" });
  expect(todoListContract && compare(todoListContract.document(), todo)).toEqual([]);
});

test("base64 text is bytes, where nothing more is said of it", async () => {
  const text = { type: "string", contentEncoding: "base64" };
  const methods: Method[] = [
    {
      name: "turn",
      params: { type: "object", properties: { image: text }, required: ["image"] },
      result: text,
    },
    { name: "find", result: { type: ["string", "null"], contentEncoding: "base64", description: "One." } },
    { name: "short", result: { ...text, maxLength: 8 } },
  ];
  const offered = { name: "image", version: "1.0.0", methods };
  const source = contractSource(describing(offered));
  expect(source).toContain('import { bytes, contract, jsonSchema, method } from "bulkhead";');
  expect(source).toContain("image: bytes(),");
  expect(source).toContain('result: z.union([bytes(), z.null()]).describe("One."),');
  const file = write("bytes.ts", source);
  const use = path.join(folder, "use-bytes.ts");
  const typed = JSON.stringify(path.join(root, "src/client/bind/typed.ts"));
  writeFileSync(
    use,
    `import type { TypedClient } from ${typed};
import { imageContract } from "./bytes.ts";
export async function use(client: TypedClient<typeof imageContract>): Promise<[Uint8Array, string]> {
  // @ts-expect-error not bytes
  await client.turn({ image: "AQ==" });
  return [await client.turn({ image: new Uint8Array(1) }), await client.short()];
}
`,
  );
  expect(typeCheck(file, use)).toBe("");
  const { imageContract } = await load(file);
  expect(imageContract?.methods["turn"]?.result?.parse("AQ==")).toStrictEqual(new Uint8Array([1]));
  expect(imageContract && compare(imageContract.document(), offered)).toEqual([]);
});

describe("a hostile description", () => {
  const nasty = [
    "*/ globalThis.pwned = 1; /*",
    "`${globalThis.pwned = 1}`",
    '"; globalThis.pwned = 1; "',
    "'\\\n\u2028\u2029 globalThis.pwned = 1 //",
    "__proto__",
    "constructor",
    "]; globalThis.pwned = 1; [",
    "z.string() stream(",
  ];
  const schema = {
    type: "object",
    description: nasty.join(),
    properties: Object.fromEntries(nasty.map((text) => [text, { enum: nasty, description: text }])),
    required: nasty.slice(0, 2),
    $defs: Object.fromEntries(nasty.map((text) => [text, { type: "string", pattern: text, format: text }])),
    anyOf: nasty.map((text) => ({ $ref: `#/$defs/${encodeURIComponent(text)}`, title: text })),
    [nasty[0] ?? ""]: nasty,
  };
  const method = (name: string): Method => ({
    name,
    description: nasty.join("\n"),
    params: schema,
    result: { ...schema, anyOf: undefined },
    errors: nasty.map((code) => ({ code, description: code })),
  });
  const api: Api = {
    name: "delete",
    version: "1.0.0-rc.1",
    methods: ["then", "constructor", "class", "toString", "a-b"].map(method),
    actions: [{ id: "x", method: "class", description: nasty.join(), key: nasty[1] ?? "" }],
  };

  test("gets in as literals only", async () => {
    const source = contractSource({ ...describing(api), plugin: { name: "*/evil", version: "1.0.0" } });
    const file = write("hostile.ts", source);
    expect(typeCheck(file)).toBe("");
    const { deleteContract } = await load(file);
    expect(Object.keys(deleteContract?.methods ?? {})).toEqual(["constructor", "class", "toString", "a-b"]);
    expect(Object.hasOwn(globalThis, "pwned")).toBe(false);
    expect(Object.keys(deleteContract?.methods["class"]?.errors ?? {})).toEqual(nasty);
  });
});

test("it accepts what the plugin's schemas accept, and nothing else", async () => {
  const samples = fc.sample(schemas, { numRuns: 150, seed: 7 });
  const methods = samples.map((params, i): Method => ({ name: `m${i}`, params, result: { type: "null" } }));
  const file = write("many.ts", contractSource(describing({ name: "many", version: "1.0.0", methods })));
  expect(typeCheck(file)).toBe("");
  const { manyContract } = await load(file);
  let [fitting, refused] = [0, 0];
  for (const [i, schema] of samples.entries()) {
    const params: z.ZodType | undefined = manyContract?.methods[`m${i}`]?.params;
    for (const value of fc.sample(valuesNear(schema), { numRuns: 20, seed: i })) {
      const expected = valid(schema, value);
      expect([schema, value, params?.safeParse(value).success]).toEqual([schema, value, expected]);
      if (expected) fitting++;
      else refused++;
    }
  }
  expect(Math.min(fitting, refused)).toBeGreaterThan(300);
});

test("what it says in JSON Schema is what it was made of", async () => {
  const samples: JsonSchema[] = [
    { type: "string", format: "email", maxLength: 5 },
    {
      type: "array",
      items: { $ref: "#/definitions/x" },
      uniqueItems: true,
      definitions: { x: { type: "null" } },
    },
    { type: "object", properties: { a: { $ref: "#" } }, minProperties: 1 },
  ];
  const methods = samples.map((params, i): Method => ({ name: `m${i}`, params }));
  const file = write("exact.ts", contractSource(describing({ name: "exact", version: "1.0.0", methods })));
  const { exactContract } = await load(file);
  const document = exactContract?.document();
  expect(samples.map((_, i) => document?.methods[`m${i}`]?.params)).toEqual(samples);
});

test("an api that is not offered is named", () => {
  expect(() => contractSource(describing(todo), "todo-lists")).toThrow("did you mean todo-list?");
});
