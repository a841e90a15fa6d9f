/** What two shapes have in common. */
import { matchesShape } from "./match.ts";
import { isEmpty, numberShape } from "./shape.ts";
import type { ArrayShape, ObjectShape, Shape, ValuesShape } from "./shape.ts";
import type { Shapes } from "./shapes.ts";

/**
 * The shapes of the values that fit both.
 * @param origin Names the schema in which they meet, for what can not be decided of it.
 */
export function intersect(shapes: Shapes, a: Shape, b: Shape, origin: () => string): Shape[] {
  shapes.step();
  return common(shapes, a, b, origin).filter((shape) => !isEmpty(shape));
}

function common(shapes: Shapes, a: Shape, b: Shape, origin: () => string): Shape[] {
  const opaque = [...new Set([...a.opaque, ...b.opaque])];
  if (a.kind === "values") return pick(shapes, a, b, origin);
  if (b.kind === "values") return pick(shapes, b, a, origin);
  if (a.kind === "number" && b.kind === "number") {
    return [
      numberShape({
        kind: "number",
        integer: a.integer || b.integer,
        min: Math.max(a.min, b.min),
        minOpen: a.min === b.min ? a.minOpen || b.minOpen : a.min > b.min ? a.minOpen : b.minOpen,
        max: Math.min(a.max, b.max),
        maxOpen: a.max === b.max ? a.maxOpen || b.maxOpen : a.max < b.max ? a.maxOpen : b.maxOpen,
        multiples: union(a.multiples, b.multiples),
        opaque,
      }),
    ];
  }
  if (a.kind === "string" && b.kind === "string") {
    return [
      {
        kind: "string",
        minLength: Math.max(a.minLength, b.minLength),
        maxLength: Math.min(a.maxLength, b.maxLength),
        patterns: union(a.patterns, b.patterns),
        formats: union(a.formats, b.formats),
        opaque,
      },
    ];
  }
  if (a.kind === "array" && b.kind === "array") return [{ ...arrays(a, b), opaque }];
  return a.kind === "object" && b.kind === "object" ? [{ ...objects(a, b), opaque }] : [];
}

function union<T>(a: readonly T[], b: readonly T[]): T[] {
  return [...new Set([...a, ...b])];
}

/** Those of the values that fit the other shape; those of which that is not known are kept apart. */
function pick(shapes: Shapes, a: ValuesShape, b: Shape, origin: () => string): ValuesShape[] {
  const bare = { ...b, opaque: [] };
  const opaque = union(a.opaque, b.opaque);
  const fitting: unknown[] = [];
  const unknown: unknown[] = [];
  for (const value of a.values) {
    const verdict = matchesShape(shapes, value, bare, "reader");
    if (verdict === "yes") fitting.push(value);
    else if (verdict === "unknown") unknown.push(value);
  }
  return [
    { kind: "values", values: fitting, opaque },
    ...(unknown.length === 0
      ? []
      : [{ kind: "values" as const, values: unknown, opaque: [...opaque, `values:${origin()}`] }]),
  ];
}

function arrays(a: ArrayShape, b: ArrayShape): ArrayShape {
  const length = Math.max(a.prefix.length, b.prefix.length);
  return {
    kind: "array",
    prefix: Array.from({ length }, (_, i) => [...(a.prefix[i] ?? a.items), ...(b.prefix[i] ?? b.items)]),
    items: [...a.items, ...b.items],
    minItems: Math.max(a.minItems, b.minItems),
    maxItems: Math.min(a.maxItems, b.maxItems),
    opaque: [],
  };
}

function objects(a: ObjectShape, b: ObjectShape): ObjectShape {
  const names = new Set([...a.properties.keys(), ...b.properties.keys()]);
  return {
    kind: "object",
    properties: new Map(
      [...names].map((name) => [
        name,
        [...(a.properties.get(name) ?? a.additional), ...(b.properties.get(name) ?? b.additional)],
      ]),
    ),
    required: new Set([...a.required, ...b.required]),
    additional: [...a.additional, ...b.additional],
    stated: a.stated || b.stated,
    declared: a.declared || b.declared,
    opaque: [],
  };
}
