/** Values that a writer may write, to try them on a reader. Few, and chosen at the edges. */
import { additionalOf, matchesShape } from "./match.ts";
import type { ArrayShape, Conjunction, NumberShape, ObjectShape, Shape, StringShape } from "./shape.ts";
import type { Shapes } from "./shapes.ts";

const mostSamples = 24;
const longestText = 4096;
const mostItems = 64;

export class Samples {
  readonly #shapes: Shapes;
  readonly #known = new Map<string, readonly unknown[]>();

  constructor(shapes: Shapes) {
    this.#shapes = shapes;
  }

  of(node: Conjunction): readonly unknown[] {
    const key = this.#shapes.key(node);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // A value can not contain itself: while it is being made there is none.
    this.#known.set(key, []);
    const samples = this.#shapes
      .of(node)
      .map((shape) => this.ofShape(shape))
      // In turns, so that the last shape is not cut off by the first.
      .reduce<unknown[]>((all, each) => interleave(all, each), [])
      .slice(0, mostSamples);
    this.#known.set(key, samples);
    return samples;
  }

  /** @param near Shapes that the samples should come close to. */
  ofShape(shape: Shape, near: readonly Shape[] = []): readonly unknown[] {
    return this.#candidates(shape, near)
      .filter((value) => matchesShape(this.#shapes, value, shape, "writer") === "yes")
      .slice(0, 4 * mostSamples);
  }

  #candidates(shape: Shape, near: readonly Shape[]): readonly unknown[] {
    switch (shape.kind) {
      case "values":
        return shape.values;
      case "number":
        return numbers([shape, ...near.filter((each) => each.kind === "number")]);
      case "string":
        return strings([shape, ...near.filter((each) => each.kind === "string")]);
      case "array":
        return this.#arrays(
          shape,
          near.filter((each) => each.kind === "array"),
        );
      case "object":
        return this.#objects(shape);
      default:
        return shape satisfies never;
    }
  }

  #arrays(shape: ArrayShape, near: readonly ArrayShape[]): unknown[][] {
    const node = (i: number): Conjunction => shape.prefix[i] ?? shape.items;
    const edges = [shape, ...near].flatMap(({ minItems, maxItems, prefix }) => [
      minItems,
      minItems - 1,
      maxItems,
      maxItems + 1,
      prefix.length,
      prefix.length + 1,
    ]);
    const lengths = [...new Set([...edges, 0, 1])].filter((n) => n >= 0 && n <= mostItems);
    const plain = lengths.flatMap((length) => {
      const items = Array.from({ length }, (_, i) => this.of(node(i))[0]);
      return items.includes(undefined) ? [] : [items];
    });
    const varied = plain.flatMap((items) => {
      const last = items.length - 1;
      return last < 0 ? [] : this.of(node(last)).map((value) => items.with(last, value));
    });
    return [...plain, ...varied];
  }

  #objects(shape: ObjectShape): unknown[] {
    const choices = [...shape.properties].map(([name, node]) => [name, this.of(node)] as const);
    const all = choices.flatMap(([name, [first]]) => (first === undefined ? [] : [[name, first] as const]));
    const least = all.filter(([name]) => shape.required.has(name));
    if (least.length < shape.required.size) return [];
    const additional = additionalOf(shape, "writer");
    const more = additional === undefined ? [] : this.of(additional);
    const extra = unusedName(shape, []);
    return [
      Object.fromEntries(least),
      Object.fromEntries(all),
      ...choices.flatMap(([name, values]) =>
        values.map((value) => Object.fromEntries([...least, [name, value]])),
      ),
      ...more.map((value) => Object.fromEntries([...least, [extra, value]])),
    ];
  }
}

/** A name that none of the shapes declares. */
export function unusedName(shape: ObjectShape, others: readonly ObjectShape[]): string {
  let name = "other";
  while ([shape, ...others].some(({ properties }) => properties.has(name))) name += "_";
  return name;
}

function interleave(a: readonly unknown[], b: readonly unknown[]): unknown[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).flatMap((i) => [
    ...a.slice(i, i + 1),
    ...b.slice(i, i + 1),
  ]);
}

/** Within what this wire carries as a number: larger integers travel as strings. */
function numbers(shapes: readonly NumberShape[]): number[] {
  const integer = shapes[0]?.integer === true;
  const bounds = shapes.flatMap(({ min, max }) => [min, max]).filter((each) => Number.isFinite(each));
  const multiples = shapes.flatMap((each) => each.multiples);
  const around = [0, ...bounds].flatMap((n) => [n, n - 1, n + 1, n - 0.5, n + 0.5]);
  const stepped = multiples.flatMap((step) =>
    [0, ...bounds].flatMap((n) => {
      const below = Math.floor(n / step) * step;
      return [below - step, below, below + step, below + 2 * step];
    }),
  );
  return [...new Set([...around, ...stepped, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0.25])]
    .filter((n) => Number.isFinite(n) && (!integer || Number.isSafeInteger(n)))
    .map((n) => n + 0);
}

function strings(shapes: readonly StringShape[]): string[] {
  const edges = shapes.flatMap(({ minLength, maxLength }) => [
    minLength,
    minLength - 1,
    maxLength,
    maxLength + 1,
  ]);
  const lengths = [...new Set([0, 1, ...edges])].filter((n) => n >= 0 && n <= longestText);
  return lengths.flatMap((length) => ["a", "0", "A", "-", "\u{1}"].map((each) => each.repeat(length)));
}
