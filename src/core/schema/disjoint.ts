/** Whether no value fits two choices at once: only then is `oneOf` the same as `anyOf`. */
import { matchesShape } from "./match.ts";
import type { ObjectShape, Shape } from "./shape.ts";
import type { Shapes } from "./shapes.ts";

/** Tagged objects may be tagged inside as well, but not deeper than this. */
const deepest = 3;

/** True when it is certain. */
export function disjoint(
  shapes: Shapes,
  left: readonly Shape[],
  right: readonly Shape[],
  depth = deepest,
): boolean {
  return left.every((a) => right.every((b) => apart(shapes, a, b, depth)));
}

function apart(shapes: Shapes, a: Shape, b: Shape, depth: number): boolean {
  shapes.step();
  if (a.kind === "values")
    return a.values.every((value) => matchesShape(shapes, value, b, "reader") === "no");
  if (b.kind === "values") return apart(shapes, b, a, depth);
  if (a.kind === "number" && b.kind === "number") return a.max < b.min || b.max < a.min;
  if (a.kind === "object" && b.kind === "object") return depth > 0 && differInOne(shapes, a, b, depth);
  return a.kind !== b.kind;
}

/** A property that both must have can not be the same in both. */
function differInOne(shapes: Shapes, a: ObjectShape, b: ObjectShape, depth: number): boolean {
  return [...a.required].some((name) => {
    const [left, right] = [a.properties.get(name), b.properties.get(name)];
    if (!b.required.has(name) || left === undefined || right === undefined) return false;
    return disjoint(shapes, shapes.of(left), shapes.of(right), depth - 1);
  });
}
