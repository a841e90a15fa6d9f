import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonSchema } from "../../protocol/description.ts";
import { chooseMethod, parseAssignments } from "../../src/cli/params.ts";
import { parseJson } from "../../src/text/typed-value.ts";
import type { Params } from "../../src/cli/params.ts";

const noFiles = (path: string): string => {
  throw new Error(`no file ${path} in this test`);
};
const contentsOf = (path: string): string => `contents of ${path}`;
const parse = (words: string[], schema?: JsonSchema): Params => parseAssignments(words, schema, noFiles);
const withProperty = (schema: JsonSchema): JsonSchema => ({ type: "object", properties: { k: schema } });
const typed = (schema: JsonSchema, text: string): unknown => parse([`k=${text}`], withProperty(schema))["k"];

describe("a value typed by its schema", () => {
  test.each<[JsonSchema, string, unknown]>([
    [{ type: "integer" }, "7", 7],
    [{ type: "integer" }, "-9007199254740991", -9007199254740991],
    [{ type: "number" }, "0.5", 0.5],
    [{ type: "number" }, "1e30", 1e30],
    [{ type: "boolean" }, "true", true],
    [{ type: "string" }, "7", "7"],
    [{ type: "string" }, "true", "true"],
    [{ type: "string" }, "", ""],
    [{ type: "string" }, "a=b=c", "a=b=c"],
    [{ type: "string" }, "two\nlines", "two\nlines"],
    [{ type: "string", format: "int64" }, "9223372036854775807", "9223372036854775807"],
    [{ type: ["string", "null"] }, "null", null],
    [{ type: ["string", "null"] }, "x", "x"],
    [{ type: ["integer", "null"] }, "5", 5],
    [{ anyOf: [{ type: "integer" }, { type: "string" }] }, "5", 5],
    [{ anyOf: [{ type: "integer" }, { type: "string" }] }, "five", "five"],
    [{ enum: ["low", "high", 3] }, "high", "high"],
    [{ enum: ["low", "high", 3] }, "3", 3],
    [{ type: "array", items: { type: "string" } }, "x", ["x"]],
    [{ type: "array", items: { type: "integer" } }, "[1,2]", [1, 2]],
    [{ type: "object" }, '{"a":1}', { a: 1 }],
    [true, "5", 5],
    [{}, "five", "five"],
    [{}, '"5"', "5"],
    [{}, "[1", "[1"],
    [{}, "12345678901234567890", "12345678901234567890"],
  ])("%j takes %s as %j", (schema, text, value) => expect(typed(schema, text)).toEqual(value));

  test.each<[JsonSchema, string, string]>([
    [{ type: "integer" }, "five", 'k must be integer, found "five"'],
    [{ type: "integer" }, "1.5", 'k must be integer, found "1.5"'],
    [{ type: "integer" }, "", 'k must be integer, found ""'],
    [{ type: "integer" }, "0x10", 'k must be integer, found "0x10"'],
    [{ type: "integer" }, "9007199254740992", 'k must be integer, found "9007199254740992"'],
    [{ type: "boolean" }, "yes", 'k must be boolean, found "yes"'],
    [
      { type: "string", format: "int64" },
      "9223372036854775808",
      'k must be int64, found "9223372036854775808"',
    ],
    [{ enum: ["low", "high"] }, "mid", 'k must be "low" or "high", found "mid"'],
    [{ type: "array", items: { type: "integer" } }, "x", 'k must be integer, found "x"'],
    [{ type: "object" }, "x", 'k must be object, found "x"'],
  ])("%j refuses %s", (schema, text, message) => {
    expect(() => typed(schema, text)).toThrow(expect.objectContaining({ code: "invalid_params", message }));
  });

  test("follows references, also those that schemars writes for an optional enum", () => {
    const schema = {
      type: "object",
      properties: { level: { anyOf: [{ $ref: "#/$defs/Level" }, { type: "null" }] } },
      $defs: { Level: { type: "string", enum: ["low", "high"] } },
    };
    expect(parse(["level=low"], schema)).toEqual({ level: "low" });
    expect(parse(["level=null"], schema)).toEqual({ level: null });
    expect(() => parse(["level=mid"], schema)).toThrow('level must be "low" or "high" or null');
  });

  test("comes back as it was, whatever its type", () => {
    const kinds = fc.oneof(
      fc.record({ schema: fc.constant({ type: "string" }), value: fc.string({ unit: "grapheme" }) }),
      fc.record({ schema: fc.constant({ type: "integer" }), value: fc.maxSafeInteger() }),
      fc.record({
        schema: fc.constant({ type: "number" }),
        value: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((each) => !Object.is(each, -0)),
      }),
      fc.record({ schema: fc.constant({ type: "boolean" }), value: fc.boolean() }),
      fc.record({ schema: fc.constant({ type: "null" }), value: fc.constant(null) }),
      fc.record({
        schema: fc.constant({ type: "string", format: "int64" }),
        value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
      }),
      fc.record({
        schema: fc.constant({ type: "array", items: { type: "string" } }),
        value: fc.array(fc.string()),
      }),
      fc.record({
        schema: fc.constant({ type: "object" }),
        value: fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false })),
      }),
    );
    fc.assert(
      fc.property(kinds, ({ schema, value }) => {
        const text = typeof value === "string" ? value.replace(/^@/, "@@") : written(value);
        // An integer of more than 53 bits is refused, not rounded.
        fc.pre(!/(^|[^\d.])-?\d{16,}/.test(text) || schema.type === "string");
        expect(typed(schema, text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

/** JavaScript writes 1e21 and beyond with an exponent, and all below without. */
function written(value: unknown): string {
  return JSON.stringify(value);
}

describe("words", () => {
  const schema = {
    type: "object",
    properties: {
      a: { type: "integer" },
      text: { type: "string" },
      tags: { type: "array", items: { type: "string" } },
      inner: { type: "object", properties: { b: { type: "boolean" }, "x.y": { type: "string" } } },
      any: { type: "object", additionalProperties: { type: "integer" } },
    },
  } as const;

  test("fill objects inside", () => {
    expect(parse(["inner.b=true", "inner.x.y=1", "any.n=5"], schema)).toEqual({
      inner: { b: true, "x.y": "1" },
      any: { n: 5 },
    });
  });

  test("fill an array when repeated", () => {
    expect(parse(["tags=a", "tags=b"], schema)).toEqual({ tags: ["a", "b"] });
  });

  test("may be given once only otherwise", () => {
    expect(() => parse(["a=1", "a=2"], schema)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("take JSON after := whatever the schema says", () => {
    expect(parse(['a:="not an integer"'], schema)).toEqual({ a: "not an integer" });
    expect(() => parse(["a:={"], schema)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("read a file after @, and take @ itself after @@", () => {
    expect(parseAssignments(["text=@a.txt"], schema, contentsOf)).toEqual({ text: "contents of a.txt" });
    expect(parseAssignments(["text=@@home"], schema, contentsOf)).toEqual({ text: "@home" });
  });

  test("are laid over whole params", () => {
    const base = { a: 1, inner: { b: false } };
    expect(parseAssignments(["inner.b=true", "a=2"], schema, noFiles, base)).toEqual({
      a: 2,
      inner: { b: true },
    });
    expect(base).toEqual({ a: 1, inner: { b: false } });
  });

  test("with an unknown name are refused with the near miss, or with what there is", () => {
    expect(() => parse(["txt=1"], schema)).toThrow("no parameter txt; did you mean text?");
    expect(() => parse(["zzzzzz=1"], schema)).toThrow(
      "no parameter zzzzzz; it takes a, text, tags, inner, any",
    );
    expect(() => parse(["inner.c=1"], schema)).toThrow("no parameter inner.c; it takes b, x.y");
    expect(() => parse(["a.b=1"], schema)).toThrow("a is integer, so there is no a.b");
    expect(() => parse(["a"], schema)).toThrow('"a" is neither key=value nor key:=JSON');
  });

  test("that are missing are named with their type", () => {
    const needs = { ...schema, required: ["a", "text"] };
    expect(() => parse(["text=x"], needs)).toThrow("missing: a (integer)");
  });

  test("of a tagged union fit any of its alternatives", () => {
    const union = {
      oneOf: [
        { type: "object", properties: { kind: { const: "file" }, path: { type: "string" } } },
        { type: "object", properties: { kind: { const: "number" }, value: { type: "integer" } } },
      ],
    };
    expect(parse(["kind=number", "value=3"], union)).toEqual({ kind: "number", value: 3 });
    expect(() => parse(["kind=other"], union)).toThrow('kind must be "file" or "number"');
  });

  test("can not reach an object's prototype", () => {
    const params = parse(["__proto__.polluted=1", "constructor=2"]);
    expect(JSON.stringify(params)).toBe('{"__proto__":{"polluted":1},"constructor":2}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("of a method without a schema become JSON where they parse", () => {
    expect(parse(["n=1", "s=one", "b=true", "z=null", "o={}"])).toEqual({
      n: 1,
      s: "one",
      b: true,
      z: null,
      o: {},
    });
  });
});

describe("JSON on the command line", () => {
  test("is refused where an integer would change its value", () => {
    expect(() => parseJson('{"id": 9007199254740993}', "--params")).toThrow(
      "9007199254740993 is beyond ±(2^53−1)",
    );
    expect(parseJson('{"id": "9007199254740993", "x": 1e300}', "--params")).toEqual({
      id: "9007199254740993",
      x: 1e300,
    });
  });
});

describe("the method that is meant", () => {
  const offered = ["text.count", "text.min", "other.min"];

  test("is found by its full name or by its own", () => {
    expect(chooseMethod("p", "text.count", offered)).toBe("text.count");
    expect(chooseMethod("p", "count", offered)).toBe("text.count");
  });

  test("must be the only one of that name", () => {
    expect(() => chooseMethod("p", "min", offered)).toThrow(
      expect.objectContaining({
        code: "ambiguous_method",
        message: "p.min could be p.text.min or p.other.min",
      }),
    );
  });

  test("is suggested when it is nearly hit", () => {
    expect(() => chooseMethod("p", "cuont", offered)).toThrow("p has no method cuont; did you mean p.count?");
    expect(() => chooseMethod("p", "text.cuont", offered)).toThrow("did you mean p.text.count?");
  });
});
