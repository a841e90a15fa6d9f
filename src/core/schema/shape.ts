/**
 * What a JSON Schema is a choice of: *shapes*, each of one kind of value with its limits. That is the form in which two
 * schemas can be compared.
 */
import type { JsonSchema } from "../../../protocol/description.ts";

/** A schema and the document in which its `$ref`s are looked up. */
export interface Located {
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
}

/** All of these at once; none of them: any value. */
export type Conjunction = readonly Located[];

interface Common {
  /** What the shape says beyond what is understood here: it allows less than it seems to. */
  readonly opaque: readonly string[];
}

export interface ValuesShape extends Common {
  readonly kind: "values";
  readonly values: readonly unknown[];
}

export interface NumberShape extends Common {
  readonly kind: "number";
  readonly integer: boolean;
  readonly min: number;
  readonly max: number;
  /** The bound itself is outside. Never so of integers. */
  readonly minOpen: boolean;
  readonly maxOpen: boolean;
  readonly multiples: readonly number[];
}

export interface StringShape extends Common {
  readonly kind: "string";
  readonly minLength: number;
  readonly maxLength: number;
  readonly patterns: readonly string[];
  readonly formats: readonly string[];
}

export interface ArrayShape extends Common {
  readonly kind: "array";
  readonly prefix: readonly Conjunction[];
  readonly items: Conjunction;
  readonly minItems: number;
  readonly maxItems: number;
}

export interface ObjectShape extends Common {
  readonly kind: "object";
  readonly properties: ReadonlyMap<string, Conjunction>;
  readonly required: ReadonlySet<string>;
  /** Of all other properties. */
  readonly additional: Conjunction;
  /** `additionalProperties` is written down, not merely absent. */
  readonly stated: boolean;
  /** The schema speaks of objects at all: it says `type: "object"` or `properties`. */
  readonly declared: boolean;
}

export type Shape = ValuesShape | NumberShape | StringShape | ArrayShape | ObjectShape;

export const anyNumber: NumberShape = {
  kind: "number",
  integer: false,
  min: -Infinity,
  max: Infinity,
  minOpen: false,
  maxOpen: false,
  multiples: [],
  opaque: [],
};

/** Any value at all. */
export function everything(opaque: readonly string[]): Shape[] {
  return [
    { kind: "values", values: [null, true, false], opaque },
    { ...anyNumber, opaque },
    { kind: "string", minLength: 0, maxLength: Infinity, patterns: [], formats: [], opaque },
    { kind: "array", prefix: [], items: [], minItems: 0, maxItems: Infinity, opaque },
    {
      kind: "object",
      properties: new Map(),
      required: new Set(),
      additional: [],
      stated: false,
      declared: false,
      opaque,
    },
  ];
}

/** Bounds of integers are integers, and belong to them. */
export function numberShape(shape: NumberShape): NumberShape {
  if (!shape.integer) return shape;
  const min = shape.minOpen ? Math.floor(shape.min) + 1 : Math.ceil(shape.min);
  const max = shape.maxOpen ? Math.ceil(shape.max) - 1 : Math.floor(shape.max);
  return { ...shape, min, max, minOpen: false, maxOpen: false };
}

/** Seen at a glance; that a shape is empty may be hidden deeper. */
export function isEmpty(shape: Shape): boolean {
  switch (shape.kind) {
    case "values":
      return shape.values.length === 0;
    case "number":
      return shape.min > shape.max || (shape.min === shape.max && (shape.minOpen || shape.maxOpen));
    case "string":
      return shape.minLength > shape.maxLength;
    case "array":
      return shape.minItems > shape.maxItems;
    case "object":
      return false;
    default:
      return shape satisfies never;
  }
}
