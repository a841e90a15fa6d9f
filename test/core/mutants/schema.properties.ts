/** What the comparison of schemas promises, as properties: the real one has them all, each mutant lacks one. */
import { Validator } from "@cfworker/json-schema";
import * as fc from "fast-check";
import type { JsonSchema } from "../../../protocol/description.ts";
import type { accepts } from "../../../src/core/schema/compare.ts";

export type Accepts = typeof accepts;

export interface Property {
  readonly name: string;
  /** What shows that the comparison does not have it; null when nothing was found. */
  readonly counterexample: (accepts: Accepts) => string | null;
}

type Schema = Readonly<Record<string, unknown>>;

/* Real validation */

export function valid(schema: JsonSchema, value: unknown): boolean {
  return new Validator(structuredClone(schema), "2020-12").validate(value).valid;
}

const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The same schema with what writers keep to written down: no further properties, no integers that JSON mangles. */
function closed(schema: unknown): JsonSchema {
  if (Array.isArray(schema)) return schema.map(closed) as unknown as JsonSchema;
  if (!isObject(schema)) return schema as JsonSchema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === "properties" || key === "$defs"
        ? Object.fromEntries(Object.entries(value as Schema).map(([name, each]) => [name, closed(each)]))
        : ["enum", "const", "required", "type"].includes(key)
          ? value
          : closed(value),
    ]),
  );
  const declared = schema["properties"] !== undefined || [schema["type"]].flat().includes("object");
  if (declared && schema["additionalProperties"] === undefined) {
    inner["additionalProperties"] = false;
    // What is required is written, declared or not.
    const required = ((schema["required"] ?? []) as string[]).map((name) => [name, true]);
    inner["properties"] = { ...Object.fromEntries(required), ...(inner["properties"] as Schema | undefined) };
  }
  return inner;
}

/** What all parts of a combination declare together may be written: that can not be said part by part. */
function combined(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(combined);
  if (!isObject(schema)) return false;
  const beside = ["properties", "type", "additionalProperties"].some((key) => key in schema);
  const parts = ["allOf", "anyOf", "oneOf", "$ref"].filter((key) => key in schema);
  const isOne = !("allOf" in schema) && parts.length <= 1 && !(beside && parts.length > 0);
  return !isOne || Object.values(schema).some(combined);
}

/* Schemas */

const names = ["a", "b", "c"];
const small = fc.integer({ min: -3, max: 6 });
const size = fc.integer({ min: 0, max: 3 });
const scalar: fc.Arbitrary<unknown> = fc.oneof(small, fc.constantFrom("", "a", "bb", null, true, false, 0.5));

const numberSchema = fc.record(
  {
    type: fc.constantFrom("integer", "number"),
    minimum: small,
    maximum: small,
    exclusiveMinimum: small,
    exclusiveMaximum: small,
    multipleOf: fc.constantFrom(1, 2, 3, 4, 0.5),
  },
  { requiredKeys: ["type"] },
);
const stringSchema = fc.record(
  {
    type: fc.constant("string"),
    minLength: size,
    maxLength: size,
    pattern: fc.constantFrom("^a", "b$", "^[a-z]*$"),
    format: fc.constantFrom("email", "date"),
  },
  { requiredKeys: ["type"] },
);
const flat: fc.Arbitrary<JsonSchema> = fc.oneof(
  { arbitrary: numberSchema, weight: 3 },
  { arbitrary: stringSchema, weight: 2 },
  {
    arbitrary: fc.record({ type: fc.constantFrom("string", "integer", "number", "boolean", "null") }),
    weight: 4,
  },
  {
    arbitrary: fc
      .uniqueArray(fc.constantFrom("string", "integer", "number", "boolean", "null", "array", "object"), {
        minLength: 1,
      })
      .map((type) => ({ type })),
    weight: 1,
  },
  { arbitrary: fc.record({ enum: fc.array(scalar, { minLength: 1, maxLength: 4 }) }), weight: 2 },
  { arbitrary: fc.record({ const: scalar }), weight: 1 },
  { arbitrary: fc.boolean(), weight: 1 },
);

function objectsOf(inner: fc.Arbitrary<JsonSchema>): fc.Arbitrary<JsonSchema> {
  return fc.record(
    {
      type: fc.constant("object"),
      properties: fc.dictionary(fc.constantFrom(...names), inner, { maxKeys: 3, noNullPrototype: true }),
      required: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 2 }),
      additionalProperties: fc.oneof(fc.boolean(), inner),
    },
    { requiredKeys: ["type"], noNullPrototype: true },
  );
}

const tagged: fc.Arbitrary<JsonSchema> = fc.letrec<{ it: JsonSchema }>(() => ({
  it: fc
    .uniqueArray(fc.constantFrom("x", "y", "z"), { minLength: 1 })
    .chain((tags) =>
      fc.record({
        by: fc.constantFrom("oneOf", "anyOf"),
        choices: fc.tuple(
          ...tags.map((tag) =>
            flat.map((a) => ({ type: "object", properties: { t: { const: tag }, a }, required: ["t", "a"] })),
          ),
        ),
      }),
    )
    .map(({ by, choices }) => ({ [by]: choices })),
})).it;

const { nested } = fc.letrec<{ nested: JsonSchema }>((tie) => ({
  nested: fc.oneof(
    { depthSize: "small", maxDepth: 3, withCrossShrink: true },
    { arbitrary: flat, weight: 4 },
    { arbitrary: objectsOf(tie("nested")), weight: 4 },
    {
      arbitrary: fc.record(
        {
          type: fc.constant("array"),
          items: tie("nested"),
          prefixItems: fc.array(tie("nested"), { minLength: 1, maxLength: 2 }),
          minItems: size,
          maxItems: size,
        },
        { requiredKeys: ["type"], noNullPrototype: true },
      ),
      weight: 2,
    },
    { arbitrary: fc.record({ anyOf: fc.array(tie("nested"), { minLength: 1, maxLength: 3 }) }), weight: 1 },
    { arbitrary: fc.record({ oneOf: fc.array(tie("nested"), { minLength: 1, maxLength: 2 }) }), weight: 1 },
    { arbitrary: fc.record({ allOf: fc.array(tie("nested"), { minLength: 1, maxLength: 2 }) }), weight: 1 },
    { arbitrary: tagged, weight: 1 },
    { arbitrary: fc.constantFrom({ $ref: "#/$defs/n" }, { $ref: "#/$defs/m" }), weight: 1 },
    {
      arbitrary: fc
        .tuple(
          tie("nested"),
          fc.constantFrom<Schema>({ uniqueItems: true }, { not: { type: "null" } }, { minProperties: 1 }),
        )
        .map(([schema, more]) => (typeof schema === "boolean" ? schema : { ...schema, ...more })),
      weight: 1,
    },
  ),
}));

/** A definition has to hold a value in between before it comes back to itself. */
const definitions = fc.record({ n: objectsOf(nested), m: objectsOf(nested) }, { noNullPrototype: true });
export const schemas: fc.Arbitrary<JsonSchema> = fc
  .tuple(nested, definitions)
  .map(([schema, $defs]) =>
    typeof schema === "boolean" || !JSON.stringify(schema).includes("$ref") ? schema : { ...schema, $defs },
  );

/* The same schema, a little different */

type Edit = (schema: Schema) => JsonSchema;
const without =
  (key: string): Edit =>
  (schema) =>
    Object.fromEntries(Object.entries(schema).filter(([each]) => each !== key));
const edits: readonly Edit[] = [
  (schema) => ({ ...schema, type: schema["type"] === "integer" ? "number" : (schema["type"] ?? "string") }),
  (schema) => ({ ...schema, minimum: Number(schema["minimum"] ?? 0) - 1 }),
  (schema) => ({ ...schema, maximum: Number(schema["maximum"] ?? 0) + 1 }),
  (schema) => ({ ...schema, minLength: 1 }),
  (schema) => ({ ...schema, maxLength: Number(schema["maxLength"] ?? 1) + 1 }),
  (schema) => ({ ...schema, minItems: Math.max(0, Number(schema["minItems"] ?? 1) - 1) }),
  (schema) => ({ ...schema, maxItems: Number(schema["maxItems"] ?? 0) + 1 }),
  without("required"),
  (schema) => ({ ...schema, required: ["a"] }),
  (schema) => ({ ...schema, additionalProperties: false }),
  without("additionalProperties"),
  (schema) => ({
    ...schema,
    properties: { ...(schema["properties"] as Schema | undefined), c: { type: "string" } },
  }),
  (schema) => ({ anyOf: [{ type: "boolean" }, schema] }),
  (schema) => ({ ...schema, title: "T" }),
  without("pattern"),
  without("format"),
  (schema) => ("enum" in schema ? { enum: [...(schema["enum"] as unknown[]), "more"] } : schema),
  () => true,
];

/** Applies an edit to the n-th schema inside. */
function edited(schema: JsonSchema, place: number, edit: Edit): JsonSchema {
  let count = 0;
  const walk = (value: unknown, isSchema: boolean): unknown => {
    if (Array.isArray(value)) return value.map((each) => walk(each, isSchema));
    if (!isObject(value)) return value;
    const here = isSchema && count++ === place;
    const inner = Object.fromEntries(
      Object.entries(value).map(([key, each]) => {
        if (key === "properties" || key === "$defs") {
          return [
            key,
            Object.fromEntries(Object.entries(each as Schema).map(([name, one]) => [name, walk(one, true)])),
          ];
        }
        const deeper = ["items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf"].includes(
          key,
        );
        return [key, deeper ? walk(each, true) : each];
      }),
    );
    return here ? edit(inner) : inner;
  };
  const result = walk(schema, true) as JsonSchema;
  // References are looked up from the root.
  return isObject(result) && isObject(schema) && "$defs" in schema && !("$defs" in result)
    ? { ...result, $defs: schema["$defs"] }
    : result;
}

const pairs: fc.Arbitrary<[JsonSchema, JsonSchema]> = fc.oneof(
  { arbitrary: fc.tuple(schemas, schemas), weight: 1 },
  { arbitrary: fc.tuple(flat, flat), weight: 1 },
  {
    arbitrary: fc
      .tuple(
        schemas,
        fc.array(fc.tuple(fc.nat(5), fc.constantFrom(...edits)), { minLength: 1, maxLength: 2 }),
      )
      .map(([schema, changes]): [JsonSchema, JsonSchema] => [
        schema,
        changes.reduce((all, [place, edit]) => edited(all, place, edit), schema),
      ]),
    weight: 4,
  },
);

/* Values */

/** Values that come close to what a schema allows; whether they do is for real validation to say. */
function near(schema: unknown, root: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  if (!isObject(schema) || depth <= 0) return scalar;
  const deeper = (each: unknown): fc.Arbitrary<unknown> => near(each, root, depth - 1);
  const list = (key: string): unknown[] => (Array.isArray(schema[key]) ? schema[key] : []);
  const choices: fc.Arbitrary<unknown>[] = [];
  if ("const" in schema) choices.push(fc.constant(schema["const"]));
  if (list("enum").length > 0) choices.push(fc.constantFrom(...list("enum")));
  if (typeof schema["$ref"] === "string" && isObject(root)) {
    choices.push(deeper((root["$defs"] as Schema)[schema["$ref"].slice("#/$defs/".length)]));
  }
  for (const key of ["anyOf", "oneOf", "allOf"]) choices.push(...list(key).map(deeper));
  const types = new Set([schema["type"] ?? []].flat());
  if (types.has("integer") || types.has("number")) choices.push(fc.integer({ min: -5, max: 9 }));
  if (types.has("number")) choices.push(fc.integer({ min: -20, max: 30 }).map((n) => n / 4));
  if (types.has("string")) choices.push(fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 5 }));
  if (types.has("boolean")) choices.push(fc.boolean());
  if (types.has("null")) choices.push(fc.constant(null));
  if (types.has("array")) {
    const fixed = list("prefixItems").map(deeper);
    choices.push(
      fc
        .tuple(fc.tuple(...fixed), fc.array(deeper(schema["items"]), { maxLength: 4 }))
        .map(([a, b]) => [...a, ...b]),
      fc.array(deeper(list("prefixItems")[0] ?? schema["items"]), { maxLength: 3 }),
    );
  }
  if (types.has("object") || "properties" in schema) {
    const properties = isObject(schema["properties"]) ? schema["properties"] : {};
    const more = deeper(schema["additionalProperties"]);
    const all = { a: more, b: more, d: more, ...mapped(properties, deeper) };
    choices.push(
      fc.record(mapped(properties, deeper), { requiredKeys: [], noNullPrototype: true }),
      fc.record(mapped(properties, deeper), { noNullPrototype: true }),
      fc.record(all, { requiredKeys: [], noNullPrototype: true }),
    );
  }
  return choices.length === 0 ? scalar : fc.oneof(...choices);
}

function mapped(
  record: Schema,
  to: (value: unknown) => fc.Arbitrary<unknown>,
): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value)]));
}

export function valuesNear(schema: JsonSchema): fc.Arbitrary<unknown> {
  return near(schema, schema, 5);
}

/** Bounds that meet or nearly do. */
const bounds = fc
  .record({
    low: fc.integer({ min: -2, max: 0 }),
    high: fc.integer({ min: 1, max: 3 }),
    types: fc.tuple(fc.constantFrom("integer", "number"), fc.constantFrom("integer", "number")),
    lower: fc.constantFrom("minimum", "exclusiveMinimum"),
    upper: fc.constantFrom("maximum", "exclusiveMaximum"),
    shift: fc.tuple(fc.integer({ min: -1, max: 1 }), fc.integer({ min: -1, max: 1 })),
  })
  .map(({ low, high, types, lower, upper, shift }): [JsonSchema, JsonSchema] => [
    { type: types[0], minimum: low, maximum: high },
    { type: types[1], [lower]: low + shift[0], [upper]: high + shift[1] },
  ]);

/** Two schemas with much in common, and values around both. */
const kinPairs = fc.letrec<{ it: { writer: JsonSchema; reader: JsonSchema; values: unknown[] } }>(() => {
  const plain = fc.record({ type: fc.constantFrom("string", "integer", "number", "boolean", "null") });
  const arrays = fc.record(
    {
      type: fc.constant("array"),
      items: plain,
      prefixItems: fc.array(plain, { minLength: 1, maxLength: 2 }),
      minItems: size,
      maxItems: size,
      uniqueItems: fc.constant(true),
    },
    { requiredKeys: ["type"], noNullPrototype: true },
  );
  const kinds: fc.Arbitrary<JsonSchema>[] = [numberSchema, stringSchema, arrays, objectsOf(plain)];
  const pair = fc.oneof(
    ...kinds.flatMap((kind) => [
      fc.tuple(kind, kind),
      fc.tuple(kind, fc.record({ allOf: fc.tuple(kind, kind) })),
      fc.tuple(fc.record({ allOf: fc.tuple(kind, kind) }), kind),
    ]),
    bounds,
    bounds,
    fc.tuple(
      plain.map((a) => ({ type: "object", properties: { a } })),
      plain.map((others) => ({
        allOf: [
          { type: "object", properties: { a: true } },
          { type: "object", properties: { b: true }, additionalProperties: others },
        ],
      })),
    ),
    fc.tuple(
      fc.constant<JsonSchema>({ type: "string", maxLength: 3 }),
      fc.record(
        {
          type: fc.constant("string"),
          pattern: fc.constantFrom("^a", "b$"),
          format: fc.constantFrom("email", "date"),
        },
        { requiredKeys: ["type"], noNullPrototype: true },
      ),
    ),
    fc.tuple(
      fc.record({ const: fc.dictionary(fc.constantFrom(...names), small, { noNullPrototype: true }) }),
      objectsOf(plain),
    ),
    fc.tuple(plain, fc.record({ oneOf: fc.tuple(plain, plain) })),
    fc.tuple(fc.record({ oneOf: fc.tuple(plain, plain) }), plain),
  );
  return {
    it: pair.chain(([writer, reader]) =>
      fc.record({
        writer: fc.constant(writer),
        reader: fc.constant(reader),
        values: fc.array(fc.oneof(near(writer, writer, 4), near(reader, reader, 4)), {
          minLength: 16,
          maxLength: 16,
        }),
      }),
    ),
  };
}).it;

/* Properties */

const runs = { seed: 20_26, endOnFailure: true } as const;

function search<T>(arbitrary: fc.Arbitrary<T>, numRuns: number, holds: (value: T) => boolean): string | null {
  const result = fc.check(fc.property(arbitrary, holds), { ...runs, numRuns });
  if (!result.failed) return null;
  const cause = result.errorInstance instanceof Error ? `: ${result.errorInstance.message}` : "";
  return JSON.stringify(result.counterexample) + cause;
}

/** The writer is taken as it is written: closed. */
const withValue = pairs.chain(([writer, reader]) =>
  fc.record({
    writer: fc.constant(writer),
    reader: fc.constant(reader),
    values: fc.array(near(writer, writer, 5), { minLength: 8, maxLength: 8 }),
  }),
);

export const properties: readonly Property[] = [
  {
    name: "yes, between schemas of one kind: whatever may be written can be read",
    counterexample: (accepts) =>
      search(kinPairs, 4000, ({ writer, reader, values }) => {
        if (accepts(writer, reader).decided !== "yes") return true;
        return values.every((value) => !valid(closed(writer), value) || valid(reader, value));
      }),
  },
  {
    name: "no, between schemas of one kind: the witness may be written and can not be read",
    counterexample: (accepts) =>
      search(kinPairs, 2000, ({ writer, reader }) => {
        const result = accepts(writer, reader);
        if (result.decided !== "no") return true;
        return (
          valid(combined(writer) ? writer : closed(writer), result.witness) && !valid(reader, result.witness)
        );
      }),
  },
  {
    name: "yes: whatever may be written can be read",
    counterexample: (accepts) =>
      search(withValue, 1500, ({ writer, reader, values }) => {
        if (accepts(writer, reader).decided !== "yes") return true;
        return values.every((value) => !valid(closed(writer), value) || valid(reader, value));
      }),
  },
  {
    name: "no: the witness may be written and can not be read",
    counterexample: (accepts) =>
      search(pairs, 1500, ([writer, reader]) => {
        const result = accepts(writer, reader);
        if (result.decided !== "no") return true;
        return (
          valid(combined(writer) ? writer : closed(writer), result.witness) && !valid(reader, result.witness)
        );
      }),
  },
  {
    name: "every schema accepts itself",
    counterexample: (accepts) =>
      search(schemas, 1500, (schema) => accepts(schema, structuredClone(schema)).decided === "yes"),
  },
  {
    name: "annotations change nothing",
    counterexample: (accepts) =>
      search(schemas, 1000, (schema) => {
        if (typeof schema === "boolean" || JSON.stringify(schema).match(/\$ref|not|unique|minProp|oneOf/))
          return true;
        const told = { ...schema, title: "T", description: "D", "x-own": 1 };
        return accepts(schema, told).decided === "yes" && accepts(told, schema).decided === "yes";
      }),
  },
  {
    name: "transitive, where every object says what else it may have",
    counterexample: (accepts) =>
      search(
        fc.tuple(pairs, pairs, fc.constantFrom(...edits), fc.nat(4)),
        2000,
        ([[a, b], , edit, place]) => {
          const [x, y, z] = [closed(a), closed(b), closed(edited(b, place, edit))];
          if (accepts(x, y).decided !== "yes" || accepts(y, z).decided !== "yes") return true;
          return accepts(x, z).decided !== "no";
        },
      ),
  },
  {
    name: "simple schemas are always decided",
    counterexample: (accepts) =>
      search(
        fc.tuple(simple, simple),
        2000,
        ([writer, reader]) => accepts(writer, reader).decided !== "cannot_tell",
      ),
  },
  {
    name: "a property more in the writer is fine, and an optional one more in the reader",
    counterexample: (accepts) =>
      search(fc.tuple(simple, simple), 500, ([a, b]) => {
        const plain = { type: "object", properties: { a }, required: ["a"] };
        const more = { ...plain, properties: { a, b } };
        const required = { ...more, required: ["a", "b"] };
        return [
          [required, plain],
          [more, plain],
          [plain, more],
        ].every(([writer, reader]) => accepts(writer ?? true, reader ?? false).decided === "yes");
      }),
  },
  {
    name: "simple schemas are always decided, required properties too",
    counterexample: (accepts) =>
      search(fc.tuple(simple, fc.uniqueArray(fc.constantFrom(...names))), 300, ([a, required]) => {
        const properties = { a, b: a, c: a };
        const writer = { type: "object", properties, required };
        const decided = accepts(writer, { type: "object", properties, required: ["a"] }).decided;
        return decided === (required.includes("a") ? "yes" : "no");
      }),
  },
  {
    name: "remembers no more than it has found out",
    counterexample: (accepts) =>
      search(fc.oneof(fc.constant(misleading), fc.tuple(machines, machines)), 600, ([writer, reader]) => {
        if (accepts(writer, reader).decided !== "yes") return true;
        // Without recursion there is nothing to be taken for granted.
        return accepts(unrolled(writer, 3), unrolled(reader, 5)).decided !== "no";
      }),
  },
  {
    name: "properties by pattern are not additional",
    counterexample: (accepts) => {
      const writer = { type: "object", properties: {}, patternProperties: { "^x": { type: "string" } } };
      const closedReader = { type: "object", additionalProperties: false };
      const patterned = { ...closedReader, patternProperties: { "^x": true } };
      const plain = { type: "object", properties: { x1: { type: "string" } } };
      const wrong =
        accepts(writer, closedReader).decided === "yes" || accepts(plain, patterned).decided === "no";
      return wrong ? "a property that matches the pattern" : null;
    },
  },
];

const simple: fc.Arbitrary<JsonSchema> = fc.letrec<{ it: JsonSchema }>((tie) => ({
  it: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.record(
      { type: fc.constantFrom("integer", "number"), minimum: small, maximum: fc.integer({ min: 6, max: 9 }) },
      { requiredKeys: ["type"], noNullPrototype: true },
    ),
    fc.record(
      { type: fc.constant("string"), minLength: size, maxLength: fc.integer({ min: 3, max: 6 }) },
      { requiredKeys: ["type"], noNullPrototype: true },
    ),
    fc.constantFrom<JsonSchema>({ type: "boolean" }, { type: "null" }, { enum: ["a", "bb"] }, { const: 3 }),
    fc.record(
      {
        type: fc.constant("array"),
        items: tie("it"),
        minItems: size,
        maxItems: fc.integer({ min: 3, max: 5 }),
      },
      { requiredKeys: ["type"], noNullPrototype: true },
    ),
    fc.record(
      {
        type: fc.constant("object"),
        properties: fc.dictionary(fc.constantFrom(...names), tie("it"), { noNullPrototype: true }),
        additionalProperties: fc.constant(false),
      },
      { requiredKeys: ["type", "properties"], noNullPrototype: true },
    ),
  ),
})).it;

/* Machines: a state is a choice of objects whose properties lead to other states, so that everything is recursive */

const stateNames = ["s0", "s1", "s2"];
const state = fc.array(
  fc.dictionary(
    fc.constantFrom(...names),
    fc.constantFrom(...stateNames).map((name) => ({ $ref: `#/$defs/${name}` })),
    { noNullPrototype: true, maxKeys: 2 },
  ),
  { minLength: 1, maxLength: 2 },
);
interface Machine {
  readonly [key: string]: unknown;
  readonly $ref: string;
  readonly $defs: Schema;
}
const machines: fc.Arbitrary<Machine> = fc.tuple(state, state, state).map((states) => ({
  $ref: "#/$defs/s0",
  $defs: Object.fromEntries(
    stateNames.map((name, i) => [
      name,
      {
        anyOf: (states[i] ?? []).map((properties) => ({
          type: "object",
          properties,
          additionalProperties: false,
        })),
      },
    ]),
  ),
}));

const to = (name: string) => ({ $ref: `#/$defs/${name}` });
const exactly = (properties: Schema, required = Object.keys(properties)) => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
const leaf = { enum: [1] };
/**
 * w1 fits r1 only if w0 fits r0, which is being asked just then and turns out to be wrong. The second choice of the top must
 * not rely on it.
 */
const misleading: [Machine, Machine] = [
  {
    $ref: "#/$defs/s0",
    $defs: {
      s0: exactly({ m: to("w0"), n: to("w1") }),
      w0: exactly({ p: to("w1"), q: leaf }, ["q"]),
      w1: exactly({ x: to("w0") }, []),
    },
  },
  {
    $ref: "#/$defs/s0",
    $defs: {
      s0: { anyOf: [exactly({ m: to("r0"), n: true }), exactly({ m: true, n: to("r1") })] },
      r0: exactly({ p: to("r1"), q: { enum: [2] } }, ["q"]),
      r1: exactly({ x: to("r0") }, []),
    },
  },
];

/** The values up to a depth, without recursion. */
function unrolled({ $ref, $defs }: Machine, depth: number): JsonSchema {
  const at = (value: unknown, left: number): unknown => {
    if (Array.isArray(value)) return value.map((each) => at(each, left));
    if (!isObject(value)) return value;
    const reference = value["$ref"];
    if (typeof reference === "string") {
      return left > 0 && at($defs[reference.slice("#/$defs/".length)], left - 1);
    }
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, at(each, left)]));
  };
  return at({ $ref }, depth) as JsonSchema;
}
