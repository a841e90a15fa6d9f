/** Whether a value fits a schema, as far as that is understood here. */
import { canonical, isObject } from "../json-value.ts";
import type { JsonObject } from "../json-value.ts";
import type { ArrayShape, Conjunction, NumberShape, ObjectShape, Shape, StringShape } from "./shape.ts";
import type { Shapes } from "./shapes.ts";

export type Verdict = "yes" | "no" | "unknown";

/** A writer writes only what its schema declares; a reader takes whatever the schema does not forbid. */
export type Side = "writer" | "reader";

/** A pattern may take exponential time: it is tried on texts up to this length only. */
const longestTried = 16;
/** Multiples of fractions are a matter of rounding; closer than this, they may be. */
const rounding = 1e-6;
/** Formats of which no text holds a control character. */
const printable = new Set([
  "date",
  "time",
  "date-time",
  "duration",
  "email",
  "uri",
  "url",
  "hostname",
  "ipv4",
  "ipv6",
  "uuid",
]);

const both = (a: Verdict, b: Verdict): Verdict =>
  a === "no" || b === "no" ? "no" : a === "unknown" || b === "unknown" ? "unknown" : "yes";
const when = (condition: boolean): Verdict => (condition ? "yes" : "no");

export function matches(shapes: Shapes, value: unknown, node: Conjunction, side: Side): Verdict {
  let found: Verdict = "no";
  for (const shape of shapes.of(node)) {
    const verdict = matchesShape(shapes, value, shape, side);
    if (verdict === "yes") return "yes";
    if (verdict === "unknown") found = "unknown";
  }
  return found;
}

export function matchesShape(shapes: Shapes, value: unknown, shape: Shape, side: Side): Verdict {
  shapes.step();
  const verdict = understood(shapes, value, shape, side);
  return verdict === "yes" && shape.opaque.length > 0 ? "unknown" : verdict;
}

function understood(shapes: Shapes, value: unknown, shape: Shape, side: Side): Verdict {
  switch (shape.kind) {
    case "values": {
      const wanted = canonical(value);
      return when(shape.values.some((each) => canonical(each) === wanted));
    }
    case "number":
      return typeof value === "number" ? matchesNumber(value, shape) : "no";
    case "string":
      return typeof value === "string" ? matchesString(value, shape) : "no";
    case "array":
      return Array.isArray(value) ? matchesArray(shapes, value, shape, side) : "no";
    case "object":
      return isObject(value) ? matchesObject(shapes, value, shape, side) : "no";
    default:
      return shape satisfies never;
  }
}

function matchesNumber(value: number, shape: NumberShape): Verdict {
  if (shape.integer && !Number.isInteger(value)) return "no";
  if (value < shape.min || (value === shape.min && shape.minOpen)) return "no";
  if (value > shape.max || (value === shape.max && shape.maxOpen)) return "no";
  let verdict: Verdict = "yes";
  for (const each of shape.multiples) {
    const rest = Math.abs(value % each);
    if (rest !== 0) verdict = both(verdict, Math.min(rest, each - rest) > rounding ? "no" : "unknown");
  }
  return verdict;
}

function matchesString(value: string, shape: StringShape): Verdict {
  // Lengths count characters, not UTF-16 units (JSON Schema Validation 6.3).
  const length = Array.from(value).length;
  if (length < shape.minLength || length > shape.maxLength) return "no";
  let verdict: Verdict = "yes";
  for (const pattern of shape.patterns) verdict = both(verdict, matchesPattern(value, pattern));
  for (const format of shape.formats) {
    verdict = both(verdict, printable.has(format) && /\p{Cc}/u.test(value) ? "no" : "unknown");
  }
  return verdict;
}

function matchesPattern(value: string, pattern: string): Verdict {
  if (value.length > longestTried) return "unknown";
  try {
    return when(new RegExp(pattern, "u").test(value));
  } catch {
    return "unknown";
  }
}

function matchesArray(shapes: Shapes, value: readonly unknown[], shape: ArrayShape, side: Side): Verdict {
  let verdict = when(value.length >= shape.minItems && value.length <= shape.maxItems);
  for (const [i, item] of value.entries()) {
    if (verdict === "no") return verdict;
    verdict = both(verdict, matches(shapes, item, shape.prefix[i] ?? shape.items, side));
  }
  return verdict;
}

function matchesObject(shapes: Shapes, value: JsonObject, shape: ObjectShape, side: Side): Verdict {
  let verdict = when([...shape.required].every((name) => Object.hasOwn(value, name)));
  for (const [name, member] of Object.entries(value)) {
    if (verdict === "no") return verdict;
    const node = shape.properties.get(name) ?? additionalOf(shape, side);
    verdict = node === undefined ? "no" : both(verdict, matches(shapes, member, node, side));
  }
  return verdict;
}

/** What a property may be that the schema does not name; undefined: a writer does not write one. */
export function additionalOf(shape: ObjectShape, side: Side): Conjunction | undefined {
  return side === "writer" && shape.declared && !shape.stated ? undefined : shape.additional;
}
