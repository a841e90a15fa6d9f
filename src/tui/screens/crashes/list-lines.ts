/** The list of crashes and restarts as lines. Pure. */
import { decisionWords } from "../../../text/report-page.ts";
import { terminalLine } from "../../../text/sanitize.ts";
import { clockTime, dateTime, duration, plural } from "../../../text/words.ts";
import { statusOf } from "../../facts.ts";
import { cut, widthOf, wrap } from "../../parts/fit.ts";
import { promptLine } from "../../parts/prompt.ts";
import { sparkline } from "../../parts/sparkline.ts";
import { tableLines } from "../../parts/table.ts";
import type { Column } from "../../parts/table.ts";
import type { Scene, Size } from "../../screen.ts";
import { tone } from "../../theme.ts";
import { placeOf } from "./state.ts";
import type { CrashesState, Place } from "./state.ts";
import { classOf, countsByPlugin, histogram, marks, nextWords, toneOf } from "./timeline.ts";
import type { Entry } from "./timeline.ts";

export interface Layout {
  /** Lines for the entries. */
  readonly list: number;
  /** Lines below them about the selected one; 0: there is no room for it. */
  readonly detail: number;
}

const topRows = 3;
const detailRows = 5;

export function layoutOf({ rows }: Size): Layout {
  const detail = rows - topRows - detailRows >= 4 ? detailRows : 0;
  return { list: Math.max(1, rows - topRows - detail), detail };
}

export function listLines(state: CrashesState, scene: Scene): string[] {
  const { columns, rows } = scene.size;
  const layout = layoutOf(scene.size);
  const place = placeOf(state, scene, layout.list);
  const { entries } = place;
  const lines = [topLine(state, scene, entries), countsLine(entries, columns)];
  if (entries.length === 0) return [...lines, "", ...emptyLines(state, scene)].slice(0, rows);
  const [header = "", ...list] = entryLines(place, scene, layout.list);
  const selected = entries[place.cursor];
  return [
    ...lines,
    header,
    ...list,
    ...Array.from({ length: layout.list - list.length }, () => ""),
    ...(layout.detail === 0 || selected === undefined ? [] : detailLines(selected, scene)),
  ].slice(0, rows);
}

/** Minutes of one bar of the histogram, and so many bars. */
const spanMinutes = 15;
const mostBars = 48;
const fewestBars = 8;

function topLine(state: CrashesState, { facts, size }: Scene, entries: readonly Entry[]): string {
  const { filter, plugin, isCrashesOnly } = state;
  const { columns } = size;
  const side = histogramText(entries, facts.now, Math.min(mostBars, Math.floor(columns / 2) - 8));
  const room = columns - (side === "" ? 0 : widthOf(side) + 2);
  const isPlain = plugin === null && !isCrashesOnly;
  const left =
    filter.isTyping || filter.input.text !== ""
      ? promptLine("/", filter.input, room, filter.isTyping)
      : tone(isPlain ? "dim" : "plain", cut(terminalLine(countWords(state, entries)), room));
  if (side === "") return left;
  return `${left}${" ".repeat(Math.max(1, columns - widthOf(left) - widthOf(side)))}${tone("warn", side)}`;
}

function histogramText(entries: readonly Entry[], now: number, bars: number): string {
  if (bars < fewestBars) return "";
  const counts = histogram(entries, now, spanMinutes * 60_000, bars);
  const hours = Math.round((bars * spanMinutes) / 60);
  return `last ${hours}h ${counts.some((count) => count > 0) ? sparkline(counts, bars) : "none"}`;
}

function countWords({ plugin, isCrashesOnly, loading }: CrashesState, entries: readonly Entry[]): string {
  const count = entries.filter(({ kind }) => kind === "crash").length;
  return [
    `${count} ${count === 1 ? "crash" : "crashes"}`,
    ...(plugin === null ? [] : [`only ${plugin}`]),
    ...(isCrashesOnly ? ["restarts hidden"] : []),
    ...(loading === "asked" ? ["loading older ones…"] : []),
  ].join(", ");
}

function countsLine(entries: readonly Entry[], columns: number): string {
  const counts = countsByPlugin(entries)
    .slice(0, columns)
    .map(([plugin, count]) => `${plugin} ${count}`);
  return tone("dim", cut(terminalLine(counts.join("   ")), columns));
}

/** The header, then the rows in sight. */
function entryLines({ entries, rows, cursor, position }: Place, scene: Scene, room: number): string[] {
  const { columns } = scene.size;
  const shown = rows.slice(position.top, position.top + room);
  const inSight = shown.flatMap((row) => (row.kind === "entry" ? [row.entry] : []));
  const selected = inSight.findIndex((entry) => entry === entries[cursor]);
  const table = tableLines(columnsOf(scene), inSight, columns, selected < 0 ? undefined : selected);
  let next = 0;
  const lines = shown.map((row) => {
    if (row.kind === "entry") return table.rows[next++] ?? "";
    const [day = ""] = dateTime(row.at).split(" ");
    return tone("dim", cut(`── ${day} ${"─".repeat(columns)}`, columns).replace(/…$/, "─"));
  });
  return [table.header, ...lines];
}

function columnsOf({ facts, size }: Scene): Column<Entry>[] {
  return [
    { title: "WHEN", min: 8, cell: ({ at }) => clockTime(at) },
    { title: "", min: 1, cell: (entry) => ({ text: marks[classOf(entry)], tone: toneOf(entry) }) },
    { title: "PLUGIN", max: 16, cell: ({ plugin }) => ({ text: plugin ?? "bulkhead", tone: "accent" }) },
    {
      title: "LIFE",
      align: "right",
      rank: 3,
      cell: (entry) => (entry.kind === "crash" ? String(entry.generation) : ""),
    },
    {
      title: "WHAT",
      grows: true,
      min: size.columns < 100 ? 24 : 40,
      cell: (entry) => ({ text: entry.summary, tone: entry.kind === "crash" ? "plain" : "dim" }),
    },
    { title: "CLASS", rank: 4, cell: (entry) => ({ text: classOf(entry), tone: toneOf(entry) }) },
    {
      title: "LOST",
      align: "right",
      rank: 2,
      cell: (entry) => {
        if (entry.kind === "other") return "";
        return { text: String(entry.lost), tone: entry.lost === 0 ? "dim" : "warn" };
      },
    },
    {
      title: "NEXT",
      rank: 1,
      max: 24,
      cell: (entry) => nextWords(entry, statusOf(facts, entry.plugin), facts.now),
    },
  ];
}

/** All that is known of the selected one; only what is very long is cut, and its page has it in full. */
function detailLines(entry: Entry, { facts, size: { columns } }: Scene): string[] {
  const status = statusOf(facts, entry.plugin);
  const now = status === undefined ? [] : [`now ${status.state}`];
  const decision = entry.kind === "other" || entry.decision === null ? [] : [decisionWords(entry.decision)];
  const room = detailRows - 2;
  const what = atMost(entry.summary, columns, decision.length === 0 ? room : room - 1);
  const next = atMost([...decision, ...now].join(" · "), columns, room - what.length);
  return [
    tone("dim", "─".repeat(columns)),
    tone(toneOf(entry), cut(terminalLine(headWords(entry)), columns)),
    ...what,
    ...next,
    ...Array.from({ length: room - what.length - next.length }, () => ""),
  ];
}

function headWords(entry: Entry): string {
  const mark = marks[classOf(entry)];
  if (entry.kind === "other") return `${mark} ${entry.plugin ?? "bulkhead"}, ${dateTime(entry.at)}`;
  const { report, lost } = entry;
  const lived = report === null ? [] : [`lived ${duration(report.uptimeMs)}`];
  const calls = lost === 0 ? "no call lost" : `${plural(lost, "call")} lost`;
  return [`${mark} ${entry.key}`, `life ${entry.generation}`, entry.class, ...lived, calls].join("  ");
}

function atMost(text: string, width: number, most: number): string[] {
  if (most <= 0) return [];
  const lines = wrap(terminalLine(text.slice(0, width * most)), width);
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), cut(`${lines[most - 1] ?? ""} ${lines[most] ?? ""}`, width)];
}

function emptyLines({ filter, plugin, isCrashesOnly }: CrashesState, { facts, size }: Scene): string[] {
  const { columns } = size;
  const dim = (text: string): string[] => wrap(text, columns).map((line) => tone("dim", line));
  if (filter.input.text !== "") return dim("Nothing fits the filter: esc shows everything again.");
  if (facts.connection.state === "connecting") return dim("Asking the daemon…");
  if (facts.connection.state === "away" && facts.daemon === null)
    return dim("The daemon is away: no crash is known.");
  const whose = plugin === null ? "No crash so far." : `No crash of ${terminalLine(plugin)} so far.`;
  const chaos = facts.plugins?.some(({ id }) => id === "chaos") === true;
  return [
    ...wrap(whose, columns),
    ...(isCrashesOnly ? dim("Restarts are hidden: a shows them.") : []),
    ...(chaos ? dim("To see one: bulkhead call chaos.panic, or call it on screen 3.") : []),
  ];
}
