import * as fc from "fast-check";
import { expect, test } from "vitest";
import { mayHoldSecrets, redact } from "../../src/core/redact.ts";

const secret = { type: "string", writeOnly: true };

test.each<[where: string, schema: Record<string, unknown>, value: unknown, clean: unknown, paths: string[]]>([
  ["a member", { properties: { key: secret } }, { key: "s", a: 1 }, { key: "(secret)", a: 1 }, ["/key"]],
  [
    "a password",
    { properties: { "a/b": { format: "password" } } },
    { "a/b": "s" },
    { "a/b": "(secret)" },
    ["/a~1b"],
  ],
  ["an item", { properties: { l: { items: secret } } }, { l: ["s"] }, { l: ["(secret)"] }, ["/l/0"]],
  ["one of a tuple", { prefixItems: [{}, secret] }, [1, "s", 2], [1, "(secret)", 2], ["/1"]],
  ["any other member", { additionalProperties: secret }, { x: "s" }, { x: "(secret)" }, ["/x"]],
  [
    "one branch of several",
    { anyOf: [{ properties: { a: secret } }, { properties: { a: {} } }] },
    { a: "s" },
    { a: "(secret)" },
    ["/a"],
  ],
  [
    "a reference, again and again",
    {
      $ref: "#/$defs/node",
      $defs: { node: { properties: { key: secret, next: { $ref: "#/$defs/node" } } } },
    },
    { next: { next: { key: "s" } } },
    { next: { next: { key: "(secret)" } } },
    ["/next/next/key"],
  ],
  ["what nothing else speaks of", { unevaluatedProperties: secret }, { x: "s" }, { x: "(secret)" }, ["/x"]],
  ["an item beyond the tuple", { items: [{}], additionalItems: secret }, [1, "s"], [1, "(secret)"], ["/1"]],
  ["an item that nothing else speaks of", { unevaluatedItems: secret }, ["s"], ["(secret)"], ["/0"]],
  [
    "what depends on another member, as older schemas say it",
    { dependencies: { user: { properties: { key: secret } }, other: ["user"] } },
    { user: "u", key: "s" },
    { user: "u", key: "(secret)" },
    ["/key"],
  ],
  [
    "what a name refers to, which is not looked up",
    { properties: { key: { $ref: "#secret" } }, $defs: { s: { $anchor: "secret", writeOnly: true } } },
    { key: "s" },
    { key: "(secret)" },
    ["/key"],
  ],
  [
    "what is referred to dynamically",
    { properties: { key: { $dynamicRef: "#/$defs/s" } }, $defs: { s: secret } },
    { key: "s" },
    { key: "(secret)" },
    ["/key"],
  ],
  [
    "text that has secrets in it",
    { properties: { a: { contentSchema: { properties: { key: secret } } } } },
    { a: '{"key":"s"}' },
    { a: "(secret)" },
    ["/a"],
  ],
  [
    "what stands behind many others",
    {
      properties: {
        key: Array.from({ length: 100 }).reduce<Record<string, unknown>>((all) => ({ allOf: [all] }), secret),
      },
    },
    { key: "s" },
    { key: "(secret)" },
    ["/key"],
  ],
  ["all of it", secret, { a: 1 }, "(secret)", [""]],
])("%s", (_, schema, value, clean, paths) => {
  expect(redact(value, schema)).toEqual({ value: clean, secrets: paths });
  expect(mayHoldSecrets(schema)).toBe(true);
});

test("a schema that goes round in a circle ends", () => {
  expect(redact({ a: 1 }, { $ref: "#" })).toEqual({ value: { a: 1 }, secrets: [] });
});

test("a schema that was made to take long is given up", () => {
  const schema = { items: { anyOf: Array.from({ length: 20_000 }, () => ({})) } };
  expect(() => redact(Array.from({ length: 500 }).fill(1), schema)).toThrow(RangeError);
});

test("without a secret in the schema, every value stays as it is", () => {
  const schema = { properties: { a: { items: { type: "string" } } }, additionalProperties: {} };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(redact(value, schema)).toEqual({ value, secrets: [] });
    }),
  );
  expect(mayHoldSecrets(schema)).toBe(false);
  expect(mayHoldSecrets(undefined)).toBe(false);
});
