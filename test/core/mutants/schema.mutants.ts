/** Known-bad versions of the comparison of schemas: one wrong change of its text each, and the property that notices it. */

export interface Mutant {
  readonly name: string;
  /** In src/core/schema. */
  readonly file: string;
  /** Stands in the source exactly once. */
  readonly right: string;
  readonly wrong: string;
  /** The beginning of the name of a property that must fail. */
  readonly noticedBy: string;
}

const compare = "compare.ts";
const limits = "limits.ts";

export const mutants: readonly Mutant[] = [
  {
    name: "optional is as good as required",
    file: compare,
    right: "reader.required.has(name) && !writer.required.has(name)",
    wrong: "false",
    noticedBy: "yes",
  },
  {
    name: "a number is as good as an integer",
    file: limits,
    right: "(!reader.integer || writer.integer || writer.multiples.some(Number.isInteger)) &&",
    wrong: "",
    noticedBy: "yes",
  },
  {
    name: "the lower bound is not looked at",
    file: limits,
    right: "(min > reader.min || (min === reader.min && (writer.minOpen || !reader.minOpen))) &&",
    wrong: "",
    noticedBy: "yes",
  },
  {
    name: "the lower bound is compared the wrong way round",
    file: limits,
    right: "(min > reader.min ||",
    wrong: "(min < reader.min ||",
    noticedBy: "yes",
  },
  {
    name: "bounds that are outside count as inside",
    file: limits,
    right: "max < reader.max || (max === reader.max && (writer.maxOpen || !reader.maxOpen))",
    wrong: "max <= reader.max",
    noticedBy: "yes",
  },
  {
    name: "multiples are the wrong way round",
    file: limits,
    right: "own % step === 0",
    wrong: "step % own === 0",
    noticedBy: "yes",
  },
  {
    name: "long texts fit everywhere",
    file: limits,
    right: "writer.maxLength <= reader.maxLength &&",
    wrong: "",
    noticedBy: "yes",
  },
  {
    name: "patterns are not looked at",
    file: limits,
    right: "reader.patterns.every((each) => writer.patterns.includes(each)) &&",
    wrong: "",
    noticedBy: "yes",
  },
  {
    name: "formats are not looked at",
    file: limits,
    right: "reader.formats.every((each) => writer.formats.includes(each))",
    wrong: "true",
    noticedBy: "yes",
  },
  {
    name: "what is not understood is ignored",
    file: limits,
    right: "return reader.opaque.every((each) => writer.opaque.includes(each));",
    wrong: "return true;",
    noticedBy: "yes",
  },
  {
    name: "short arrays fit everywhere",
    file: compare,
    right: "writer.minItems < reader.minItems || ",
    wrong: "",
    noticedBy: "yes",
  },
  {
    name: "the items after the first ones are not looked at",
    file: compare,
    right: "i <= length && i < most",
    wrong: "i < length && i < most",
    noticedBy: "yes",
  },
  {
    name: "further properties are not looked at",
    file: compare,
    right: "if (rest !== undefined) member(",
    wrong: "if (false) member(",
    noticedBy: "yes",
  },
  {
    name: "one choice of the writer is enough",
    file: compare,
    right: "if (misfits.length > 0) return misfit(misfits);",
    wrong: "if (misfits.length > 0 && results.every((each) => !each.fits)) return misfit(misfits);",
    noticedBy: "yes",
  },
  {
    name: "what is taken for granted is remembered as a fact",
    file: compare,
    right: "if (result.fits) this.#known.set(each, yes);",
    wrong: "this.#known.set(each, yes);",
    noticedBy: "remembers no more",
  },
  {
    name: "a witness is not shown to the reader",
    file: compare,
    right: 'matches(this.#shapes, each, reader, "reader") === "no",',
    wrong: "true,",
    noticedBy: "no",
  },
  {
    name: "a witness is not shown to the writer",
    file: compare,
    right: 'matchesShape(this.#shapes, each, writer, "writer") === "yes" &&',
    wrong: "",
    noticedBy: "no",
  },
  {
    name: "writers are open",
    file: "match.ts",
    right: 'side === "writer" && shape.declared && !shape.stated ? undefined : shape.additional',
    wrong: "shape.additional",
    noticedBy: "a property more",
  },
  {
    name: "readers are closed",
    file: "match.ts",
    right: 'side === "writer" && shape.declared',
    wrong: "shape.declared",
    noticedBy: "no",
  },
  {
    name: "a value that is required may be missing",
    file: "match.ts",
    right: "[...shape.required].every((name) => Object.hasOwn(value, name))",
    wrong: "true",
    noticedBy: "simple schemas are always decided, required",
  },
  {
    name: "the choices of oneOf may overlap",
    file: "shapes.ts",
    right: "if (!apart)",
    wrong: "if (false)",
    noticedBy: "yes",
  },
  {
    name: "only the first part of allOf counts",
    file: "shapes.ts",
    right: "for (const part of parts(allOf)) limit(part);",
    wrong: "for (const part of parts(allOf).slice(0, 1)) limit(part);",
    noticedBy: "yes",
  },
  {
    name: "an enum may hold anything else",
    file: "shapes.ts",
    right: 'if (Array.isArray(listed)) limit([{ kind: "values", values: listed, opaque: [] }]);',
    wrong: "",
    noticedBy: "yes",
  },
  {
    name: "an open bound of an integer is rounded the wrong way",
    file: "shape.ts",
    right: "Math.floor(shape.min) + 1",
    wrong: "Math.ceil(shape.min)",
    noticedBy: "yes",
  },
  {
    name: "what a pattern allows is taken for an additional property",
    file: "keywords.ts",
    right: 'const patterned = Object.hasOwn(schema, "patternProperties");',
    wrong: "const patterned = false;",
    noticedBy: "properties by pattern",
  },
  {
    name: "of two bounds the wider one holds",
    file: "intersect.ts",
    right: "min: Math.max(a.min, b.min),",
    wrong: "min: Math.min(a.min, b.min),",
    noticedBy: "yes",
  },
  {
    name: "a property of one part is free of the other part's additionalProperties",
    file: "intersect.ts",
    right: "...(b.properties.get(name) ?? b.additional)",
    wrong: "...(b.properties.get(name) ?? [])",
    noticedBy: "yes",
  },
];
