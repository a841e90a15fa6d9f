import { describe, expect, test } from "vitest";
import type { JsonSchema } from "../../protocol/description.ts";
import { alternatives, locate, propertiesOf, typeName, typesOf } from "../../src/text/schema.ts";

describe("what stands beside a reference or a choice holds as well", () => {
  const move = { type: "object", properties: { id: { type: "string" } }, required: ["id"] };

  test("properties beside $ref", () => {
    const schema: JsonSchema = {
      $defs: { move },
      $ref: "#/$defs/move",
      properties: { op: { const: "move" } },
      required: ["op"],
    };
    expect(propertiesOf(locate(schema)).map(({ name, required }) => [name, required])).toEqual([
      ["op", true],
      ["id", true],
    ]);
  });

  test("properties beside anyOf", () => {
    const schema: JsonSchema = { ...move, anyOf: [{ required: ["id"] }, { properties: { x: {} } }] };
    const found = alternatives(locate(schema));
    expect(found.map(({ schema: each }) => typesOf(each))).toEqual([["object"], ["object"]]);
    expect(found.map((each) => propertiesOf(each).map(({ name }) => name))).toEqual([["id"], ["id", "x"]]);
  });
});

describe("a hostile schema is read to an end", () => {
  const self = { $ref: "#" };
  test.each<[string, JsonSchema]>([
    ["a list of itself", { type: "array", items: self }],
    ["one of itself", { anyOf: Array.from({ length: 50 }, () => self) }],
    ["all of itself", { allOf: Array.from({ length: 50 }, () => self) }],
    [
      "a list of one of itself",
      { anyOf: Array.from({ length: 50 }, () => ({ type: "array", items: self })) },
    ],
    ["a reference to itself", self],
    ["a reference that is no URI", { $ref: "#/%" }],
  ])("%s", (_what, schema) => {
    expect(typeName(locate(schema))).not.toBe("");
    expect(propertiesOf(locate(schema))).toEqual([]);
  });
});
