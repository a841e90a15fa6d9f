/** The screen of all plugins as lines. Pure. */
import { terminalLine } from "../../../text/sanitize.ts";
import { rate } from "../../../text/stats-words.ts";
import { bytes, plural, wholeSeconds } from "../../../text/words.ts";
import { seenAt } from "../../facts.ts";
import type { Facts } from "../../facts.ts";
import { cut, fit, widthOf } from "../../parts/fit.ts";
import { promptLine } from "../../parts/prompt.ts";
import { tableLines } from "../../parts/table.ts";
import type { Scene, Size } from "../../screen.ts";
import { tone } from "../../theme.ts";
import { pluginColumns } from "./columns.ts";
import { placeOf, shownPlugins } from "./list.ts";
import type { Order, PluginsState } from "./list.ts";
import { pageLines } from "./pages.ts";
import { panelLines } from "./panel.ts";

export interface Layout {
  /** Lines above the table: what they are all together, and what is wrong with the configuration. */
  readonly top: number;
  /** Rows of the table, without its header. */
  readonly list: number;
  readonly panel: number;
}

/** Of the screen's size and the number of plugins only, so that nothing moves with the cursor or a filter. */
export function layoutOf({ facts, size }: Scene): Layout {
  const top = hasProblems(facts) && size.rows > 6 ? 2 : 1;
  const room = size.rows - top - 1;
  const count = facts.plugins?.length ?? 0;
  const most = size.rows >= 40 ? 14 : 9;
  const panel = room < 9 ? 0 : Math.max(5, Math.min(most, room - count));
  return { top, list: Math.max(1, room - panel), panel };
}

export function pluginsLines(state: PluginsState, scene: Scene): string[] {
  const { facts, size } = scene;
  const page = pageLines(facts, size);
  if (page !== undefined) return page;
  const layout = layoutOf(scene);
  const shown = shownPlugins(state, scene);
  const { cursor, top } = placeOf(state, shown, layout.list);
  const rows = shown
    .slice(top, top + layout.list)
    .map((status) => ({ status, stats: facts.stats.get(status.id) }));
  const isOld = facts.connection.state !== "up";
  const looks = {
    width: size.columns,
    order: state.order,
    now: seenAt(facts),
    ids: (facts.plugins ?? []).map(({ id }) => id),
    isOld,
  };
  const table = tableLines(pluginColumns(looks), rows, size.columns, cursor - top);
  const selected = rows[cursor - top];
  const body =
    rows.length === 0
      ? [tone("dim", cut("No plugin fits the filter; esc shows all of them.", size.columns))]
      : table.rows;
  const list = Array.from({ length: layout.list }, (_, at) => body[at] ?? "");
  const panel =
    selected === undefined ? [] : panelLines(selected, seenAt(facts), size.columns, layout.panel, isOld);
  const lines = [
    topLine(state, scene, shown.length),
    ...(layout.top === 2 ? [problemLine(facts, size)] : []),
    table.header,
    ...list,
    ...panel,
  ];
  return lines.slice(0, size.rows);
}

const orderWords: Readonly<Record<Order, string>> = {
  configuration: "",
  state: "trouble first",
  calls: "most calls first",
  p99: "slowest first",
  errors: "most errors first",
  memory: "largest first",
  crash: "latest crash first",
};

function topLine({ filter, order }: PluginsState, { facts, size }: Scene, count: number): string {
  const width = size.columns;
  const all = facts.plugins?.length ?? 0;
  if (filter.isTyping || filter.input.text !== "") {
    const found = ` ${count} of ${all}`;
    const room = width - widthOf(found);
    if (room < 12) return promptLine("/", filter.input, width, filter.isTyping);
    return `${promptLine("/", filter.input, room, filter.isTyping)}${tone("dim", found)}`;
  }
  if (facts.connection.state === "away") {
    const age = wholeSeconds(facts.now - facts.connection.since);
    return tone(
      "warn",
      cut(`As it was ${age} ago: the daemon is away, and this is found again when it is back.`, width),
    );
  }
  const sums = [plural(all, "plugin"), ...totals(facts)].join(", ");
  const words = orderWords[order];
  if (words === "") return tone("dim", cut(sums, width));
  return `${tone("dim", fit(sums, Math.max(0, width - widthOf(words) - 1)))} ${tone("accent", cut(words, width - 1))}`;
}

function totals({ stats }: Facts): string[] {
  const each = [...stats.values()];
  const calls = each.reduce((sum, { recent }) => sum + recent.calls / recent.seconds, 0);
  const memory = each.reduce((sum, { process }) => sum + (process?.memoryBytes ?? 0), 0);
  const cpu = each.reduce((sum, { process }) => sum + (process?.cpu ?? 0), 0);
  return each.length === 0
    ? []
    : [`${rate(calls)} calls/s`, `${bytes(memory)} of memory`, `${Math.round(cpu * 100)}% of a core`];
}

function hasProblems({ daemon }: Facts): boolean {
  return (daemon?.configErrors.length ?? 0) > 0;
}

function problemLine({ daemon }: Facts, { columns }: Size): string {
  const [first = "", ...others] = daemon?.configErrors ?? [];
  const count = others.length === 0 ? "configuration:" : `configuration, ${others.length + 1} problems:`;
  return tone("bad", cut(terminalLine(`! ${count} ${first}`), columns));
}
