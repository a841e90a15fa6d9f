import { stripVTControlCharacters } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonSchema } from "../../../protocol/description.ts";
import { pastedInForm, typedInForm } from "../../../src/tui/form/edit.ts";
import { formKeys } from "../../../src/tui/form/form-keys.ts";
import { formLines } from "../../../src/tui/form/form-lines.ts";
import { formOf, isOnSubmit, objections, refused, toggledRaw } from "../../../src/tui/form/form.ts";
import type { Form } from "../../../src/tui/form/form.ts";
import type { Key } from "../../../src/tui/keys.ts";
import { widthOf } from "../../../src/tui/parts/fit.ts";
import { json, key, schema, size, text } from "./arbitrary.ts";

const words = { name: "params", submit: "Call" };
const make = (made: JsonSchema, value?: unknown): Form => formOf(made, words, value);

/** As a screen gives keys to a form: those that type first, then the key table. */
function press(form: Form, pressed: Key): Form {
  const edits = /^(left|right|home|end|backspace|delete|ctrl\+[aewuk])$/.test(pressed.name);
  if (pressed.text !== "" || edits) return typedInForm(form, pressed);
  return formKeys.find(({ keys, when }) => keys.includes(pressed.name) && when(form))?.run(form) ?? form;
}

/** `type("ab", "enter", "space")`: texts of more than one letter that are no names of keys are typed. */
function keys(form: Form, ...names: readonly string[]): Form {
  return names.reduce((now, name) => {
    if (name === "space") return press(now, { name, text: " " });
    const isName = /^(ctrl\+|alt\+|shift\+)|^(up|down|left|right|enter|tab|backspace|home|end)$/.test(name);
    if (isName) return press(now, { name, text: "" });
    return Array.from(name).reduce((each, char) => press(each, { name: char, text: char }), now);
  }, form);
}

const shown = (form: Form, columns = 80, rows = 20): string =>
  formLines(form, { columns, rows }).map(stripVTControlCharacters).join("\n");

const object = (properties: Record<string, unknown>, ...required: string[]): Record<string, unknown> => ({
  type: "object",
  properties,
  required,
});

describe("a form filled in with keys", () => {
  test.each<[what: string, schema: JsonSchema, keys: string[], value: unknown]>([
    [
      "integers",
      object({ a: { type: "integer" }, b: { type: "integer" } }, "a", "b"),
      ["12", "enter", "-3"],
      { a: 12, b: -3 },
    ],
    ["a number with an exponent", object({ a: { type: "number" } }, "a"), ["1e3"], { a: 1000 }],
    ["text", object({ t: { type: "string" } }, "t"), ["tru"], { t: "tru" }],
    ["an empty text that is required", object({ t: { type: "string" } }, "t"), [], { t: "" }],
    ["text of two lines", object({ t: { type: "string" } }, "t"), ["a", "ctrl+o", "b"], { t: "a\nb" }],
    [
      "int64 beyond 2^53",
      object({ n: { type: "string", format: "int64" } }, "n"),
      ["9223372036854775807"],
      { n: "9223372036854775807" },
    ],
    [
      "what is optional is left out",
      object({ a: { type: "integer" }, t: { type: "string" } }, "a"),
      ["1"],
      { a: 1 },
    ],
    [
      "what is optional is there when something is typed",
      object({ t: { type: "string" } }),
      ["x"],
      { t: "x" },
    ],
    [
      "space puts it there as its default",
      object({ n: { type: "integer", default: 60 } }),
      ["space"],
      { n: 60 },
    ],
    ["space puts an empty text there", object({ t: { type: "string" } }), ["space"], { t: "" }],
    ["ctrl+x leaves it out again", object({ t: { type: "string" } }), ["xyz", "ctrl+x"], {}],
    [
      "backspace in nothing leaves it out again",
      object({ t: { type: "string" } }),
      ["x", "backspace", "backspace"],
      {},
    ],
    ["defaults of what is required", object({ n: { type: "integer", default: 60 } }, "n"), [], { n: 60 }],
    ["a boolean begins with false", object({ b: { type: "boolean" } }, "b"), [], { b: false }],
    ["space turns it", object({ b: { type: "boolean" } }, "b"), ["space"], { b: true }],
    ["a choice by its letter", object({ p: { enum: ["low", "normal", "high"] } }, "p"), ["h"], { p: "high" }],
    [
      "a choice by arrows",
      object({ p: { enum: ["low", "normal", "high"] } }, "p"),
      ["right", "right", "left"],
      { p: "low" },
    ],
    ["nothing is chosen for anybody", object({ p: { enum: ["low", "high"] } }, "p"), [], {}],
    ["a constant is there", object({ op: { const: "create" } }, "op"), [], { op: "create" }],
    [
      "consts of a union are one choice",
      object({ k: { oneOf: [{ const: "a" }, { const: "b" }] } }, "k"),
      ["b"],
      { k: "b" },
    ],
    ["null is another type", object({ t: { type: ["string", "null"] } }, "t"), ["ctrl+t"], { t: null }],
    [
      "a list",
      object({ l: { type: "array", items: { type: "string" } } }, "l"),
      ["ctrl+n", "a", "ctrl+n", "b"],
      { l: ["a", "b"] },
    ],
    [
      "a list that was left out",
      object({ l: { type: "array", items: { type: "integer" } } }),
      ["ctrl+n", "7"],
      { l: [7] },
    ],
    [
      "an item goes",
      object({ l: { type: "array", items: { type: "string" } } }, "l"),
      ["ctrl+n", "a", "ctrl+n", "b", "up", "ctrl+x"],
      { l: ["b"] },
    ],
    [
      "an item moves",
      object({ l: { type: "array", items: { type: "string" } } }, "l"),
      ["ctrl+n", "a", "ctrl+n", "b", "alt+up"],
      { l: ["b", "a"] },
    ],
    [
      "an entry of a map",
      object({ m: { type: "object", additionalProperties: { type: "integer" } } }, "m"),
      ["ctrl+n", "key", "enter", "5"],
      { m: { key: 5 } },
    ],
    [
      "an object inside",
      object({ o: object({ x: { type: "integer" } }, "x") }, "o"),
      ["down", "4"],
      { o: { x: 4 } },
    ],
    [
      "an object inside that was left out",
      object({ o: object({ x: { type: "integer" } }, "x") }),
      ["space", "down", "4"],
      { o: { x: 4 } },
    ],
    [
      "one of several objects",
      object(
        {
          o: {
            oneOf: [
              object({ k: { const: "a" } }, "k"),
              object({ k: { const: "b" }, n: { type: "integer" } }, "k", "n"),
            ],
          },
        },
        "o",
      ),
      ["right", "down", "down", "3"],
      { o: { k: "b", n: 3 } },
    ],
    ["anything is JSON", object({ v: true }, "v"), ['{"a":[1]}'], { v: { a: [1] } }],
    [
      "what can not be read is sent as it was typed",
      object({ n: { type: "integer" } }, "n"),
      ["abc"],
      { n: "abc" },
    ],
    [
      "a name such as __proto__",
      object({ m: { type: "object", additionalProperties: {} } }, "m"),
      ["ctrl+n", "__proto__", "enter", "1"],
      { m: JSON.parse('{"__proto__":1}') },
    ],
    ["no parameters", { type: "object" }, [], {}],
    ["no schema", true, ['{"a":1}'], { a: 1 }],
  ])("%s", (_what, made, names, value) => {
    expect(JSON.stringify(keys(make(made), ...names).value)).toBe(JSON.stringify(value));
  });

  test("a tagged union whose parts refer to their bodies keeps the tags", () => {
    const made: JsonSchema = {
      $defs: { Move: object({ id: { type: "string" } }, "id") },
      ...object(
        { c: { oneOf: [{ $ref: "#/$defs/Move", ...object({ op: { const: "move" } }, "op") }] } },
        "c",
      ),
    };
    expect(keys(make(made), "down", "down", "x").value).toEqual({ c: { op: "move", id: "x" } });
  });

  test("a paste with line breaks is one text", () => {
    expect(pastedInForm(make(object({ t: { type: "string" } }, "t")), "a\r\nb\n").value).toEqual({
      t: "a\nb\n",
    });
  });

  test("enter leads through all fields to the last row", () => {
    const form = make(object({ a: { type: "string" }, b: { type: "string" } }, "a", "b"));
    expect(isOnSubmit(keys(form, "enter"))).toBe(false);
    expect(isOnSubmit(keys(form, "enter", "enter"))).toBe(true);
    expect(isOnSubmit(keys(form, "enter", "enter", "enter", "down"))).toBe(true);
  });
});

/** Messages by JSON pointer. */
const wrong = (made: JsonSchema, ...names: string[]): Record<string, string> =>
  Object.fromEntries(
    [...keys(make(made), ...names).verdict.problems].map(([at, { message }]) => [at, message]),
  );

describe("what is wrong", () => {
  test.each<[schema: JsonSchema, keys: string[], problems: Record<string, unknown>]>([
    [object({ a: { type: "integer" } }, "a"), [], { "/a": "is required" }],
    [object({ a: { type: "integer" } }, "a"), ["1"], {}],
    [object({ a: { type: "integer" } }, "a"), ["1.5"], { "/a": "must be a whole number" }],
    [object({ a: { type: "integer" } }, "a"), ["0x10"], { "/a": "must be a whole number" }],
    [
      object({ a: { type: "integer" } }, "a"),
      ["9007199254740993"],
      { "/a": expect.stringContaining("2^53") },
    ],
    [object({ a: { type: "number" } }, "a"), ["1e400"], { "/a": "must be a number" }],
    [
      object({ a: { type: "string", format: "int64" } }, "a"),
      ["9223372036854775808"],
      { "/a": expect.stringContaining("64 bits") },
    ],
    [
      object({ a: { type: "integer", minimum: 5 }, b: { type: "integer", minimum: 5 } }, "a", "b"),
      ["1", "enter", "2"],
      { "/a": "1 is less than 5", "/b": "2 is less than 5" },
    ],
    [object({ t: { type: "string", pattern: "^a" } }, "t"), ["b"], { "/t": "does not match pattern" }],
    [object({ "a/b": { type: "integer" } }, "a/b"), ["x"], { "/a~1b": "must be a whole number" }],
    [
      object({ l: { type: "array", items: { type: "integer" }, minItems: 2 } }, "l"),
      ["ctrl+n", "1"],
      { "/l": expect.stringContaining("too few") },
    ],
    [
      object({ m: { type: "object", additionalProperties: {} } }, "m"),
      ["ctrl+n", "k", "enter", "1", "ctrl+n", "k", "enter", "2"],
      { "/m/k": "is there twice" },
    ],
    [object({ v: true }, "v"), ["{abc"], { "/v": expect.stringContaining("JSON") }],
    [object({ v: true }, "v"), ["abc"], {}],
    [
      { ...object({ a: { type: "integer" }, b: { type: "integer" } }), dependentRequired: { a: ["b"] } },
      ["1"],
      { "": expect.anything() },
    ],
  ])("%j after %j", (made, names, problems) => {
    expect(wrong(made, ...names)).toEqual(problems);
  });

  test("a pattern that never ends is given up once, and then left to the plugin", () => {
    const form = pastedInForm(
      make(object({ t: { type: "string", pattern: "^(a+)+$" } }, "t")),
      `${"a".repeat(40)}!`,
    );
    expect(form.verdict.isChecked).toBe(false);
    expect(keys(form, "b").verdict.isChecked).toBe(false);
    expect(shown(keys(form, "enter"))).toContain("the plugin itself will judge");
  });

  test("a refusal of the plugin marks its row until something is changed", () => {
    const form = refused(make(object({ a: { type: "string" }, b: { type: "string" } }, "a", "b")), {
      pointer: "/b",
      message: "no such file",
    });
    expect(form.cursor).toBe(1);
    expect(shown(form)).toContain("✗ no such file");
    expect(shown(keys(form, "x"))).not.toContain("no such file");
  });

  test("what is missing and what is wrong is counted", () => {
    const form = keys(make(object({ a: { type: "integer" }, b: { type: "integer" } }, "a", "b")), "x");
    expect(objections(form)).toEqual(["1 still to fill in", "1 not as described"]);
  });
});

describe("JSON text", () => {
  const form = make(object({ a: { type: "integer" }, t: { type: "string" } }, "a"), { a: 1, more: [true] });

  test("there and back nothing is lost, not even what the schema does not know", () => {
    expect(toggledRaw(toggledRaw(form)).value).toEqual({ a: 1, more: [true] });
  });

  test("what is typed counts at once", () => {
    expect(pastedInForm({ ...toggledRaw(form), raw: { text: "", cursor: 0 } }, '{"a": 2}').value).toEqual({
      a: 2,
    });
  });

  test("text that is no JSON stays, and says where", () => {
    const broken = toggledRaw(
      pastedInForm({ ...toggledRaw(form), raw: { text: "", cursor: 0 } }, '{"a": 1,\n  b}'),
    );
    expect(broken.raw).not.toBeNull();
    expect(shown(broken)).toContain('line 2, column 3: a "name" is missing');
  });

  test("an integer that would lose digits is refused", () => {
    const large = pastedInForm(
      { ...toggledRaw(form), raw: { text: "", cursor: 0 } },
      '{"a": 9007199254740993}',
    );
    expect(toggledRaw(large).raw).not.toBeNull();
    expect(shown(large)).toContain("2^53");
  });

  test("what is too large for a person to look through is shown as text", () => {
    const large = make(
      { type: "object", properties: { l: { type: "array" } } },
      { l: Array.from({ length: 6000 }, (_, at) => at) },
    );
    expect(large.raw).not.toBeNull();
    expect(toggledRaw(large).raw).not.toBeNull();
  });
});

test("any value can be shown in a form of any schema, and is the same afterwards", () => {
  fc.assert(
    fc.property(schema, json, (made, value) => {
      fc.pre(value !== null);
      const form = make(made, value);
      expect(form.value).toEqual(value);
      expect(toggledRaw(toggledRaw(form)).value).toEqual(value);
    }),
    { numRuns: 300 },
  );
});

test("whatever keys are pressed, the lines fit the screen and hold nothing dangerous", () => {
  fc.assert(
    fc.property(
      schema,
      fc.option(json),
      fc.array(fc.oneof(key, text), { maxLength: 30 }),
      size,
      (made, value, pressed, at) => {
        let form = make(made, value ?? undefined);
        for (const each of pressed)
          form = typeof each === "string" ? pastedInForm(form, each) : press(form, each);
        const lines = formLines(form, at);
        expect(lines.length).toBeLessThanOrEqual(at.rows);
        for (const line of lines) {
          expect(widthOf(line)).toBeLessThanOrEqual(at.columns);
          expect(stripVTControlCharacters(line)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        }
        expect(form.cursor).toBeGreaterThanOrEqual(0);
        expect(form.cursor).toBeLessThanOrEqual(form.rows.length);
      },
    ),
    { numRuns: 300 },
  );
});

describe("a hostile schema ends", () => {
  const self = { $ref: "#" };
  test.each<[string, JsonSchema]>([
    [
      "requires itself",
      { type: "object", properties: { a: self, b: self, c: self }, required: ["a", "b", "c"] },
    ],
    ["is a list of itself", { type: "array", items: self }],
    ["is one of itself, many times over", { anyOf: Array.from({ length: 50 }, () => self) }],
    ["is all of itself", { allOf: Array.from({ length: 50 }, () => self) }],
    [
      "is an object of many properties",
      {
        type: "object",
        properties: Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`p${at}`, {}])),
      },
    ],
    ["refers to nothing", { $ref: "#/$defs/none" }],
  ])("that %s", (_what, made) => {
    expect(formLines(make(made), { columns: 80, rows: 20 }).length).toBeGreaterThan(0);
  });
});
