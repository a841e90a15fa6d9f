import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  contract,
  contractDocument,
  isContractError,
  jsonSchema,
  method,
  promises,
  stream,
} from "../../protocol/contract.ts";
import { BulkheadError } from "../../protocol/error.ts";

const todo = contract({
  name: "todo",
  version: "1.2.0",
  methods: {
    add: method({
      description: "Adds one.",
      params: z.object({ title: z.string().min(1), done: z.boolean().default(false) }),
      result: z.object({ id: z.string(), at: z.string().default("") }),
      errors: { full: { description: "No more.", data: z.object({ most: z.int() }) }, odd: {} },
      idempotent: true,
    }),
    watch: stream({ item: z.object({ n: z.int() }), progress: z.object({ done: z.number() }) }),
  },
  groups: { preview: { methods: { render: method({ result: z.string() }) } } },
  events: { changed: z.object({ id: z.string(), by: z.string().default("host") }) },
  actions: { refresh: { method: "add", key: "ctrl+t" } },
});

test("the document says what travels: params as parsed, results as they are before", () => {
  const int = { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };
  expect(todo.document()).toEqual({
    name: "todo",
    version: "1.2.0",
    range: "^1.2.0",
    methods: {
      add: {
        description: "Adds one.",
        idempotent: true,
        params: {
          type: "object",
          properties: { title: { type: "string", minLength: 1 }, done: { type: "boolean", default: false } },
          required: ["title", "done"],
          additionalProperties: false,
        },
        result: {
          type: "object",
          properties: { id: { type: "string" }, at: { type: "string", default: "" } },
          required: ["id"],
        },
        errors: [
          {
            code: "full",
            description: "No more.",
            data: { type: "object", properties: { most: int }, required: ["most"] },
          },
          { code: "odd" },
        ],
      },
      watch: {
        params: { type: "object", properties: {}, additionalProperties: false },
        result: {},
        item: { type: "object", properties: { n: int }, required: ["n"] },
        progress: { type: "object", properties: { done: { type: "number" } }, required: ["done"] },
      },
      render: {
        group: "preview",
        params: { type: "object", properties: {}, additionalProperties: false },
        result: { type: "string" },
      },
    },
    events: {
      changed: {
        type: "object",
        properties: { id: { type: "string" }, by: { type: "string", default: "host" } },
        required: ["id", "by"],
        additionalProperties: false,
      },
    },
    actions: { refresh: { method: "add", key: "ctrl+t" } },
  });
});

test("the document survives being a file", () => {
  const read: unknown = JSON.parse(JSON.stringify(todo.document()));
  expect(contractDocument.parse(read)).toEqual(todo.document());
});

test("the range can be widened", () => {
  expect(contract({ name: "x", version: "2.0.0", range: ">=1.4 <3", methods: {} }).document().range).toBe(
    ">=1.4 <3",
  );
});

describe("a contract is refused", () => {
  const nothing = method({});
  test.each<[why: string, make: () => unknown, message: string]>([
    [
      "with one name twice",
      () =>
        contract({
          name: "x",
          version: "1.0.0",
          methods: { a: nothing },
          groups: { g: { methods: { a: nothing } } },
        }),
      "two things named a",
    ],
    [
      "with a group named like a method",
      () =>
        contract({ name: "x", version: "1.0.0", methods: { g: nothing }, groups: { g: { methods: {} } } }),
      "two things named g",
    ],
    [
      "with a method that makes the client look like a promise",
      // oxlint-disable-next-line unicorn/no-thenable -- that is what must not be
      () => contract({ name: "x", version: "1.0.0", methods: { then: nothing } }),
      "can not have a method named then",
    ],
    [
      "with values that JSON can not hold",
      () =>
        contract({ name: "x", version: "1.0.0", methods: { a: method({ result: z.date() }) } }).document(),
      "the result of x.a can not be said in JSON Schema",
    ],
    [
      "with a pattern that JSON Schema can not say",
      () =>
        contract({
          name: "x",
          version: "1.0.0",
          methods: { a: method({ params: z.object({ a: z.string().regex(/a/i) }) }) },
        }).document(),
      "no flags for patterns: /a/i",
    ],
    [
      "with names that plugins can not have",
      () => contract({ name: "X Y", version: "1.0.0", methods: {} }).document(),
      "lower-case letters",
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe("a JSON Schema as a zod schema", () => {
  const even = jsonSchema<number[]>({
    type: "array",
    items: { $ref: "#/$defs/even" },
    uniqueItems: true,
    $defs: { even: { multipleOf: 2 } },
  });

  test("validates with the path", () => {
    expect(even.parse([2, 4])).toEqual([2, 4]);
    expect(even.safeParse([2, 3]).error?.issues).toMatchObject([{ path: ["1"] }]);
    const inside = z.object({ list: even }).safeParse({ list: [1] });
    expect(inside.error?.issues).toMatchObject([{ path: ["list", "0"] }]);
    expectTypeOf<z.infer<typeof even>>().toEqualTypeOf<number[]>();
  });

  test("has to be there", () => {
    expect(z.object({ a: jsonSchema(true) }).safeParse({}).success).toBe(false);
    expect(z.object({ a: jsonSchema(true).optional() }).safeParse({}).success).toBe(true);
  });

  test("is written into the document as it is, its references included", () => {
    const result = z.object({
      plain: jsonSchema({ type: "string", format: "int64" }).describe("An id."),
      list: even.optional(),
    });
    const document = contract({ name: "x", version: "1.0.0", methods: { a: method({ result }) } }).document();
    expect(document.methods["a"]?.result).toEqual({
      type: "object",
      properties: {
        plain: { type: "string", format: "int64", description: "An id." },
        list: { $ref: "#/$defs/embedded0" },
      },
      required: ["plain"],
      $defs: {
        embedded0: {
          type: "array",
          items: { $ref: "#/$defs/embedded0/$defs/even" },
          uniqueItems: true,
          $defs: { even: { multipleOf: 2 } },
        },
      },
    });
  });

  test("is not changed by being used", () => {
    const schema = { type: "object", properties: { a: { type: "string" } } };
    const before = structuredClone(schema);
    jsonSchema(schema).safeParse({ a: 1 });
    expect(schema).toEqual(before);
  });
});

test("declared errors are known by code and data", () => {
  const full: unknown = new BulkheadError("full", "", 4, { code: "full", most: 3 });
  expect(isContractError(todo, "add", full) && error(full)).toBe(3);
  expect(isContractError(todo, "add", new BulkheadError("full", "", 4, {}))).toBe(false);
  expect(isContractError(todo, "add", new BulkheadError("other", "", 4, {}))).toBe(false);
  expect(isContractError(todo, "watch", full)).toBe(false);

  function error(each: unknown): unknown {
    return isContractError(todo, "add", each) && each.code === "full" ? each.data.most : undefined;
  }
});

test.each([
  ["1.3.0", "1.2.0", true],
  ["1.1.0", "1.2.0", false],
  ["2.0.0", "1.2.0", false],
])("an api %s promises what a contract of %s says: %s", (offered, written, promised) => {
  expect(promises(offered, written)).toBe(promised);
});
