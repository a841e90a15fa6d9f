/** The list as lines of text. Pure. */
import type { Todo } from "../../../../protocol/todo.ts";
import { progressWords } from "../../../text/progress-words.ts";
import { terminalLine } from "../../../text/sanitize.ts";
import { clockTime, duration, plural } from "../../../text/words.ts";
import { cut, fit, widthOf } from "../../parts/fit.ts";
import { promptLine } from "../../parts/prompt.ts";
import type { TextInput } from "../../parts/text-input.ts";
import type { Scene } from "../../screen.ts";
import { tone } from "../../theme.ts";
import type { Tone } from "../../theme.ts";
import type { DeskView, RunningAsk } from "../../todos/view.ts";
import { dueWords, typedDay } from "./day.ts";
import { depthOf, layoutOf, sightOf } from "./layout.ts";
import type { Sight } from "./layout.ts";
import { isOver, tallyOf } from "./rows.ts";
import type { Row } from "./rows.ts";
import type { TodosState } from "./state.ts";
import { activityWords, fileWords, priorityMarks, serviceWords, stateMarks, stateTones } from "./words.ts";

/** One line. */
export function headerLine(state: TodosState, desk: DeskView, width: number): string {
  const { look, marked } = state;
  const { filter, hidesDone } = look;
  if (filter.isTyping || filter.input.text !== "")
    return promptLine("/", filter.input, width, filter.isTyping);
  const { open, over } = tallyOf(desk.list);
  const count = [...marked].filter((id) => desk.list.todos.has(id)).length;
  const words = [
    `${open} open, ${over} done${hidesDone ? " (hidden)" : ""}`,
    ...(count > 0 ? [`${count} marked`] : []),
    ...(desk.service.state === "provided" ? [plural(desk.plugins.length, "plugin")] : []),
  ];
  const left = cut(words.join(" · "), width);
  const { text, tone: look2 } = fileWords(desk);
  const right = tailOf(terminalLine(text), width - widthOf(left) - 2, desk.file.state === "unsaved");
  const gap = " ".repeat(Math.max(0, width - widthOf(left) - widthOf(right)));
  return `${tone(count > 0 ? "accent" : "dim", left)}${gap}${tone(look2, right)}`;
}

/** The end of a path says more than its beginning. */
function tailOf(text: string, width: number, isCutBehind: boolean): string {
  if (width < 8) return "";
  if (isCutBehind || widthOf(text) <= width) return cut(text, width);
  const parts = text.split("/");
  let tail = "";
  for (const part of parts.toReversed()) {
    const longer = tail === "" ? part : `${part}/${tail}`;
    if (widthOf(longer) + 2 > width) break;
    tail = longer;
  }
  return tail === "" ? cut(text, width) : `…/${tail}`;
}

/** Those in sight: as many as there is room for. */
export function listLines(state: TodosState, scene: Scene, desk: DeskView): string[] {
  const { columns, rows } = layoutOf(state, scene).list;
  const sight = sightOf(state, scene, desk);
  const { shown, position, gap } = sight;
  const count = shown.rows.length + (gap === null ? 0 : 1);
  if (count === 0) return emptyLines(state, desk, columns).slice(0, rows);
  const last = Math.min(count, position.top + rows);
  const { now } = scene.facts;
  const tags = tagWidths(shown.rows.slice(position.top, last), now, columns);
  const lines: string[] = [];
  for (let at = position.top; at < last; at += 1) {
    const row = shown.rows[gap !== null && at > gap ? at - 1 : at];
    const isSelected = at === position.cursor;
    if (at === gap) lines.push(gapLine(state, sight, columns));
    else if (row === undefined) lines.push("");
    else {
      const isMarked = state.marked.has(row.todo.id);
      const typed = retitledLine(state, row, isMarked, columns);
      lines.push(typed ?? rowLine(row, { isSelected, isMarked, width: columns, tags, now }));
    }
  }
  return lines;
}

/** The row whose title is being typed. */
function retitledLine({ mode }: TodosState, row: Row, isMarked: boolean, width: number): string | undefined {
  const { todo, depth, children } = row;
  if (mode.kind !== "title" || mode.target.what !== "todo" || mode.target.id !== todo.id) return undefined;
  const prefix = prefixOf(depth, isMarked, children === 0 ? " " : "▾", width);
  return typedLine(prefix, stateMarks[todo.state], mode.input, width);
}

function emptyLines({ look }: TodosState, { path, plugins, list }: DeskView, width: number): string[] {
  if (list.todos.size > 0) {
    const why =
      look.filter.input.text === ""
        ? "Everything is done, and hidden: . shows it."
        : "No todo fits the filter.";
    return [tone("dim", cut(why, width))];
  }
  const lines = [
    "",
    "  Nothing to do yet.",
    "",
    `  a  adds a todo`,
    plugins.length === 0
      ? '  n  fetches some from a plugin, where one has apis = { todo = "^2.0.0" }'
      : `  n  fetches some from ${plugins.length === 1 ? (plugins[0]?.id ?? "") : "a plugin"}`,
    "",
    "  The list is a Markdown checklist, which you can edit too:",
    `  ${path}`,
  ];
  return lines.map((line) => tone("dim", cut(terminalLine(line), width)));
}

/** Mark, indentation, fold: what stands before the state. */
function prefixOf(depth: number, isMarked: boolean, fold: " " | "▾" | "▸", width: number): string {
  // Deeper levels stand where there is still room for a title.
  const level = Math.min(depth, Math.max(1, Math.floor(width / 8)));
  return `${isMarked ? "•" : " "}${"  ".repeat(level)}${fold} `;
}

function gapLine({ mode }: TodosState, { shown }: Sight, width: number): string {
  if (mode.kind !== "title" || mode.target.what !== "new") return "";
  const prefix = prefixOf(depthOf(mode.target.place, shown), false, " ", width);
  return typedLine(prefix, "[ ]", mode.input, width);
}

function typedLine(prefix: string, mark: string, input: TextInput, width: number): string {
  return prefix + promptLine(mark, input, width - widthOf(prefix));
}

/** Something at the right of a title. Each kind has a column, as wide as what is in sight of it. */
interface Tag {
  readonly text: string;
  readonly tone: Tone;
}

const noTag: Tag = { text: "", tone: "dim" };

/** Where there is room for the plugin's name; elsewhere a mark says that it was one. */
const wide = 100;

function tagsOf({ todo, children, isFolded }: Row, now: number, width: number): readonly Tag[] {
  const { due, origin, notes, metadata } = todo;
  const isNamed = width >= wide;
  const flags = [
    isNamed || origin === null ? " " : "@",
    notes === null ? " " : "≡",
    Object.keys(metadata).length === 0 ? " " : "◇",
  ];
  const isRoomy = width >= 40;
  return [
    isFolded ? { text: `+${children}`, tone: "dim" } : noTag,
    isRoomy ? { text: flags.join("").trimEnd(), tone: "dim" } : noTag,
    isNamed && origin !== null ? { text: cut(terminalLine(origin), 16), tone: "dim" } : noTag,
    isRoomy && due !== null ? dueTag(todo, due, now) : noTag,
  ];
}

function dueTag(todo: Todo, due: string, now: number): Tag {
  if (isOver(todo)) return { text: terminalLine(due), tone: "dim" };
  const { text, isLate } = dueWords(due, now);
  return { text: terminalLine(text), tone: isLate ? "bad" : "accent" };
}

/** Widths of the columns of these rows. */
function tagWidths(rows: readonly Row[], now: number, width: number): readonly number[] {
  const widths = [0, 0, 0, 0];
  for (const row of rows) {
    for (const [at, { text }] of tagsOf(row, now, width).entries()) {
      widths[at] = Math.max(widths[at] ?? 0, widthOf(text));
    }
  }
  return widths;
}

interface RowLook {
  readonly isSelected: boolean;
  readonly isMarked: boolean;
  readonly width: number;
  readonly tags: readonly number[];
  readonly now: number;
}

function rowLine(row: Row, { isSelected, isMarked, width, tags: widths, now }: RowLook): string {
  const { todo, depth, children, isFolded, isContext } = row;
  const fold = children === 0 ? " " : isFolded ? "▸" : "▾";
  const prefix = prefixOf(depth, isMarked, fold, width);
  const mark = stateMarks[todo.state];
  const priority = priorityMarks[todo.priority];
  const tags = tagsOf(row, now, width).flatMap(({ text, tone: look }, at) => {
    const room = widths[at] ?? 0;
    return room === 0 ? [] : [{ text: `  ${fit(text, room)}`, tone: look }];
  });
  const taken = tags.reduce((sum, { text }) => sum + widthOf(text), 0);
  const room = width - widthOf(prefix) - mark.length - 1 - priority.length - taken;
  const title = fit(terminalLine(todo.title), Math.max(0, room));
  if (isSelected || room < 0) {
    const line = fit(`${prefix}${mark} ${priority}${title}${tags.map(({ text }) => text).join("")}`, width);
    return isSelected ? tone("selected", line) : line;
  }
  const isFaint = isOver(todo) || isContext;
  return [
    tone(isMarked ? "accent" : "dim", prefix),
    tone(isFaint ? "dim" : stateTones[todo.state], mark),
    " ",
    tone(todo.priority === "high" && !isFaint ? "bad" : "dim", priority),
    tone(isFaint ? "dim" : "plain", title),
    ...tags.map(({ text, tone: look }) => tone(look, text)),
  ].join("");
}

/** What is typed, what is going on, or what has happened last. */
export function bottomLine(
  state: TodosState,
  { facts }: Scene,
  desk: DeskView,
  width: number,
  sight: Sight,
): string {
  const { mode } = state;
  switch (mode.kind) {
    case "due": {
      const typed = typedDay(mode.input.text, facts.now);
      const words = typed.ok ? (typed.day === null ? "no due day" : `→ ${typed.day}`) : typed.why;
      const room = Math.min(26, width);
      const prompt = promptLine("due:", mode.input, room);
      const rest = width - room - 2;
      return rest < 10 ? prompt : `${prompt}  ${tone(typed.ok ? "dim" : "warn", cut(words, rest))}`;
    }
    case "state":
      return tone("accent", cut("o open   a active   b blocked   x done   c cancelled", width));
    case "title":
      // Otherwise it is typed where it stands.
      if (mode.target.what === "new" ? sight.gap !== null : sight.shown.at.has(mode.target.id)) break;
      return promptLine("title:", mode.input, width);
    case "input":
      return promptLine(
        cut(terminalLine(`${mode.plugin} ${mode.action}, input:`), Math.floor(width / 2)),
        mode.input,
        width,
      );
    case "waiting": {
      const ask = desk.asks.find(({ id }) => id === mode.ask);
      const words = ask === undefined ? `${mode.plugin} …` : askWords(ask, facts.now);
      return tone("accent", cut(`${words} · esc cancels`, width));
    }
    default:
  }
  const ask = desk.asks.at(-1);
  if (ask !== undefined) {
    const more = desk.asks.length > 1 ? ` and ${desk.asks.length - 1} more` : "";
    return tone("accent", cut(`${askWords(ask, facts.now)}${more} · ctrl+x cancels`, width));
  }
  const service = serviceWords(desk);
  if (service !== null) return tone(service.tone, cut(terminalLine(service.text), width));
  const last = desk.activity.findLast(
    (each) => each.kind === "problem" || (each.kind === "batch" && each.by !== null),
  );
  if (last === undefined) return "";
  const { who, text, tone: look } = activityWords(last);
  const line = cut(terminalLine(`${clockTime(last.at)}  ${who}: ${text}`), width - 4);
  return `${tone(look === "good" ? "dim" : look, line)} ${tone("dim", "(H)")}`;
}

function askWords({ plugin, what, since, progress }: RunningAsk, now: number): string {
  const said = progress === undefined ? "" : ` ${progressWords(progress)}`;
  return terminalLine(`${plugin} ${what}…${said} (${duration(Math.max(0, now - since))})`);
}
