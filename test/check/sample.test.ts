import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checker } from "../../protocol/json-schema.ts";
import type { JsonSchema } from "../../protocol/description.ts";
import { misfitOf } from "../../src/check/misfit.ts";
import { fits, sampleOf } from "../../src/check/sample.ts";

const object = (properties: object, required: string[] = []) => ({ type: "object", properties, required });

describe("a sample", () => {
  test.each<[what: string, schema: JsonSchema, sample: unknown]>([
    ["is minimal", object({ a: { type: "integer" }, b: { type: "string" } }, ["a"]), { a: 1 }],
    ["takes the default", { type: "integer", default: 7 }, 7],
    ["takes the first example", { type: "string", examples: ["x", "y"] }, "x"],
    ["takes the first of an enum", { enum: ["left", "right"] }, "left"],
    ["takes a constant", { const: null }, null],
    ["keeps to bounds", { type: "integer", minimum: 5, multipleOf: 4 }, 8],
    ["is beyond an exclusive bound", { type: "integer", exclusiveMinimum: 3 }, 4],
    ["is long enough", { type: "string", minLength: 8 }, "sampless"],
    ["is an integer of 64 bits", { type: "string", format: "int64" }, "9007199254740993"],
    ["is base64 text", { type: "string", contentEncoding: "base64", minLength: 5 }, "bulkbulk"],
    ["fits a simple pattern", { type: "string", pattern: "^/" }, "/a"],
    ["follows a reference", { $ref: "#/$defs/a", $defs: { a: { type: "boolean" } } }, false],
    ["prefers a value to null", { type: ["null", "integer"] }, 1],
    ["has as many items as it must", { type: "array", items: { type: "integer" }, minItems: 2 }, [1, 1]],
    [
      "takes an alternative that works",
      { oneOf: [{ type: "string", pattern: "^\\d{9}$" }, { type: "null" }] },
      null,
    ],
    [
      "joins what all parts say",
      { allOf: [object({ a: { type: "null" } }, ["a"]), object({ b: {} }, ["b"])] },
      { a: null, b: "sample" },
    ],
  ])("%s", (_what, schema, sample) => expect(sampleOf(schema)).toEqual(sample));

  test("is none where none is found", () => {
    expect(sampleOf({ type: "string", pattern: "^x{40}\\d$" })).toBeUndefined();
    expect(sampleOf(false)).toBeUndefined();
    const endless = { ...object({ next: { $ref: "#" } }, ["next"]) };
    expect(sampleOf(endless)).toBeUndefined();
  });

  test("is the larger of numbers for who asks", () => {
    expect(sampleOf(object({ to: { type: "integer" } }, ["to"]), { number: 8 })).toEqual({ to: 8 });
  });

  test("always fits its schema, and a misfit never does", () => {
    const leaf = fc.oneof(
      fc.record({ type: fc.constant("integer"), minimum: fc.integer({ min: -99, max: 99 }) }),
      fc.record({ type: fc.constant("string"), minLength: fc.nat(20) }),
      fc.constantFrom(
        { type: "boolean" },
        { type: "null" },
        { enum: ["a", 1] },
        { type: ["string", "null"] },
      ),
    );
    const { schema } = fc.letrec<{ schema: object }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.record({ type: fc.constant("array"), items: tie("schema"), minItems: fc.nat(3) }),
        fc
          .dictionary(fc.constantFrom("a", "b", "c/d", "e~f"), tie("schema"), { maxKeys: 3 })
          .map((properties) => object(properties, Object.keys(properties))),
      ),
    }));
    fc.assert(
      fc.property(schema, (generated) => {
        const jsonSchema: JsonSchema = { ...generated };
        expect(fits(jsonSchema, sampleOf(jsonSchema))).toBe(true);
        const misfit = misfitOf(jsonSchema);
        if (misfit !== undefined) expect(checker(jsonSchema)(misfit.value)?.path).toBe(misfit.path);
      }),
    );
  });
});

describe("a misfit", () => {
  test("is wrong in one required member", () => {
    const schema = object({ a: {}, b: { type: "string" }, c: { type: "integer" } }, ["c"]);
    expect(misfitOf(schema)).toEqual({ value: { c: "wrong" }, path: "/c" });
  });

  test("is none where everything fits", () => {
    expect(misfitOf({ type: "object" })).toBeUndefined();
    expect(misfitOf(object({ a: {} }, ["a"]))).toBeUndefined();
    expect(misfitOf(true)).toBeUndefined();
  });
});
