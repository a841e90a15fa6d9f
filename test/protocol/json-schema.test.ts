import { describe, expect, test } from "vitest";
import { checker } from "../../protocol/json-schema.ts";

const object = {
  type: "object",
  properties: {
    count: { type: "integer", minimum: 3 },
    names: { type: "array", items: { type: "string" } },
    order: { enum: ["up", "down"] },
    "a/b c": { $ref: "#/$defs/maybe" },
  },
  required: ["count"],
  additionalProperties: false,
  $defs: { maybe: { type: ["integer", "null"] } },
};

describe("a value that does not fit is told by the place and the reason", () => {
  test.each<[value: unknown, path: string, message: string]>([
    [{ count: 1 }, "/count", "1 is less than 3"],
    [{ count: 3, names: ["x", 3] }, "/names/1", "expected string, found number"],
    [{ count: 3, colour: 1 }, "/colour", "is not allowed here"],
    [{ count: 1, colour: 1 }, "/count", "1 is less than 3"],
    [{}, "", "count is missing"],
    ["text", "", "expected object, found string"],
    [{ count: 3, order: "left" }, "/order", 'must be one of ["up","down"]'],
    [{ count: 3, "a/b c": "x" }, "/a~1b c", "expected integer or null, found string"],
  ])("%j", (value, path, message) => {
    expect(checker(object)(value)).toEqual({ path, message });
  });

  test("and one that fits by nothing", () => {
    expect(checker(object)({ count: 3, names: [], order: "up", "a/b c": null })).toBeUndefined();
  });
});

describe("a name that every JavaScript object knows is a name like any other", () => {
  const check = checker({
    type: "object",
    properties: { constructor: { type: "string" }, inner: { type: "object", required: ["toString"] } },
    required: ["valueOf"],
  });

  test.each<[json: string, message: string | undefined]>([
    ['{"valueOf":1}', undefined],
    ['{"valueOf":1,"constructor":"Lotus","inner":{"toString":1,"__proto__":2}}', undefined],
    ['{"constructor":"Lotus"}', "valueOf is missing"],
    ['{"valueOf":1,"constructor":5}', "expected string, found number"],
    ['{"valueOf":1,"inner":{}}', "toString is missing"],
  ])("%s", (json, message) => {
    expect(check(JSON.parse(json))?.message).toBe(message);
  });
});

test("a choice is judged as a whole", () => {
  const check = checker({ anyOf: [{ type: "string" }, { type: "object", required: ["x"] }] });
  expect(check(3)).toEqual({ path: "", message: "does not match any subschemas" });
});

test.each([
  [{ $ref: "#/nowhere" }, "Unresolved"],
  [{ type: "string", pattern: "(" }, "Invalid regular expression"],
])("%j can not be used", (schema, why) => {
  expect(() => checker(schema)("text")).toThrow(why);
});
