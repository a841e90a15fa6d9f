/** Takes JSON Schemas apart into shapes. */
import { intersect } from "./intersect.ts";
import { disjoint } from "./disjoint.ts";
import { baseShapes, isNever, opaqueOf, resolve, schemasOf, text } from "./keywords.ts";
import { everything } from "./shape.ts";
import type { Conjunction, Located, Shape } from "./shape.ts";
import type { JsonSchema } from "../../../protocol/description.ts";

/** Thrown when schemas are too large to be compared: whoever wrote them does not get to keep the host busy. */
export class TooComplex extends Error {}

const mostShapes = 256;
const mostSteps = 100_000;

/** Takes schemas apart and remembers how. */
export class Shapes {
  readonly #ids = new Map<unknown, number>();
  readonly #known = new Map<string, readonly Shape[]>();
  readonly #open = new Set<string>();
  #steps = 0;

  /** @throws {TooComplex} */
  step(): void {
    if (++this.#steps > mostSteps) throw new TooComplex("the schemas are too complex to compare");
  }

  /** The same for the same schemas, in whatever order. */
  key(node: Conjunction): string {
    const keys = node.map(({ schema, root }) => `${this.#id(schema)}@${this.#id(root)}`);
    return [...new Set(keys)].sort().join("&");
  }

  #id(schema: JsonSchema): number {
    const known = this.#ids.get(schema) ?? this.#ids.size;
    this.#ids.set(schema, known);
    return known;
  }

  /** A value fits when it fits one of these; none: nothing fits. @throws {TooComplex} */
  of(node: Conjunction): readonly Shape[] {
    this.step();
    const key = this.key(node);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const origin = (): string => node.map(text).sort().join("&");
    // A schema that is met again inside itself, with no value in between, says nothing that can be used.
    if (this.#open.has(key)) return everything([`circular:${origin()}`]);
    this.#open.add(key);
    let shapes: readonly Shape[] = everything([]);
    for (const each of node) shapes = this.#both(shapes, this.#expand(each), origin);
    this.#open.delete(key);
    this.#known.set(key, shapes);
    return shapes;
  }

  #both(left: readonly Shape[], right: readonly Shape[], origin: () => string): readonly Shape[] {
    if (left.length * right.length > 16 * mostShapes)
      throw new TooComplex("too many alternatives to compare");
    const shapes = left.flatMap((a) => right.flatMap((b) => intersect(this, a, b, origin)));
    if (shapes.length > mostShapes) throw new TooComplex("too many alternatives to compare");
    return shapes;
  }

  #expand(located: Located): readonly Shape[] {
    const { schema, root } = located;
    if (schema === true) return everything([]);
    if (schema === false) return [];
    const origin = (): string => text(located);
    // An identifier inside a document moves the base of the references below it.
    if (schema !== root && schema["$id"] !== undefined) return everything([origin()]);
    if (isNever(schema["not"])) return [];

    let shapes: readonly Shape[] = baseShapes(located, opaqueOf(located));
    const limit = (to: readonly Shape[]): void => {
      shapes = this.#both(shapes, to, origin);
    };
    const { $ref, enum: listed, allOf, anyOf, oneOf } = schema;
    if (Object.hasOwn(schema, "const")) limit([{ kind: "values", values: [schema["const"]], opaque: [] }]);
    if (Array.isArray(listed)) limit([{ kind: "values", values: listed, opaque: [] }]);
    if (typeof $ref === "string") {
      const target = resolve($ref, root);
      limit(target === undefined ? everything([origin()]) : this.of([{ schema: target, root }]));
    }
    const parts = (list: unknown): (readonly Shape[])[] =>
      schemasOf(list).map((part) => this.of([{ schema: part, root }]));
    if (Array.isArray(allOf)) for (const part of parts(allOf)) limit(part);
    if (Array.isArray(anyOf)) limit(parts(anyOf).flat());
    if (Array.isArray(oneOf)) {
      const choices = parts(oneOf);
      limit(choices.flat());
      const apart = choices.every((a, i) => choices.slice(i + 1).every((b) => disjoint(this, a, b)));
      // Where two choices overlap, what fits both does not fit.
      if (!apart) limit(everything([`oneOf:${origin()}`]));
    }
    return shapes;
  }
}
