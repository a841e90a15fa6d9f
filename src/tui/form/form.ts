/** A form made of a JSON Schema: the values that stand in it, where the cursor is, what is wrong. Pure. */
import type { JsonSchema } from "../../../protocol/description.ts";
import { locate } from "../../text/schema.ts";
import type { TextInput } from "../parts/text-input.ts";
import { fieldOf, freshField, mostFields, valueOf } from "./field.ts";
import type { Budget, Field } from "./field.ts";
import { rawOf, readRaw } from "./raw.ts";
import { rowsOf } from "./rows.ts";
import type { Row } from "./rows.ts";
import { rawVerdict, verdictOf } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

export interface Form {
  readonly schema: JsonSchema | undefined;
  readonly words: FormWords;
  readonly root: Field;
  readonly rows: readonly Row[];
  /** Of the rows; behind the last one: what submits the form. */
  readonly cursor: number;
  /** The same as JSON text; null: it is shown as rows. */
  readonly raw: TextInput | null;
  /** Why the text is no JSON. */
  readonly rawFault: string | null;
  /** It can not be shown as rows. */
  readonly isTooLarge: boolean;
  /** What stands in it; as JSON text that is none: what stood there before. */
  readonly value: unknown;
  readonly verdict: Verdict;
  /** What whoever was given the value said to it. */
  readonly refusal: Refusal | null;
}

export interface FormWords {
  /** Of the whole value. */
  readonly name: string;
  /** What is done with it. */
  readonly submit: string;
}

export interface Refusal {
  /** JSON pointer. */
  readonly pointer: string;
  readonly message: string;
}

/** @param value what it begins with; absent: what the schema requires, with its defaults */
export function formOf(schema: JsonSchema | undefined, words: FormWords, value?: unknown): Form {
  const located = locate(schema);
  const budget: Budget = { left: mostFields };
  const root =
    value === undefined ? freshField(located, budget, 0, true) : fieldOf(located, value, budget, 0, true);
  const form: Form = {
    schema,
    words,
    root,
    rows: [],
    cursor: 0,
    raw: null,
    rawFault: null,
    isTooLarge: false,
    value: {},
    verdict: { problems: new Map(), isChecked: true },
    refusal: null,
  };
  if (budget.left >= 0) return filledIn(form, root);
  const raw = rawOf(value ?? {});
  return withRaw(
    { ...form, isTooLarge: true, root: fieldOf({ schema: {}, root: {} }, {}, { left: 1 }) },
    raw,
  );
}

/** With another content. */
export function filledIn(form: Form, root: Field): Form {
  const value = valueOf(root) ?? {};
  const rows = rowsOf(root, form.words.name);
  const verdict = verdictOf(rows, form.schema, value, form.verdict.isChecked);
  const cursor = Math.min(form.cursor, rows.length);
  return {
    ...form,
    root,
    rows,
    value,
    verdict,
    cursor,
    raw: null,
    rawFault: null,
    isTooLarge: false,
    refusal: null,
  };
}

/** With another JSON text. */
export function withRaw(form: Form, raw: TextInput): Form {
  const next = { ...form, raw, refusal: null };
  if (raw.text === form.raw?.text) return next;
  const reading = readRaw(raw.text);
  if (!reading.ok) return { ...next, rawFault: reading.problem };
  const verdict = rawVerdict(form.schema, reading.value, form.verdict.isChecked);
  return { ...next, rawFault: null, value: reading.value, verdict };
}

/** From rows to JSON text and back. Text that is no JSON stays, and says why. */
export function toggledRaw(form: Form): Form {
  if (form.raw === null) return withRaw(form, rawOf(form.value));
  const reading = readRaw(form.raw.text);
  if (!reading.ok) return { ...form, rawFault: reading.problem };
  const budget: Budget = { left: mostFields };
  const root = fieldOf(locate(form.schema), reading.value, budget, 0, true);
  if (budget.left < 0) return { ...form, isTooLarge: true };
  return { ...filledIn(form, root), cursor: 0 };
}

/** Whoever was given the value does not take it. */
export function refused(form: Form, refusal: Refusal): Form {
  const at = form.rows.findIndex(({ pointer, key }) => pointer === refusal.pointer && key === null);
  return { ...form, refusal, cursor: at === -1 ? form.cursor : at };
}

/** It can not be submitted at all: there is no value. */
export function isUnreadable({ raw, rawFault }: Form): boolean {
  return raw !== null && rawFault !== null;
}

export function isOnSubmit({ rows, cursor, raw }: Form): boolean {
  return raw === null && cursor >= rows.length;
}

export function activeRow({ rows, cursor, raw }: Form): Row | undefined {
  return raw === null ? rows[cursor] : undefined;
}

/** What there is to say before it is submitted; empty: nothing. */
export function objections({ verdict, raw, rawFault }: Form): readonly string[] {
  if (raw !== null && rawFault !== null) return [`not JSON: ${rawFault}`];
  const problems = [...verdict.problems.values()];
  const missing = problems.filter(({ kind }) => kind === "missing").length;
  const wrong = problems.length - missing;
  return [
    ...(missing === 0 ? [] : [`${missing} still to fill in`]),
    ...(wrong === 0 ? [] : [`${wrong} not as described`]),
  ];
}
