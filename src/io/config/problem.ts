/** What is wrong in a configuration file, said so that it can be corrected: where, what was found, what is allowed. */
import { z } from "zod";
import { nearest } from "../../../protocol/nearest.ts";
import type { FindPosition, KeyPath } from "./position.ts";

export interface ConfigProblem {
  readonly file: string;
  /** From 1; undefined when the file as a whole is meant. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** As it would be written in the file: `plugins.min.restart.jitter`; empty for the whole file. */
  readonly key: string;
  /** What was found and what is allowed. */
  readonly message: string;
}

/** `bulkhead.toml:12: plugins.min.restart.jitter: found 3, must be a number from 0 to 1` */
export function formatProblem(problem: ConfigProblem): string {
  // A syntax error has no key to look for in its line, only a column.
  const column = problem.key === "" ? problem.column : undefined;
  const place = [problem.file, problem.line, column].filter((part) => part !== undefined).join(":");
  return [place, problem.key, problem.message].filter((part) => part !== "").join(": ");
}

/** A part of a file: what every problem in it has in common. */
export interface Section {
  readonly file: string;
  readonly find: FindPosition;
  /** Where the part stands in the file. */
  readonly path: KeyPath;
}

export function problemAt(section: Section, path: KeyPath, message: string): ConfigProblem {
  const whole = [...section.path, ...path];
  const position = section.find(whole);
  return {
    file: section.file,
    line: position?.line,
    column: position?.column,
    key: formatKey(whole.map((part) => (typeof part === "number" ? part : shortened(part)))),
    message,
  };
}

/** Who has made that many mistakes is helped by the first ones. */
const mostProblems = 20;

/** A file can hold a mistake every few bytes, and all that is said of it goes into logs, events and answers. */
export function firstProblems(
  problems: readonly ConfigProblem[],
  total = problems.length,
): readonly ConfigProblem[] {
  const first = problems.slice(0, mostProblems);
  const last = first.at(-1);
  if (last === undefined || first.length === total) return first;
  return [...first, { ...last, key: "", message: `${total - first.length} more mistakes are not shown` }];
}

const longestShown = 60;

export function shortened(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown).toWellFormed()}…` : text;
}

export function formatKey(path: KeyPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const name = /^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part);
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

/** One problem for each mistake that zod found in `input`. */
export function problemsOf(
  error: z.ZodError,
  input: unknown,
  schema: z.ZodType,
  section: Section,
): readonly ConfigProblem[] {
  const issues = flatten(error.issues, []);
  const problems = issues.slice(0, mostProblems).flatMap(({ issue, path }) => {
    if (issue.code === "unrecognized_keys") {
      const known = keysOf(schemaAt(schema, path));
      return issue.keys
        .slice(0, mostProblems)
        .map((key) => problemAt(section, [...path, key], unknownKey(key, known)));
    }
    if (issue.code === "invalid_key") {
      const rule = issue.issues[0]?.message ?? "is not allowed";
      return [
        problemAt(section, path, `the name ${show(path.at(-1))} ${rule.replace(/^Invalid/, "is invalid")}`),
      ];
    }
    const node = schemaAt(schema, path);
    const rule =
      issue.message.startsWith("must ") || node === undefined ? issue.message : `must be ${words(node)}`;
    const found = valueAt(input, path);
    return [
      problemAt(section, path, found === undefined ? `is missing, ${rule}` : `found ${show(found)}, ${rule}`),
    ];
  });
  const all = issues.map(({ issue }) => (issue.code === "unrecognized_keys" ? issue.keys.length : 1));
  return firstProblems(
    problems,
    all.reduce((sum, each) => sum + each, 0),
  );
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  const hint = near === undefined ? "" : ` did you mean ${near}?`;
  return `unknown key;${hint} allowed: ${known.join(", ")}`;
}

type Issue = z.core.$ZodIssue;

/** Follows unions into the branch that the input was meant for, when one can be told. */
function flatten(issues: readonly Issue[], base: KeyPath): { issue: Issue; path: KeyPath }[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path.filter((part) => typeof part !== "symbol")];
    if (issue.code !== "invalid_union") return [{ issue, path }];
    const meant = issue.errors.filter((branch) =>
      branch.every((each) => each.path.length > 0 || !isTypeMismatch(each)),
    );
    return meant.length === 1 &&
      meant[0]?.some((each) => each.path.length > 0 || each.code === "unrecognized_keys")
      ? flatten(meant[0], path)
      : [{ issue, path }];
  });
}

function isTypeMismatch(issue: Issue): boolean {
  return issue.code === "invalid_type" || issue.code === "invalid_value" || issue.code === "invalid_union";
}

/** The schema that is responsible for a place in the input. */
function schemaAt(schema: z.core.$ZodType, path: KeyPath): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional) return schemaAt(schema.def.innerType, path);
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  if (schema instanceof z.ZodRecord) return schemaAt(schema.def.valueType, rest);
  if (schema instanceof z.ZodArray) return schemaAt(schema.def.element, rest);
  if (schema instanceof z.ZodObject) {
    const member: z.core.$ZodType | undefined = schema.def.shape[key];
    return member && schemaAt(member, rest);
  }
  if (schema instanceof z.ZodUnion) {
    return schema.def.options.map((option) => schemaAt(option, path)).find((found) => found !== undefined);
  }
  return undefined;
}

function keysOf(schema: z.core.$ZodType | undefined): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.def.shape);
  return schema instanceof z.ZodUnion ? schema.def.options.flatMap(keysOf) : [];
}

export function memberOf(value: unknown, key: string | number): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

function valueAt(input: unknown, path: KeyPath): unknown {
  return path.reduce(memberOf, input);
}

function show(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null) return "a table";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return shortened(text);
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** What a schema allows, in words. */
function words(schema: z.core.$ZodType): string {
  return inWords(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
}

const plainTypes: Readonly<Record<string, string>> = {
  boolean: "true or false",
  object: "a table",
  array: "an array",
};

function inWords(schema: JsonSchema): string {
  if (schema.description !== undefined) return schema.description;
  if (schema.anyOf !== undefined) return schema.anyOf.map((branch) => inWords(branch)).join(", or ");
  if (schema.enum !== undefined)
    return `one of ${schema.enum.map((value) => JSON.stringify(value)).join(", ")}`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "string")
    return schema.minLength === undefined ? "a string" : "a string that is not empty";
  if (schema.type === "integer") return `a whole number${bounds(schema)}`;
  if (schema.type === "number") return `a number${bounds(schema)}`;
  return plainTypes[String(schema.type)] ?? "something else";
}

function bounds(schema: JsonSchema): string {
  const least = schema.exclusiveMinimum === 0 && schema.type === "integer" ? 1 : schema.minimum;
  const low = least === undefined || least <= Number.MIN_SAFE_INTEGER ? undefined : least;
  const high =
    schema.maximum === undefined || schema.maximum >= Number.MAX_SAFE_INTEGER ? undefined : schema.maximum;
  if (low !== undefined && high !== undefined) return ` from ${low} to ${high}`;
  if (low !== undefined) return `, at least ${low}`;
  return high === undefined ? "" : `, at most ${high}`;
}
