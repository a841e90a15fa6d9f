/** Schemas in a few words, for people who have to change one of them. */
import { canonical } from "../json-value.ts";
import type { Conjunction, Shape } from "./shape.ts";
import type { Shapes } from "./shapes.ts";

const mostValues = 8;
const longestText = 160;

export function nodeInWords(shapes: Shapes, node: Conjunction): string {
  if (isAnything(node)) return "anything";
  const words = new Set(shapes.of(node).map(shapeInWords));
  return words.size === 0 ? "nothing" : cut([...words].join(" or "));
}

/** Says nothing about the value. */
export function isAnything(node: Conjunction): boolean {
  return node.every(
    ({ schema }) => schema === true || (schema !== false && Object.keys(schema).length === 0),
  );
}

export function valueInWords(value: unknown): string {
  return cut(canonical(value));
}

export function shapeInWords(shape: Shape): string {
  switch (shape.kind) {
    case "values":
      return valuesInWords(shape.values);
    case "number": {
      const from = shape.min === -Infinity ? "" : ` ${shape.minOpen ? "above" : "from"} ${shape.min}`;
      const to = shape.max === Infinity ? "" : ` ${shape.maxOpen ? "below" : "to"} ${shape.max}`;
      const steps = shape.multiples.map((each) => `, a multiple of ${each}`).join("");
      return `${shape.integer ? "integer" : "number"}${from}${to}${steps}`;
    }
    case "string": {
      const format = shape.formats.map((each) => ` of format ${each}`).join("");
      const pattern = shape.patterns.map((each) => ` matching ${each}`).join("");
      return `string${range(shape.minLength, shape.maxLength, "characters")}${format}${pattern}`;
    }
    case "array":
      return `array${range(shape.minItems, shape.maxItems, "items")}`;
    case "object":
      return "object";
    default:
      return shape satisfies never;
  }
}

function valuesInWords(values: readonly unknown[]): string {
  const all = new Set(values.map(canonical));
  if (all.has("true") && all.has("false")) {
    all.delete("true");
    all.delete("false");
    all.add("boolean");
  }
  const shown = [...all].slice(0, mostValues);
  return cut([...shown, ...(all.size > shown.length ? ["…"] : [])].join(" | "));
}

function range(min: number, max: number, unit: string): string {
  if (min === 0 && max === Infinity) return "";
  if (min === max) return ` of ${min} ${unit}`;
  if (max === Infinity) return ` of ${min} ${unit} or more`;
  return min === 0 ? ` of up to ${max} ${unit}` : ` of ${min} to ${max} ${unit}`;
}

function cut(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText - 1)}…`;
}
