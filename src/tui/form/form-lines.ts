/** A form as lines of text. Pure. */
import { typeName } from "../../text/schema.ts";
import { writeJson } from "../../text/typed-value.ts";
import { plural } from "../../text/words.ts";
import { fit, widthOf, wrap } from "../parts/fit.ts";
import { promptLine } from "../parts/prompt.ts";
import type { TextInput } from "../parts/text-input.ts";
import type { Size } from "../screen.ts";
import { head, manyLines, oneLine } from "../shapes/plain.ts";
import { tone } from "../theme.ts";
import { choiceLabel } from "./edit.ts";
import { optionIn } from "./field.ts";
import type { Field } from "./field.ts";
import { activeRow, isOnSubmit, objections } from "./form.ts";
import type { Form } from "./form.ts";
import { limitsOf } from "./limits.ts";
import { optionName } from "./option.ts";
import { rawLines } from "./raw-lines.ts";
import type { Row } from "./rows.ts";

/** @param isActive false: the keys go elsewhere, so no cursor is shown */
export function formLines(form: Form, size: Size, isActive = true): string[] {
  const { columns } = size;
  const details = size.rows >= 12 ? 5 : size.rows >= 7 ? 2 : 0;
  const rows = size.rows - details;
  const body =
    form.raw === null ? rowLines(form, columns, rows, isActive) : rawLines(form.raw, columns, rows, isActive);
  const below = isActive ? detailLines(form, columns) : [];
  const gap = details === 5 ? [""] : [];
  return [...body, ...gap, ...below.slice(0, details - gap.length)];
}

interface Widths {
  readonly name: number;
  readonly value: number;
  /** 0: there is no room. */
  readonly note: number;
}

/** The row that the keys go to. */
const mark = 2;

function rowLines(form: Form, columns: number, rows: number, isActive: boolean): string[] {
  const count = form.rows.length + 1;
  const top = Math.max(0, Math.min(form.cursor - Math.floor(rows / 2), count - rows));
  const shown = form.rows.slice(top, top + rows);
  const widths = widthsOf(shown, columns);
  const lines = shown.map((row, at) => rowLine(form, row, widths, isActive && top + at === form.cursor));
  if (top + rows >= count) lines.push(submitLine(form, columns, isActive && isOnSubmit(form)));
  return lines;
}

function widthsOf(rows: readonly Row[], columns: number): Widths {
  const most = Math.max(6, Math.floor(columns * 0.35));
  const name = Math.min(most, Math.max(6, ...rows.map((row) => widthOf(nameOf(row, most)))));
  const rest = columns - mark - name - 1;
  const value = Math.max(4, Math.floor(rest * 0.55));
  const note = rest - value - 2;
  return note < 10 ? { name, value: rest, note: 0 } : { name, value, note };
}

function nameOf({ name, depth, isRequired, holder, key }: Row, width: number): string {
  const indent = "  ".repeat(Math.min(depth, 6));
  const star = isRequired && holder === "object" && key === null ? "*" : "";
  return `${indent}${oneLine(name, width)}${star}`;
}

function rowLine(form: Form, row: Row, { name, value, note }: Widths, isActive: boolean): string {
  const label = fit(nameOf(row, name), name);
  const lead = isActive ? `${tone("accent", "▸")} ${tone("strong", label)}` : `  ${label}`;
  const shown = isActive && row.key !== null ? inputText(row.key, value) : valueText(row, value, isActive);
  const filled = shown + " ".repeat(Math.max(0, value - widthOf(shown)));
  return note === 0 ? `${lead} ${filled}` : `${lead} ${filled}  ${noteText(form, row, note)}`;
}

function valueText({ field, key, holder }: Row, width: number, isActive: boolean): string {
  if (key !== null) return key.text === "" ? tone("dim", '""') : oneLine(key.text, width);
  const { content } = field;
  switch (content.kind) {
    case "absent":
      return tone("dim", oneLine(`–${holder === "object" ? defaultText(field) : ""}`, width));
    case "text": {
      if (isActive) return inputText(content.input, width);
      const option = optionIn(field);
      const isText = option.kind === "text" && option.as === "string";
      if (content.input.text === "") return tone("dim", isText ? '""' : "");
      return oneLine(content.input.text, width);
    }
    case "choice":
      return choiceText(field, content.at, width, isActive);
    case "object":
    case "array":
      return containerText(field, width, isActive);
    default:
      return content satisfies never;
  }
}

function defaultText({ schema: { schema } }: Field): string {
  return "default" in schema ? ` (default ${head(writeJson(schema["default"]), 200)})` : "";
}

function choiceText(field: Field, at: number, width: number, isActive: boolean): string {
  const option = optionIn(field);
  const values = option.kind === "choice" ? option.values : [];
  const label = at === -1 ? "choose" : choiceLabel(values[at]);
  const text = values.length > 1 ? `‹ ${oneLine(label, width - 4)} ›` : oneLine(label, width);
  if (isActive) return tone("selected", text);
  return at === -1 ? tone("dim", text) : text;
}

function containerText(field: Field, width: number, isActive: boolean): string {
  const { content } = field;
  const option = optionIn(field);
  const count =
    content.kind === "array"
      ? counted(content.items.length, "item")
      : content.kind === "object" && option.kind === "object" && option.more !== null
        ? counted(content.entries.length, "entry")
        : "";
  if (field.options.length === 1) return tone("dim", oneLine(count, width));
  const name = `‹ ${oneLine(option.kind === "array" ? "list" : optionName(option), width - 4)} ›`;
  const beside = tone("dim", oneLine(` ${count}`, width - widthOf(name)));
  return `${isActive ? tone("selected", name) : name}${beside}`;
}

function counted(count: number, noun: "item" | "entry"): string {
  if (count === 0) return "none yet: ctrl+n adds one";
  return noun === "entry" && count !== 1 ? `${count} entries` : plural(count, noun);
}

/** As much of a long text as is in sight, around the cursor. */
function inputText({ text, cursor }: TextInput, width: number): string {
  const start = Math.max(0, cursor - width * 4);
  const part = text.slice(start, cursor + width * 4);
  // The label is empty; the space behind it is not wanted.
  return promptLine("", { text: part, cursor: cursor - start }, width + 1).slice(1);
}

function noteText(form: Form, { pointer, field, key }: Row, width: number): string {
  const problem = form.verdict.problems.get(pointer);
  if (key !== null) return tone("dim", oneLine("name of the entry", width));
  if (form.refusal?.pointer === pointer) return tone("bad", oneLine(`✗ ${form.refusal.message}`, width));
  if (problem?.kind === "wrong") return tone("bad", oneLine(`✗ ${problem.message}`, width));
  if (problem?.kind === "missing") return tone("warn", oneLine(`required: ${typesText(field)}`, width));
  return tone("dim", oneLine(typesText(field), width));
}

function typesText({ options }: Field): string {
  return options.slice(0, 8).map(optionName).join(" or ");
}

function submitLine(form: Form, columns: number, isActive: boolean): string {
  const button = oneLine(`[ ${form.words.submit} ]`, columns - mark);
  const said = objections(form).join(", ");
  const why = oneLine(said === "" ? "" : `  ${said}`, columns - mark - widthOf(button));
  return isActive
    ? `${tone("accent", "▸")} ${tone("selected", button)}${tone("warn", why)}`
    : `  ${button}${tone("warn", why)}`;
}

/** About the row that the keys go to: what is wrong with it, what it takes, what it is for. */
function detailLines(form: Form, columns: number): string[] {
  const bad = (text: string): string[] =>
    wrap(manyLines(text, columns * 4), columns)
      .slice(0, 2)
      .map((line) => tone("bad", line));
  const dim = (text: string): string => tone("dim", oneLine(text, columns));
  const row = activeRow(form);
  if (row === undefined) return [...summary(form).flatMap(bad), ...uncheckedLines(form).map(dim)];
  const { field, pointer, key } = row;
  const problem = form.verdict.problems.get(pointer);
  const refusal = form.refusal?.pointer === pointer ? form.refusal.message : undefined;
  const wrong = refusal ?? (problem?.kind === "wrong" ? problem.message : undefined);
  const { description } = field.schema.schema;
  const facts = [key === null ? typeName(field.schema) : "name of the entry", ...limitsOf(field)];
  return [
    ...(wrong === undefined ? [] : bad(`✗ ${wrong}`)),
    dim(facts.join(" · ")),
    ...(typeof description === "string" ? wrap(manyLines(description, columns * 4), columns) : []),
  ];
}

/** Places that are wrong, as many as there is room for, those of no row included. */
function summary({ verdict, refusal, rawFault, isTooLarge }: Form): string[] {
  if (rawFault !== null) return [`✗ not JSON: ${rawFault}`];
  const problems = [...verdict.problems].filter(([, { kind }]) => kind === "wrong");
  return [
    ...(refusal === null
      ? []
      : [`✗ ${refusal.pointer === "" ? "" : `${refusal.pointer} `}${refusal.message}`]),
    ...problems.map(([pointer, { message }]) => `✗ ${pointer === "" ? "" : `${pointer} `}${message}`),
    ...(isTooLarge ? ["too large to be shown as a form: only as JSON"] : []),
  ].slice(0, 4);
}

function uncheckedLines({ verdict, rows, raw }: Form): string[] {
  return [
    ...(verdict.isChecked ? [] : ["The schema can not be checked here: the plugin itself will judge."]),
    ...(rows.length === 0 && raw === null ? ["It takes no parameters."] : []),
  ];
}
