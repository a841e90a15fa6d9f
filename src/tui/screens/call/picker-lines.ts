/** The list of what can be called, as lines. Pure. */
import { signature } from "../../../text/signature.ts";
import { fit, widthOf } from "../../parts/fit.ts";
import { brokenLines } from "../../parts/labelled.ts";
import { placed } from "../../parts/list.ts";
import { promptLine } from "../../parts/prompt.ts";
import type { Scene } from "../../screen.ts";
import { oneLine } from "../../shapes/plain.ts";
import { tone } from "../../theme.ts";
import { entriesOf, found } from "./methods.ts";
import type { Entry, Found } from "./methods.ts";
import type { CallState, Picker } from "./state.ts";

/** Of the entries alone. */
export function listRows({ size }: Scene): number {
  return Math.max(1, size.rows - 1 - detailRows(size.rows));
}

function detailRows(rows: number): number {
  return rows >= 12 ? 5 : 0;
}

export function foundIn({ picker }: CallState, { facts }: Scene): readonly Found[] {
  return found(entriesOf(facts, picker.asked), picker.input.text);
}

export function chosenIn(state: CallState, scene: Scene): Entry | undefined {
  const all = foundIn(state, scene);
  return all[placed(state.picker.position, all.length, listRows(scene)).cursor]?.entry;
}

export function pickerLines(state: CallState, scene: Scene): string[] {
  const { columns, rows } = scene.size;
  const all = foundIn(state, scene);
  const room = listRows(scene);
  const { cursor, top } = placed(state.picker.position, all.length, room);
  const shown = all.slice(top, top + room);
  const width = nameWidth(shown, columns);
  const lines = shown.map((each, at) => entryLine(each, width, columns, top + at === cursor));
  if (all.length === 0)
    lines.push(...brokenLines(nothing(state.picker, scene), columns, room).map((line) => tone("dim", line)));
  const gap = Array.from({ length: room - lines.length }, () => "");
  const chosen = all[cursor]?.entry;
  const detail = detailRows(rows) === 0 || chosen === undefined ? [] : detailLines(chosen, columns);
  return [topLine(state.picker, all.length, columns), ...lines, ...gap, ...detail].slice(0, rows);
}

function topLine({ input, isTyping }: Picker, count: number, columns: number): string {
  if (isTyping || input.text !== "") return promptLine("call", input, columns, isTyping);
  return tone("dim", oneLine(`${count} to choose from`, columns));
}

function nothing({ input, asked }: Picker, { facts }: Scene): string {
  if (input.text !== "") {
    const unknown = entriesOf(facts, asked).filter(({ kind }) => kind === "plugin");
    if (unknown.length === 0) return "No method is called like that.";
    return `No known method is called like that. Not asked yet: ${unknown.map(({ name }) => name).join(", ")}`;
  }
  if (facts.plugins === null) return "The daemon has not said yet which plugins there are.";
  return "No plugin is configured.";
}

function nameWidth(shown: readonly Found[], columns: number): number {
  const widest = Math.max(0, ...shown.map(({ entry }) => widthOf(entry.name)));
  return Math.min(widest, Math.max(12, Math.floor(columns * 0.5)));
}

function entryLine({ entry, matched }: Found, width: number, columns: number, isSelected: boolean): string {
  const name = fit(oneLine(entry.name, width), width);
  const about = oneLine(entry.about, columns - width - 4);
  const mark = entry.kind === "plugin" ? "?" : " ";
  if (isSelected) return tone("selected", fit(`▸${mark}${name}  ${about}`, columns));
  return ` ${tone("dim", mark)}${marked(name, matched, entry.kind)}  ${tone("dim", about)}`;
}

/** Names are plain ASCII: the daemon sees to it. */
function marked(name: string, matched: readonly number[], kind: Entry["kind"]): string {
  const letters = new Set(matched);
  const look = kind === "plugin" ? "dim" : "plain";
  return Array.from(name, (char, at) => tone(letters.has(at) ? "title" : look, char)).join("");
}

function detailLines(entry: Entry, columns: number): string[] {
  if (entry.kind === "plugin") return ["", ...brokenLines(`${entry.name}: ${entry.about}`, columns, 3)];
  const { described } = entry.target;
  return [
    "",
    ...brokenLines(`${entry.name}${signature(described)}`, columns, 2),
    ...brokenLines(described.description ?? "", columns, 2).map((line) => tone("dim", line)),
  ];
}
