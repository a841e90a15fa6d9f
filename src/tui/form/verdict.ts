/** What is wrong with what stands in a form, place by place. */
import type { JsonSchema } from "../../../protocol/description.ts";
import { checker } from "../../../protocol/json-schema.ts";
import type { Mismatch } from "../../../protocol/json-schema.ts";
import { inTime } from "../../io/in-time.ts";
import type { SchemaObject } from "../../text/schema.ts";
import { optionIn, read, valueOf } from "./field.ts";
import type { Field } from "./field.ts";
import type { Row } from "./rows.ts";

export interface Problem {
  readonly message: string;
  /** `missing`: nothing has been said yet, so nothing wrong either. */
  readonly kind: "missing" | "wrong";
}

export interface Verdict {
  /** By JSON pointer. */
  readonly problems: ReadonlyMap<string, Problem>;
  /** False: the schema is unusable or takes too long, so that only the plugin itself can judge. */
  readonly isChecked: boolean;
}

/** @param isCheckable false: what needs the whole schema is left out */
export function verdictOf(
  rows: readonly Row[],
  schema: JsonSchema | undefined,
  value: unknown,
  isCheckable: boolean,
): Verdict {
  const fields = rows.filter(({ key }) => key === null);
  const problems = new Map<string, Problem>();
  for (const { field, pointer, isRequired } of fields) {
    const problem = unreadable(field, isRequired);
    // Nothing at all stands for an empty object, and the schema says whether that will do.
    if (problem !== undefined && !(pointer === "" && problem.kind === "missing"))
      problems.set(pointer, problem);
  }
  for (const pointer of repeated(rows)) problems.set(pointer, { message: "is there twice", kind: "wrong" });
  if (!isCheckable) return { problems, isChecked: false };
  try {
    // A schema comes from a plugin, and a pattern in it may never end.
    inTime(() => {
      for (const { field, pointer } of fields) {
        const mismatch = problems.has(pointer) ? undefined : ownMismatch(field);
        if (mismatch !== undefined) problems.set(pointer, { message: mismatch.message, kind: "wrong" });
      }
      // It tells of one place only: where others are known, what it would tell is mostly known too.
      if (problems.size > 0 || schema === undefined) return;
      const mismatch = checkOf(schema)(value);
      if (mismatch !== undefined) problems.set(mismatch.path, { message: mismatch.message, kind: "wrong" });
    });
    return { problems, isChecked: true };
  } catch {
    return { problems, isChecked: false };
  }
}

/** Of a value that no form shows. */
export function rawVerdict(schema: JsonSchema | undefined, value: unknown, isCheckable: boolean): Verdict {
  const problems = new Map<string, Problem>();
  if (!isCheckable) return { problems, isChecked: false };
  try {
    const mismatch = schema === undefined ? undefined : inTime(() => checkOf(schema)(value));
    if (mismatch !== undefined) problems.set(mismatch.path, { message: mismatch.message, kind: "wrong" });
    return { problems, isChecked: true };
  } catch {
    return { problems, isChecked: false };
  }
}

function unreadable(field: Field, isRequired: boolean): Problem | undefined {
  const { content } = field;
  switch (content.kind) {
    case "absent":
      return isRequired ? missing : undefined;
    case "choice":
      return content.at === -1 ? missing : undefined;
    case "text": {
      const reading = read(optionIn(field), content.input.text);
      if (reading.problem !== undefined) return { message: reading.problem, kind: "wrong" };
      return "value" in reading ? undefined : missing;
    }
    case "object":
    case "array":
      return undefined;
    default:
      return content satisfies never;
  }
}

const missing: Problem = { message: "is required", kind: "missing" };

/** Pointers of entries whose name the same object has already. */
function repeated(rows: readonly Row[]): readonly string[] {
  const seen = new Set<string>();
  return rows.flatMap(({ pointer, key, holder }) => {
    if (holder === "none" || (holder === "map" && key === null)) return [];
    if (key !== null && seen.has(pointer)) return [pointer];
    seen.add(pointer);
    return [];
  });
}

/** What can be told of a place without looking anywhere else. */
const own = [
  "minLength",
  "maxLength",
  "pattern",
  "format",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
] as const;

type Check = (value: unknown) => Mismatch | undefined;

const ownChecks = new WeakMap<object, Check>();
const wholeChecks = new WeakMap<object, Check>();

function ownMismatch(field: Field): Mismatch | undefined {
  if (field.content.kind === "absent" || field.content.kind === "choice") return undefined;
  const { schema } = optionIn(field).schema;
  const check = ownChecks.get(schema) ?? ownCheck(schema);
  ownChecks.set(schema, check);
  return check(valueOf(field));
}

function ownCheck(schema: SchemaObject): Check {
  const picked = own.flatMap((keyword) => (keyword in schema ? [[keyword, schema[keyword]] as const] : []));
  return picked.length === 0 ? () => undefined : checker(Object.fromEntries(picked));
}

function checkOf(schema: JsonSchema): Check {
  if (typeof schema === "boolean") return checker(schema);
  const check = wholeChecks.get(schema) ?? checker(schema);
  wholeChecks.set(schema, check);
  return check;
}
