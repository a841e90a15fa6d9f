/** What keys do to a form. Pure. */
import type { Key } from "../keys.ts";
import { edited, emptyInput, inserted } from "../parts/text-input.ts";
import type { TextInput } from "../parts/text-input.ts";
import { absentField, fieldOf, freshField, mostFields, optionIn, rechosen } from "./field.ts";
import type { Budget, Content, Entry, Field } from "./field.ts";
import { activeRow, filledIn, withRaw } from "./form.ts";
import type { Form } from "./form.ts";
import { itemOf } from "./option.ts";
import { movedLine } from "./raw.ts";
import { changed, reordered } from "./rows.ts";
import type { Path, Row } from "./rows.ts";

const plenty = (): Budget => ({ left: mostFields });

/** A key that types something, or edits a text. */
export function typedInForm(form: Form, key: Key): Form {
  if (form.raw !== null) return withRaw(form, edited(form.raw, key));
  const row = activeRow(form);
  if (row === undefined) return form;
  if (row.key !== null) return renamed(form, row, edited(row.key, key));
  return changedAt(form, row, (field) => pressed(field, key, row));
}

/** A paste, line breaks and all. */
export function pastedInForm(form: Form, text: string): Form {
  const clean = text.replaceAll(/\r\n?/g, "\n");
  if (form.raw !== null) return withRaw(form, inserted(form.raw, clean));
  const row = activeRow(form);
  if (row === undefined) return form;
  if (row.key !== null) return renamed(form, row, inserted(row.key, clean.trim()));
  return changedAt(form, row, (field) => {
    const { content } = field.content.kind === "absent" ? added(field) : field;
    return content.kind === "text"
      ? { ...field, content: { kind: "text", input: inserted(content.input, clean) } }
      : field;
  });
}

function changedAt(form: Form, { path }: Row, change: (field: Field) => Field): Form {
  const root = changed(form.root, path, change);
  return filledIn(form, root);
}

function renamed(form: Form, { path }: Row, key: TextInput): Form {
  const root = reordered(form.root, path, {
    entries: (entries, at) => entries.map((each, index) => (index === at ? { ...each, key } : each)),
    items: (items) => items,
  });
  return filledIn(form, root);
}

function pressed(field: Field, key: Key, row: Row): Field {
  const { content } = field;
  switch (content.kind) {
    case "absent":
      return startedBy(field, key);
    case "text": {
      const isEmptied = key.name === "backspace" && content.input.text === "" && isOptional(row);
      if (isEmptied) return absentField(field.schema, plenty());
      return { ...field, content: { kind: "text", input: edited(content.input, key) } };
    }
    case "choice":
      if (key.name === "backspace" && isOptional(row)) return absentField(field.schema, plenty());
      return { ...field, content: { kind: "choice", at: chosenBy(field, content.at, key) } };
    case "object":
    case "array":
      if (key.name === "backspace" && isOptional(row)) return absentField(field.schema, plenty());
      return steps[key.name] === undefined ? field : cycled(field, steps[key.name] ?? 1);
    default:
      return content satisfies never;
  }
}

const steps: Readonly<Record<string, 1 | -1>> = { space: 1, right: 1, left: -1 };

/** Typing into what is left out puts it there. */
function startedBy(field: Field, key: Key): Field {
  if (key.name === "space" || key.name === "right") return added(field);
  if (key.text === "") return field;
  const fresh = rechosen(field, field.chosen, plenty());
  const { content } = fresh;
  if (content.kind === "text")
    return { ...fresh, content: { kind: "text", input: inserted(emptyInput, key.text) } };
  if (content.kind === "choice")
    return { ...fresh, content: { kind: "choice", at: chosenBy(fresh, content.at, key) } };
  return field;
}

/** What was left out, there. */
function added(field: Field): Field {
  const { schema } = field.schema;
  return "default" in schema
    ? fieldOf(field.schema, schema["default"], plenty())
    : withFirst(rechosen(field, field.chosen, plenty()));
}

/** Whoever asks for a choice has asked for one of the values. */
function withFirst(field: Field): Field {
  return field.content.kind === "choice" && field.content.at === -1
    ? { ...field, content: { kind: "choice", at: 0 } }
    : field;
}

function chosenBy(field: Field, at: number, key: Key): number {
  const option = optionIn(field);
  if (option.kind !== "choice") return at;
  const count = option.values.length;
  if (key.name === "space" || key.name === "right") return (at + 1) % count;
  if (key.name === "left") return at <= 0 ? count - 1 : at - 1;
  if (key.text === "") return at;
  const letter = key.text.toLowerCase();
  const order = Array.from({ length: count }, (_, step) => (at + 1 + step + count) % count);
  return order.find((each) => choiceLabel(option.values[each]).toLowerCase().startsWith(letter)) ?? at;
}

/** Not harmless yet. */
export function choiceLabel(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** Filled in in the next one of its ways. */
function cycled(field: Field, by: 1 | -1): Field {
  const count = field.options.length;
  return count < 2 ? field : rechosen(field, (field.chosen + by + count) % count, plenty());
}

function isOptional({ isRequired, holder }: Row): boolean {
  return !isRequired && holder === "object";
}

export function isItem({ holder }: Row): boolean {
  return holder === "array" || holder === "map";
}

export function canRemove(row: Row): boolean {
  return isItem(row) || (isOptional(row) && row.field.content.kind !== "absent");
}

export function canRechoose({ field, key }: Row): boolean {
  return key === null && field.options.length > 1;
}

/** What is optional is left out, an item or entry goes. */
export function removed(form: Form): Form {
  const row = activeRow(form);
  if (row === undefined || !canRemove(row)) return form;
  if (!isItem(row)) return changedAt(form, row, (field) => absentField(field.schema, plenty()));
  const root = reordered(form.root, row.path, { entries: without, items: without });
  return filledIn(form, root);
}

function without<T>(list: readonly T[], at: number): readonly T[] {
  return list.filter((_, index) => index !== at);
}

export function rechosenNext(form: Form): Form {
  const row = activeRow(form);
  return row === undefined || !canRechoose(row) ? form : changedAt(form, row, (field) => cycled(field, 1));
}

/** Where another item or entry would go: into the row's own list, or behind the row in the list that it is in. */
export function canAdd(row: Row): boolean {
  const option = optionIn(row.field);
  return option.kind === "array" || (option.kind === "object" && option.more !== null) || isItem(row);
}

export function withAnother(form: Form): Form {
  const row = activeRow(form);
  if (row === undefined || !canAdd(row)) return form;
  const { content } = row.field;
  const option = optionIn(row.field);
  const isOwn =
    row.key === null && (option.kind === "array" || (option.kind === "object" && option.more !== null));
  if (!isOwn) return withNext(form, row);
  let place: Path = [];
  const next = changedAt(form, row, (field) => {
    const there = content.kind === "absent" ? rechosen(field, field.chosen, plenty()) : field;
    const grown = grownContent(there);
    place = [...row.path, grown.at];
    return { ...there, content: grown.content };
  });
  return on(next, place);
}

function grownContent(field: Field): { readonly content: Content; readonly at: number } {
  const { content } = field;
  const option = optionIn(field);
  if (content.kind === "array") {
    const item = withFirst(freshField(itemOf(option, content.items.length), plenty()));
    return { content: { ...content, items: [...content.items, item] }, at: content.items.length };
  }
  if (content.kind === "object" && option.kind === "object" && option.more !== null) {
    const entry = { key: emptyInput, field: freshField(option.more, plenty()) };
    const at = content.members.length + content.entries.length;
    return { content: { ...content, entries: [...content.entries, entry] }, at };
  }
  return { content, at: 0 };
}

/** One more behind this one, of the same schema. */
function withNext(form: Form, row: Row): Form {
  const { schema } = row.field;
  const root = reordered(form.root, row.path, {
    entries: (entries, at) => entries.toSpliced(at + 1, 0, emptyEntry(schema)),
    items: (items, at) => items.toSpliced(at + 1, 0, withFirst(freshField(schema, plenty()))),
  });
  return on(filledIn(form, root), sibling(row.path, 1));
}

function emptyEntry(schema: Field["schema"]): Entry {
  return { key: emptyInput, field: freshField(schema, plenty()) };
}

function sibling(path: Path, by: 1 | -1): Path {
  return [...path.slice(0, -1), (path.at(-1) ?? 0) + by];
}

/** An item or entry changes places with its neighbour. */
export function shifted(form: Form, by: 1 | -1): Form {
  const row = activeRow(form);
  if (row === undefined || !isItem(row)) return form;
  const swap = <T>(list: readonly T[], at: number): readonly T[] => {
    const [one, other] = [list[at], list[at + by]];
    return one === undefined || other === undefined ? list : list.with(at, other).with(at + by, one);
  };
  const root = reordered(form.root, row.path, { entries: swap, items: swap });
  const next = filledIn(form, root);
  const target = sibling(row.path, by);
  return next.rows.some(({ path }) => samePath(path, target)) ? on(next, target) : next;
}

function on(form: Form, place: Path): Form {
  const at = form.rows.findIndex(({ path }) => samePath(path, place));
  return at === -1 ? form : { ...form, cursor: at };
}

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}

export function canBreak(form: Form): boolean {
  const row = activeRow(form);
  return row !== undefined && row.key === null && row.field.content.kind === "text";
}

export function broken(form: Form): Form {
  return canBreak(form) ? pastedInForm(form, "\n") : form;
}

/** Rows down, or lines of the JSON text. */
export function stepped(form: Form, by: number): Form {
  if (form.raw === null) {
    const cursor = Math.min(form.rows.length, Math.max(0, form.cursor + by));
    return cursor === form.cursor ? form : { ...form, cursor };
  }
  let raw = form.raw;
  for (let left = Math.abs(by); left > 0; left--) raw = movedLine(raw, by > 0 ? 1 : -1);
  return { ...form, raw };
}
