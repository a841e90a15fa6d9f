/** The calls of this session, as lines. Pure. */
import { callCommand } from "../../../text/command-line.ts";
import { clockTime } from "../../../text/words.ts";
import { placed } from "../../parts/list.ts";
import { tableLines } from "../../parts/table.ts";
import type { Column } from "../../parts/table.ts";
import type { Scene } from "../../screen.ts";
import { briefJson, oneLine } from "../../shapes/plain.ts";
import { tone } from "../../theme.ts";
import { nameOf, paramsOf } from "./methods.ts";
import { timeOf } from "./result-lines.ts";
import type { CallState, PastCall } from "./state.ts";

const columnsOf: readonly Column<PastCall>[] = [
  { title: "TIME", cell: ({ at }) => clockTime(at), rank: 2 },
  { title: "METHOD", cell: ({ target }) => nameOf(target), max: 36 },
  { title: "PARAMS", cell: ({ params }) => oneLine(briefJson(params, 400), 400), grows: true, min: 10 },
  {
    title: "OUTCOME",
    cell: ({ outcome }) =>
      outcome === null ? { text: "running", tone: "accent" } : { text: outcome.words, tone: outcome.tone },
    max: 24,
  },
  {
    title: "TOOK",
    cell: ({ outcome }) => (outcome === null ? "" : timeOf(outcome.elapsedMs)),
    align: "right",
    rank: 1,
  },
];

/** Of the calls alone. */
export function historyRows({ size }: Scene): number {
  return Math.max(1, size.rows - 1);
}

export function pastCallIn({ history, historyAt }: CallState, scene: Scene): PastCall | undefined {
  return history[placed(historyAt, history.length, historyRows(scene)).cursor];
}

export function historyLines({ history, historyAt }: CallState, scene: Scene): string[] {
  const { columns, rows } = scene.size;
  if (history.length === 0) return [tone("dim", oneLine("Nothing was called yet.", columns))];
  const room = historyRows(scene);
  const { cursor, top } = placed(historyAt, history.length, room);
  const lines = tableLines(columnsOf, history.slice(top, top + room), columns, cursor - top);
  return [lines.header, ...lines.rows].slice(0, rows);
}

/** As it would be typed. */
export function pastCommand({ target, params }: PastCall): string {
  return callCommand(target.plugin, target.short, params, paramsOf(target));
}
