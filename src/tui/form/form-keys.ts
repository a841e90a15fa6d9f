/** The keys of a form beside those that type: a screen makes them its own bindings. Pure. */
import {
  broken,
  canAdd,
  canBreak,
  canRechoose,
  canRemove,
  isItem,
  pastedInForm,
  rechosenNext,
  removed,
  shifted,
  stepped,
  withAnother,
} from "./edit.ts";
import { activeRow, isOnSubmit, toggledRaw } from "./form.ts";
import type { Form } from "./form.ts";
import type { Row } from "./rows.ts";

export interface FormKey {
  readonly keys: readonly string[];
  readonly label: string;
  readonly hint?: string;
  readonly when: (form: Form) => boolean;
  readonly run: (form: Form) => Form;
}

const always = (): boolean => true;
const onRow =
  (test: (row: Row) => boolean) =>
  (form: Form): boolean => {
    const row = activeRow(form);
    return row !== undefined && test(row);
  };

/** Rows that a page key goes over. */
const page = 10;

/** Enter on the last row and the key that submits from anywhere are the screen's own. */
export const formKeys: readonly FormKey[] = [
  {
    keys: ["enter", "down", "tab"],
    label: "the next field",
    when: (form) => form.raw === null && !isOnSubmit(form),
    run: (form) => stepped(form, 1),
  },
  {
    keys: ["enter"],
    label: "a line break",
    when: ({ raw }) => raw !== null,
    run: (form) => pastedInForm(form, "\n"),
  },
  {
    keys: ["tab"],
    label: "two spaces",
    when: ({ raw }) => raw !== null,
    run: (form) => pastedInForm(form, "  "),
  },
  { keys: ["down"], label: "a line down", when: ({ raw }) => raw !== null, run: (form) => stepped(form, 1) },
  {
    keys: ["up", "shift+tab"],
    label: "the field or line before",
    when: always,
    run: (form) => stepped(form, -1),
  },
  { keys: ["pagedown"], label: `${page} further down`, when: always, run: (form) => stepped(form, page) },
  { keys: ["pageup"], label: `${page} further up`, when: always, run: (form) => stepped(form, -page) },
  {
    keys: ["ctrl+n"],
    label: "add an item",
    hint: "add item",
    when: onRow(canAdd),
    run: withAnother,
  },
  {
    keys: ["ctrl+x"],
    label: "leave the field out, or delete the item",
    hint: "remove",
    when: onRow(canRemove),
    run: removed,
  },
  {
    keys: ["alt+up", "ctrl+up"],
    label: "move the item up",
    when: onRow(isItem),
    run: (form) => shifted(form, -1),
  },
  {
    keys: ["alt+down", "ctrl+down"],
    label: "move the item down",
    when: onRow(isItem),
    run: (form) => shifted(form, 1),
  },
  {
    keys: ["ctrl+t"],
    label: "another type",
    hint: "type",
    when: onRow(canRechoose),
    run: rechosenNext,
  },
  { keys: ["ctrl+o"], label: "a line break in the text", when: canBreak, run: broken },
  { keys: ["ctrl+r"], label: "as JSON text", hint: "JSON", when: ({ raw }) => raw === null, run: toggledRaw },
  {
    keys: ["ctrl+r"],
    label: "as a form again",
    hint: "form",
    when: ({ raw }) => raw !== null,
    run: toggledRaw,
  },
];
