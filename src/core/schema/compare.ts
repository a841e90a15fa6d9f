/**
 * Whether every value that one schema allows to be written is one that another schema allows to be read.
 *
 * What is decided (JSON Schema 2020-12):
 * - `type` (integers are numbers; lists of types), `const`, `enum`, `true` and `false`;
 * - numbers: `minimum`, `maximum`, their exclusive kinds, `multipleOf`;
 * - strings: `minLength`, `maxLength`; `pattern` and `format` when the reader has the same ones or none, or when a short
 *   text shows that they are in the way;
 * - arrays: `items`, `prefixItems`, `minItems`, `maxItems`;
 * - objects: `properties`, `required`, `additionalProperties`;
 * - `allOf`, `anyOf`, `oneOf` whose choices exclude each other, and `$ref` inside the document, recursive ones too. Of
 *   choices: each of the writer's fits one of the reader's as a whole, or after a property with few values has been
 *   taken apart; or a value shows that it does not.
 *
 * Whatever else JSON Schema knows (`not`, `if`, `patternProperties`, `uniqueItems`, `$dynamicRef` …) is equal when it is
 * identical on both sides, and otherwise it can not be told. Annotations, and keywords that JSON Schema does not know, say
 * nothing about values.
 *
 * Writers are closed: an object that is declared without `additionalProperties` is written with the declared properties only.
 * Readers are open: they ignore properties that they do not know, unless `additionalProperties` says otherwise. Integers are
 * written within ±(2^53 − 1), as everywhere on this wire.
 */
import type { JsonSchema } from "../../../protocol/description.ts";
import { canonical, pointerStep } from "../json-value.ts";
import { covers, numbersFit, stringsFit } from "./limits.ts";
import { additionalOf, matches, matchesShape } from "./match.ts";
import { Samples, unusedName } from "./sample.ts";
import type { ArrayShape, Conjunction, NumberShape, ObjectShape, Shape, ValuesShape } from "./shape.ts";
import { followed } from "./keywords.ts";
import { Shapes, TooComplex } from "./shapes.ts";
import { isAnything, nodeInWords, shapeInWords, valueInWords } from "./words.ts";

/** One place where they do not fit, or where that can not be told. */
export interface Misfit {
  /** JSON pointer into the value; `*` stands for any item or any further property. */
  readonly path: string;
  readonly writes: string;
  readonly reads: string;
  /** What may be written but not read. Without one, it can not be told whether there is any. */
  readonly witness?: { readonly value: unknown };
}

export type Acceptance =
  | { readonly decided: "yes" }
  | { readonly decided: "no"; readonly misfits: readonly Misfit[]; readonly witness: unknown }
  | { readonly decided: "cannot_tell"; readonly misfits: readonly Misfit[] };

/** Whether the reader accepts whatever the writer writes. */
export function accepts(writer: JsonSchema, reader: JsonSchema): Acceptance {
  try {
    const result = new Comparison().nodes(
      [{ schema: writer, root: writer }],
      [{ schema: reader, root: reader }],
    );
    if (result.fits) return { decided: "yes" };
    const { misfits } = result;
    const proof = misfits.find(({ witness }) => witness !== undefined)?.witness;
    return proof === undefined
      ? { decided: "cannot_tell", misfits }
      : { decided: "no", misfits, witness: proof.value };
  } catch (error) {
    // A schema that is nested without end overflows the stack.
    if (!(error instanceof TooComplex || error instanceof RangeError)) throw error;
    return {
      decided: "cannot_tell",
      misfits: [{ path: "", writes: "a complex schema", reads: "a complex schema" }],
    };
  }
}

/** `assumes`: the outermost open question that it takes for granted. */
type Result =
  | { readonly fits: true; readonly assumes: number }
  | { readonly fits: false; readonly misfits: readonly Misfit[] };

/** A misfit before it has been shown that the values are what they should be. */
interface Suspicion extends Misfit {
  readonly candidates: readonly unknown[];
  /** The reader wants one of a few values: perhaps it is another choice that is meant. */
  readonly tag: boolean;
}
type Suspicions =
  | { readonly fits: true; readonly assumes: number }
  | { readonly fits: false; readonly suspicions: readonly Suspicion[] };

const yes = { fits: true, assumes: Infinity } as const;
const mostMisfits = 16;
const mostSplits = 32;

class Comparison {
  readonly #shapes = new Shapes();
  readonly #samples = new Samples(this.#shapes);
  readonly #known = new Map<string, Result>();
  /** Questions being asked, by how deep inside others they are. */
  readonly #open = new Map<string, number>();
  /** Answers that take open questions for granted: the outermost of them each. In the order in which they were found. */
  readonly #tentative = new Map<string, number>();

  nodes(writing: Conjunction, reading: Conjunction): Result {
    this.#shapes.step();
    const [writer, reader] = [writing.map(followed), reading.map(followed)];
    if (isAnything(reader) || identical(writer, reader)) return yes;
    const key = `${this.#shapes.key(writer)} ${this.#shapes.key(reader)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // Values are finite: a question inside itself is about a smaller value, so it may be taken for granted.
    const asked = this.#open.get(key) ?? this.#tentative.get(key);
    if (asked !== undefined) return { fits: true, assumes: asked };
    const depth = this.#open.size;
    const before = this.#tentative.size;
    this.#open.set(key, depth);
    const result = all(this.#shapes.of(writer).map((shape) => this.#shape(shape, reader)));
    this.#open.delete(key);
    return this.#settle(key, result, depth, before);
  }

  /** @param before How many tentative answers there were when the question was asked. */
  #settle(key: string, result: Result, depth: number, before: number): Result {
    const since = [...this.#tentative].slice(before);
    if (result.fits && result.assumes < depth) {
      for (const [each, assumes] of since) this.#tentative.set(each, Math.min(assumes, result.assumes));
      this.#tentative.set(key, result.assumes);
      return result;
    }
    // Either they have become facts, or what they took for granted was wrong.
    for (const [each] of since) {
      this.#tentative.delete(each);
      if (result.fits) this.#known.set(each, yes);
    }
    const settled = result.fits ? yes : result;
    this.#known.set(key, settled);
    return settled;
  }

  #shape(writer: Shape, reader: Conjunction): Result {
    if (writer.kind === "values") return this.#values(writer, reader);
    if (writer.kind === "number" && writer.min === writer.max) {
      return all(this.#one(writer, writer.min).map((each) => this.#values(each, reader)));
    }
    const choices = this.#shapes.of(reader);
    const attempts: (readonly Suspicion[])[] = [];
    for (const choice of choices) {
      const result = this.#pair(writer, choice);
      if (result.fits) return result;
      attempts.push(result.suspicions);
    }
    const split = choices.length > 1 ? this.#split(writer) : [];
    if (split.length > 0) {
      const result = all(split.map((each) => this.#shape(each, reader)));
      if (result.fits) return result;
    }
    const proved = attempts.map((each) => each.map((one) => this.#prove(writer, reader, one)));
    const best = proved.sort(
      (a, b) => Number(isProved(b)) - Number(isProved(a)) || remoteness(a) - remoteness(b),
    )[0];
    if (best !== undefined && isProved(best)) return misfit(best);
    const general = this.#prove(writer, reader, {
      ...this.#wholly(writer, reader),
      ...best?.[0],
      candidates: this.#samples.ofShape(writer, choices),
    });
    return misfit([general, ...(best ?? []).slice(1)]);
  }

  #wholly(writer: Shape, reader: Conjunction): Suspicion {
    const [writes, reads] = [shapeInWords(writer), nodeInWords(this.#shapes, reader)];
    return { path: "", writes, reads, candidates: [], tag: false };
  }

  /** Keeps the first of the candidates that may be written and can not be read. */
  #prove(writer: Shape, reader: Conjunction, { candidates, ...rest }: Suspicion): Suspicion {
    const { path, writes, reads, tag } = rest;
    const value = candidates.find(
      (each) =>
        matchesShape(this.#shapes, each, writer, "writer") === "yes" &&
        matches(this.#shapes, each, reader, "reader") === "no",
    );
    const witness = value === undefined ? {} : { witness: { value } };
    return { path, writes, reads, tag, candidates: [], ...witness };
  }

  #values(writer: ValuesShape, reader: Conjunction): Result {
    const choices = this.#shapes.of(reader);
    const misfits: Misfit[] = [];
    for (const value of writer.values) {
      const fits = choices.some(
        (choice) =>
          covers(writer, choice) &&
          matchesShape(this.#shapes, value, { ...choice, opaque: [] }, "reader") === "yes",
      );
      if (fits) continue;
      const certain = writer.opaque.length === 0 && matches(this.#shapes, value, reader, "reader") === "no";
      misfits.push({
        path: "",
        writes: valueInWords(value),
        reads: nodeInWords(this.#shapes, reader),
        ...(certain ? { witness: { value } } : {}),
      });
    }
    return misfits.length === 0 ? yes : misfit(misfits);
  }

  /** The same values as a choice of smaller shapes, when there is an obvious one. */
  #split(writer: Shape): readonly Shape[] {
    if (writer.kind === "number" && writer.integer && writer.max - writer.min < mostSplits) {
      const values = Array.from({ length: writer.max - writer.min + 1 }, (_, i) => writer.min + i);
      return values.flatMap((value) => this.#one(writer, value));
    }
    if (writer.kind !== "object") return [];
    for (const name of writer.required) {
      const choices = this.#shapes.of(writer.properties.get(name) ?? []);
      const values = choices.flatMap((each) => (each.kind === "values" ? each.values : []));
      const plain = choices.every((each) => each.kind === "values" && each.opaque.length === 0);
      if (!plain || values.length < 2 || values.length > mostSplits) continue;
      return values.map((value): ObjectShape => {
        const schema = { const: value };
        const properties = new Map([...writer.properties, [name, [{ schema, root: schema }]]]);
        return { ...writer, properties };
      });
    }
    return [];
  }

  /** One number, unless it is not a multiple. */
  #one(writer: NumberShape, value: number): ValuesShape[] {
    const verdict = matchesShape(this.#shapes, value, { ...writer, opaque: [] }, "writer");
    return verdict === "no" ? [] : [{ kind: "values", values: [value], opaque: writer.opaque }];
  }

  #pair(writer: Exclude<Shape, { kind: "values" }>, reader: Shape): Suspicions {
    const result = this.#limits(writer, reader);
    if (!result.fits || covers(writer, reader)) return result;
    const [writes, reads] = [shapeInWords(writer), `${shapeInWords(reader)} with further conditions`];
    return suspicion({ path: "", writes, reads, candidates: [], tag: false });
  }

  #limits(writer: Exclude<Shape, { kind: "values" }>, reader: Shape): Suspicions {
    if (writer.kind === "object" && reader.kind === "object") return this.#objects(writer, reader);
    if (writer.kind === "array" && reader.kind === "array") return this.#arrays(writer, reader);
    const fits =
      (writer.kind === "number" && reader.kind === "number" && numbersFit(writer, reader)) ||
      (writer.kind === "string" && reader.kind === "string" && stringsFit(writer, reader));
    if (fits) return yes;
    return suspicion({
      path: "",
      writes: shapeInWords(writer),
      reads: shapeInWords(reader),
      candidates: this.#samples.ofShape(writer, [reader]),
      tag: reader.kind === "values" || reader.kind !== writer.kind,
    });
  }

  #objects(writer: ObjectShape, reader: ObjectShape): Suspicions {
    const whole = this.#samples.ofShape(writer)[0];
    const rest = additionalOf(writer, "writer");
    const suspicions: Suspicion[] = [];
    let assumes = Infinity;
    const member = (step: string, name: string, from: Conjunction, to: Conjunction): void => {
      const result = this.nodes(from, to);
      if (result.fits) assumes = Math.min(assumes, result.assumes);
      else {
        const tag = this.#shapes.of(to).every((each) => each.kind === "values");
        const put = (value: unknown): unknown[] =>
          typeof whole === "object"
            ? [Object.fromEntries([...Object.entries(whole ?? {}), [name, value]])]
            : [];
        suspicions.push(...below(step, result.misfits, put, tag));
      }
    };
    for (const name of new Set([...writer.properties.keys(), ...reader.properties.keys()])) {
      const step = pointerStep(name);
      const from = writer.properties.get(name) ?? rest;
      if (reader.required.has(name) && !writer.required.has(name)) {
        suspicions.push({
          path: step,
          writes: from === undefined ? "not there" : "optional",
          reads: "required",
          candidates: this.#samples.ofShape(writer),
          tag: false,
        });
      }
      if (from === undefined || this.#shapes.of(from).length === 0) continue;
      member(step, name, from, reader.properties.get(name) ?? reader.additional);
    }
    if (rest !== undefined) member("/*", unusedName(writer, [reader]), rest, reader.additional);
    // An object that can not be made at all can be read by anybody.
    const impossible = [...writer.required].some(
      (name) => this.#shapes.of(writer.properties.get(name) ?? []).length === 0,
    );
    return suspicions.length === 0 || impossible ? { fits: true, assumes } : { fits: false, suspicions };
  }

  #arrays(writer: ArrayShape, reader: ArrayShape): Suspicions {
    const suspicions: Suspicion[] = [];
    let assumes = Infinity;
    const length = Math.max(writer.prefix.length, reader.prefix.length);
    const filler = (i: number): unknown => this.#samples.of(writer.prefix[i] ?? writer.items)[0];
    let most = writer.maxItems;
    for (let i = 0; i <= length && i < most; i++) {
      const from = writer.prefix[i] ?? writer.items;
      if (this.#shapes.of(from).length === 0) {
        most = i;
        break;
      }
      const result = this.nodes(from, reader.prefix[i] ?? reader.items);
      if (result.fits) assumes = Math.min(assumes, result.assumes);
      else {
        const items = Array.from({ length: Math.min(Math.max(i + 1, writer.minItems), i + 64) }, (_, k) =>
          filler(k),
        );
        const put = (value: unknown): unknown[] => [items.with(i, value)];
        suspicions.push(...below(i === length ? "/*" : `/${i}`, result.misfits, put, false));
      }
    }
    if (most < writer.minItems) return yes;
    if (writer.minItems < reader.minItems || most > reader.maxItems) {
      suspicions.push({
        path: "",
        writes: shapeInWords({ ...writer, maxItems: most }),
        reads: shapeInWords(reader),
        candidates: this.#samples.ofShape(writer, [reader]),
        tag: false,
      });
    }
    return suspicions.length === 0 ? { fits: true, assumes } : { fits: false, suspicions };
  }
}

/** Misfits of a member as suspicions about what it is a member of. */
function below(
  step: string,
  misfits: readonly Misfit[],
  put: (value: unknown) => readonly unknown[],
  tag: boolean,
): Suspicion[] {
  return misfits.map(({ path, writes, reads, witness }) => ({
    path: step + path,
    writes,
    reads,
    candidates: witness === undefined ? [] : put(witness.value),
    tag,
  }));
}

function suspicion(one: Suspicion): Suspicions {
  return { fits: false, suspicions: [one] };
}

function isProved(misfits: readonly Misfit[]): boolean {
  return misfits.some(({ witness }) => witness !== undefined);
}

/** How unlikely it is that this choice was meant. */
function remoteness(suspicions: readonly Suspicion[]): number {
  return suspicions.filter(({ tag }) => tag).length * 1000 + suspicions.length;
}

/** Choices that fail at the same place are one misfit. */
function misfit(found: readonly Misfit[]): Result {
  const places = Map.groupBy(found, ({ path, reads, witness }) =>
    canonical([path, reads, witness === undefined]),
  );
  const misfits = [...places.values()].slice(0, mostMisfits).flatMap((same) =>
    same.slice(0, 1).map(({ path, reads, witness }) => ({
      path,
      writes: [...new Set(same.map(({ writes }) => writes))].join(" or "),
      reads,
      ...(witness === undefined ? {} : { witness }),
    })),
  );
  return { fits: false, misfits };
}

function all(results: readonly Result[]): Result {
  const misfits = results.flatMap((each) => (each.fits ? [] : each.misfits));
  if (misfits.length > 0) return misfit(misfits);
  return { fits: true, assumes: Math.min(...results.map((each) => (each.fits ? each.assumes : Infinity))) };
}

function identical(a: Conjunction, b: Conjunction): boolean {
  return a.length === b.length && canonical(a) === canonical(b);
}
