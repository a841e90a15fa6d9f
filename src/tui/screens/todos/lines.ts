/** The whole screen of todos as lines of text. Pure. */
import { terminalLine } from "../../../text/sanitize.ts";
import { cut, widthOf, wrap } from "../../parts/fit.ts";
import type { Scene } from "../../screen.ts";
import { tone } from "../../theme.ts";
import type { DeskView } from "../../todos/view.ts";
import { detailLines } from "./detail-lines.ts";
import { layoutOf, sightOf } from "./layout.ts";
import { bottomLine, headerLine, listLines } from "./list-lines.ts";
import { actionLines, activityLines, chooseLines, notesLines, settingsLines } from "./page-lines.ts";
import { previewLines } from "./preview-lines.ts";
import type { TodosState } from "./state.ts";

/** Never more of them than there are rows, and none wider than there are columns. */
export function todoLines(state: TodosState, scene: Scene): readonly string[] {
  const desk = scene.facts.todos;
  const lines = desk === null ? beforehand(state, scene) : pageLines(state, scene, desk);
  return lines.slice(0, scene.size.rows);
}

function beforehand({ failure }: TodosState, { size }: Scene): string[] {
  if (failure === null) return [tone("dim", cut("Opening the list…", size.columns))];
  const text = terminalLine(`The todo list can not be opened: ${failure.message} [${failure.code}]`);
  return [
    ...wrap(text, size.columns).map((line) => tone("bad", line)),
    "",
    tone("dim", cut("r tries again", size.columns)),
  ];
}

function pageLines(state: TodosState, scene: Scene, desk: DeskView): readonly string[] {
  const { mode } = state;
  const { columns } = scene.size;
  switch (mode.kind) {
    case "choose":
      return chooseLines(mode, scene, desk);
    case "actions":
      return actionLines(mode, scene, desk);
    case "preview":
      return previewLines(mode, scene, desk, desk.list.todos.get(state.cursor ?? ""));
    case "settings":
      return settingsLines(mode, scene);
    case "activity":
      return activityLines(mode, scene, desk);
    case "notes":
      return notesLines(mode, desk.list.todos.get(mode.id)?.title ?? "", scene);
    case "details": {
      const { todo } = sightOf(state, scene, desk);
      if (todo === undefined) return [tone("dim", cut("This todo has been deleted.", columns))];
      return detailLines(desk.list, todo, columns, scene.facts.now).slice(mode.top);
    }
    case "list":
    case "title":
    case "due":
    case "state":
    case "input":
    case "waiting":
      return listPage(state, scene, desk);
    default:
      return mode satisfies never;
  }
}

function listPage(state: TodosState, scene: Scene, desk: DeskView): string[] {
  const { columns } = scene.size;
  const { list, details } = layoutOf(state, scene);
  const sight = sightOf(state, scene, desk);
  const rows = listLines(state, scene, desk);
  const left = [...rows, ...empty(list.rows - rows.length)];
  const header = headerLine(state, desk, columns);
  const bottom = bottomLine(state, scene, desk, columns, sight);
  if (details === null) return [header, ...left, bottom];
  const { todo } = sight;
  if (details.where === "below") {
    const about = todo === undefined ? [] : detailLines(desk.list, todo, columns, scene.facts.now);
    const shown = clipped(about, details.rows - 1, columns);
    return [
      header,
      ...left,
      tone("dim", "─".repeat(columns)),
      ...shown,
      ...empty(details.rows - 1 - shown.length),
      bottom,
    ];
  }
  const about = todo === undefined ? [] : detailLines(desk.list, todo, details.columns - 1, scene.facts.now);
  const shown = clipped(about, details.rows, details.columns);
  const both = left.map((line, at) => {
    const gap = " ".repeat(Math.max(0, list.columns - widthOf(line)));
    return `${line}${gap}${tone("dim", "│")} ${shown[at] ?? ""}`;
  });
  return [header, ...both, bottom];
}

function empty(count: number): string[] {
  return Array.from({ length: Math.max(0, count) }, () => "");
}

/** The last line says so when there is more. */
function clipped(lines: readonly string[], rows: number, width: number): readonly string[] {
  if (lines.length <= rows || rows < 1) return lines.slice(0, Math.max(0, rows));
  return [...lines.slice(0, rows - 1), tone("dim", cut(`… ${lines.length - rows + 1} more lines: M`, width))];
}
