/** JSON Schemas, JSON values and keys for properties, hostile ones among them. */
import * as fc from "fast-check";
import type { JsonSchema } from "../../../protocol/description.ts";
import type { Key } from "../../../src/tui/keys.ts";

const hostile = [
  "\u001b[2J",
  "\u202eevil",
  "\u0000",
  "e\u0301\u0301\u0301",
  "漢字",
  "👩‍👩‍👧",
  "\ud800",
  "a\nb",
  "\u200b",
  "",
];

export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(...hostile),
  fc.string({ unit: "grapheme", maxLength: 8 }),
);

const name = fc.oneof(fc.constantFrom("a", "b", "c", "__proto__", "constructor", "a/b", "~", "a.b"), text);

/** As `JSON.parse` makes them. */
export const json: fc.Arbitrary<unknown> = fc
  .letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom(null, true, false),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => (Object.is(each, -0) ? 0 : each)),
      text,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(name, tie("value"), { maxKeys: 4 }),
    ),
  }))
  .value.map((value): unknown => JSON.parse(JSON.stringify(value)));

export const schema: fc.Arbitrary<JsonSchema> = fc
  .letrec<{ schema: Record<string, unknown> }>((tie) => ({
    schema: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<Record<string, unknown>>(
        {},
        { $ref: "#" },
        { $ref: "#/$defs/self" },
        { $ref: "#/nowhere" },
        { type: "string", minLength: 2, pattern: "^[a-z]+$" },
        { type: "string", format: "int64" },
        { type: "integer", minimum: 0, maximum: 9 },
        { type: ["integer", "null"] },
        { type: "number", multipleOf: 0.5 },
        { type: "boolean", default: true },
        { const: "x" },
        { type: "null" },
        { type: "nonsense" },
        { pattern: "(", type: "string" },
      ),
      fc.record({ enum: fc.array(json, { minLength: 1, maxLength: 4 }), description: text }),
      fc.record({ type: fc.constant("array"), items: tie("schema"), minItems: fc.nat(2) }),
      fc.record({ type: fc.constant("array"), prefixItems: fc.array(tie("schema"), { maxLength: 2 }) }),
      fc.record({ anyOf: fc.array(tie("schema"), { maxLength: 3 }), title: text }),
      fc.record({ allOf: fc.array(tie("schema"), { maxLength: 3 }) }),
      fc
        .tuple(
          fc.dictionary(name, tie("schema"), { maxKeys: 4 }),
          fc.constantFrom(undefined, false, true, {}),
          fc.nat(4),
        )
        .map(([properties, more, required]) => ({
          type: "object",
          properties,
          required: Object.keys(properties).slice(0, required),
          ...(more === undefined ? {} : { additionalProperties: more }),
        })),
    ),
  }))
  .schema.map((made) => ({
    ...made,
    $defs: { self: { type: "object", properties: { next: { $ref: "#/$defs/self" } }, required: ["next"] } },
  }));

const named = [
  "up",
  "down",
  "enter",
  "tab",
  "shift+tab",
  "pagedown",
  "left",
  "right",
  "home",
  "end",
  "backspace",
  "delete",
  "ctrl+n",
  "ctrl+x",
  "ctrl+t",
  "ctrl+o",
  "ctrl+r",
  "ctrl+u",
  "alt+up",
  "alt+down",
];

export const key: fc.Arbitrary<Key> = fc.oneof(
  fc.constantFrom(...named).map((each) => ({ name: each, text: "" })),
  fc.constant({ name: "space", text: " " }),
  fc.constantFrom(...Array.from('ab0-5{}[]",:é漢')).map((char) => ({ name: char, text: char })),
);

/** From very small to large terminals. */
export const size = fc.record({
  columns: fc.integer({ min: 20, max: 220 }),
  rows: fc.integer({ min: 5, max: 70 }),
});
