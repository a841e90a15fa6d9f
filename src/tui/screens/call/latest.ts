/** Which items of a stream stay. Pure. */
import { mostItems } from "./state.ts";

/** Of all that stay together, in characters as JSON has them, roughly: a few large items are as much as many small ones. */
export const mostCharacters = 32 * 1024 ** 2;

/** The latest ones, as many as there is room for; the last one in any case. */
export function latest(items: readonly unknown[]): readonly unknown[] {
  let room = mostCharacters;
  let first = items.length;
  while (first > 0 && items.length - first < mostItems) {
    room -= weightOf(items[first - 1]);
    if (room < 0 && first < items.length) break;
    first -= 1;
  }
  return items.slice(first);
}

const weights = new WeakMap<object, number>();

function weightOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  const known = weights.get(value) ?? weightInside(value);
  weights.set(value, known);
  return known;
}

function weightInside(value: object): number {
  let sum = 8;
  for (const [name, each] of Object.entries(value)) {
    sum += name.length + (typeof each === "object" && each !== null ? weightInside(each) : weightOf(each));
  }
  return sum;
}
