/** A proposal as lines of text. Pure. */
import type { Todo } from "../../../../protocol/todo.ts";
import { jsonText, terminalLine } from "../../../text/sanitize.ts";
import { plural } from "../../../text/words.ts";
import { cut, fit, widthOf, wrap } from "../../parts/fit.ts";
import { placed } from "../../parts/list.ts";
import type { Scene } from "../../screen.ts";
import { tone } from "../../theme.ts";
import type { Tone } from "../../theme.ts";
import type { DeskView } from "../../todos/view.ts";
import { dueWords } from "./day.ts";
import { quoted } from "./edits.ts";
import { isDropped, keptPreview, previewDetailRows, previewRoom, wholePreview } from "./preview-keys.ts";
import { tallied } from "./proposal.ts";
import type { Effect, PreviewRow } from "./proposal.ts";
import type { PreviewMode } from "./state.ts";
import { batchErrorWords } from "../../../todo/batch.ts";
import { priorityMarks, stateMarks } from "./words.ts";

const signs = {
  new: { sign: "+", tone: "good" },
  changed: { sign: "~", tone: "warn" },
  moved: { sign: ">", tone: "warn" },
  deleted: { sign: "-", tone: "bad" },
  context: { sign: " ", tone: "dim" },
} as const satisfies Record<Effect, { sign: string; tone: Tone }>;

export function previewLines(
  mode: PreviewMode,
  scene: Scene,
  desk: DeskView,
  under: Todo | undefined,
): string[] {
  const { columns } = scene.size;
  const { plugin, change } = mode.proposal;
  const whole = wholePreview(mode, { desk });
  const head = [
    tone("title", cut(terminalLine(`${plugin}: ${change.summary || "a batch"}`), columns)),
    ...verdictLines(mode, desk, columns, under),
  ];
  if (!whole.ok) {
    const { command } = whole;
    const text = command === undefined ? "" : jsonText(command);
    return [...head, "", ...wrap(text, columns).map((line) => tone("dim", line))];
  }
  const isOut = isDropped(mode);
  const { cursor, top } = placed(mode.position, whole.rows.length, previewRoom(scene));
  const rows = whole.rows.slice(top, top + previewRoom(scene));
  const lines = rows.map((row, at) =>
    rowLine(row, isOut(row), top + at === cursor, columns, scene.facts.now),
  );
  const gap = Array.from({ length: previewRoom(scene) - lines.length }, () => "");
  return [...head, "", ...lines, ...gap, ...wholeTitle(whole.rows[cursor], columns)];
}

/** Where a row may have cut it. */
function wholeTitle(row: PreviewRow | undefined, width: number): string[] {
  const title = terminalLine(row?.todo.title ?? "");
  if (widthOf(title) < width / 2) return [];
  const lines = wrap(title, width).slice(0, previewDetailRows);
  return lines.map((line) => tone("dim", line));
}

/** Two lines. */
function verdictLines(mode: PreviewMode, desk: DeskView, width: number, under: Todo | undefined): string[] {
  const kept = keptPreview(mode, { desk });
  if (!kept.ok) {
    const why = terminalLine(`It does not fit the list, ${batchErrorWords(kept.error)}`);
    const advice = mode.dropped.size > 0 ? "What was left out is needed: take it again with space." : "";
    return [
      tone("bad", cut(why, width)),
      tone("dim", cut(advice || "Nothing of it can be done; n goes back.", width)),
    ];
  }
  const { added, changed, deleted } = tallied(kept.rows, () => false);
  const words = [
    ...(added > 0 ? [`${added} new`] : []),
    ...(changed > 0 ? [`${changed} changed`] : []),
    ...(deleted > 0 ? [`${deleted} deleted`] : []),
  ];
  const whole = wholePreview(mode, { desk });
  const isOut = isDropped(mode);
  const out = whole.ok ? whole.rows.filter(isOut).length : 0;
  const outWords = out > 0 ? `, ${plural(out, "todo")} left out` : "";
  const what = words.length === 0 ? "nothing" : words.join(", ");
  const below = under === undefined ? "" : ` · b accepts below ${quoted(under.title)}`;
  const keys = `Nothing has happened yet. y accepts · n rejects${below}`;
  return [cut(`${what}${outWords}`, width), tone("dim", cut(terminalLine(keys), width))];
}

function rowLine(
  { todo, depth, effect, details }: PreviewRow,
  isOut: boolean,
  isSelected: boolean,
  width: number,
  now: number,
): string {
  const { sign, tone: look } = isOut ? { sign: "×", tone: "dim" as const } : signs[effect];
  const indent = "  ".repeat(Math.min(depth, Math.floor(width / 8)));
  const head = `${sign} ${indent}${stateMarks[todo.state]} ${priorityMarks[todo.priority]}`;
  const due = todo.due === null ? "" : `  due ${dueWords(todo.due, now).text}`;
  const tail = terminalLine(details === "" ? (effect === "new" ? due : "") : `  (${details})`);
  const room = width - widthOf(head);
  const title = cut(
    terminalLine(todo.title),
    Math.max(8, room - Math.min(widthOf(tail), Math.floor(room / 2))),
  );
  const rest = cut(tail, Math.max(0, room - widthOf(title)));
  if (isSelected) return tone("selected", fit(`${head}${title}${rest}`, width));
  if (isOut || effect === "context") return tone("dim", cut(`${head}${title}${rest}`, width));
  if (widthOf(head) + widthOf(title) > width) return cut(`${head}${title}`, width);
  return `${tone(look, sign)}${head.slice(1)}${title}${tone("dim", rest)}`;
}
