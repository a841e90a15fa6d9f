import * as fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { inToml, keyInToml } from "../../protocol/toml-value.ts";

const scalar = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.integer(),
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
);
const key = fc.string({ unit: "binary" }).filter((name) => name !== "__proto__");
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 3 }, scalar, tie("list"), tie("object")),
  list: fc.array(tie("any"), { maxLength: 3 }),
  object: fc.dictionary(key, tie("any"), { maxKeys: 3, noNullPrototype: true }),
})).any;

test("what is written is what a reader finds", () => {
  fc.assert(
    fc.property(key, value, (name, each) => {
      const read = parse(`${keyInToml(name)} = ${inToml(each)}`);
      expect(JSON.parse(JSON.stringify(read))).toEqual({ [name]: each });
    }),
  );
});

describe("one line of it", () => {
  test.each<[value: unknown, toml: string]>([
    ['a "b"\n\u007F', String.raw`"a \"b\"\n\u007f"`],
    [1e21, "1e+21"],
    [["a", "b"], '["a", "b"]'],
    [{ "a b": { c: 1 } }, '{ "a b" = { c = 1 } }'],
    [{}, "{}"],
  ])("%j", (each, toml) => {
    expect(inToml(each)).toBe(toml);
  });

  test("and null is none", () => {
    expect(() => inToml({ a: [null] })).toThrow("TOML has no null");
  });
});
