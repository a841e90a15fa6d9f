/** What the screen of crashes remembers, and which entries it shows. Pure. */
import type { BulkheadError } from "../../../../protocol/error.ts";
import type { CrashReport } from "../../../../protocol/state.ts";
import { control } from "../../effect.ts";
import type { Answer } from "../../effect.ts";
import { noFilter, passes } from "../../parts/filter.ts";
import type { Filter } from "../../parts/filter.ts";
import { listTop, movedList, placed } from "../../parts/list.ts";
import type { ListPosition, Move } from "../../parts/list.ts";
import { step } from "../../screen.ts";
import type { Scene, Step } from "../../screen.ts";
import type { Operated } from "../plugins/operator-keys.ts";
import { classOf, timeline } from "./timeline.ts";
import type { Entry } from "./timeline.ts";

/** A report, opened. */
export interface Page {
  readonly id: string;
  /** Of a report that is not among those that everybody knows. */
  readonly asked: Answer<CrashReport> | null;
  readonly top: number;
  /** Long lines go on below instead of being cut. */
  readonly isWrapped: boolean;
}

export interface CrashesState {
  readonly filter: Filter;
  /** Only of this one; null: of all. */
  readonly plugin: string | null;
  readonly isCrashesOnly: boolean;
  /** The entry's key; null: the newest, whichever it is. */
  readonly selected: string | null;
  /** In rows, days included. */
  readonly position: ListPosition;
  /** Reports from before those that everybody knows. */
  readonly older: readonly CrashReport[];
  readonly loading: "possible" | "asked" | "all";
  readonly page: Page | null;
}

export type CrashesMessage =
  | { readonly type: "report"; readonly id: string; readonly answer: Answer<CrashReport> }
  | { readonly type: "older"; readonly limit: number; readonly answer: Answer<CrashReport[]> }
  | Operated;

export type CrashesStep = Step<CrashesState, CrashesMessage>;

export const initialCrashes: CrashesState = {
  filter: noFilter,
  plugin: null,
  isCrashesOnly: false,
  selected: null,
  position: listTop,
  older: [],
  loading: "possible",
  page: null,
};

/** All of them that are known. */
function reportsOf({ older }: CrashesState, { facts }: Scene): readonly CrashReport[] {
  if (older.length === 0) return facts.reports;
  const ids = new Set(facts.reports.map(({ id }) => id));
  return [...facts.reports, ...older.filter(({ id }) => !ids.has(id))];
}

/** Newest first, as the person wants to see them. */
export function entriesOf(state: CrashesState, scene: Scene): readonly Entry[] {
  const { filter, plugin, isCrashesOnly } = state;
  const all = timeline(reportsOf(state, scene), scene.facts.events);
  return all.filter(
    (entry) =>
      (plugin === null || entry.plugin === plugin) &&
      (!isCrashesOnly || entry.kind === "crash") &&
      (filter.input.text === "" ||
        passes(filter, `${entry.plugin ?? "bulkhead"} ${classOf(entry)} ${entry.key} ${entry.summary}`)),
  );
}

/** A line of the list: days stand between entries. */
export type Row =
  | { readonly kind: "day"; readonly at: number }
  | { readonly kind: "entry"; readonly entry: Entry };

/** Today needs no heading. */
function rowsOf(entries: readonly Entry[], now: number): readonly Row[] {
  const rows: Row[] = [];
  let day = dayOf(now);
  for (const entry of entries) {
    const own = dayOf(entry.at);
    if (own !== day) rows.push({ kind: "day", at: entry.at });
    day = own;
    rows.push({ kind: "entry", entry });
  }
  return rows;
}

function dayOf(at: number): string {
  return new Date(at).toDateString();
}

/** Where the cursor is, of entries and of rows: the selected entry stays selected when others come. */
export interface Place {
  readonly entries: readonly Entry[];
  readonly rows: readonly Row[];
  /** Of the entries. */
  readonly cursor: number;
  /** Of the rows. */
  readonly position: ListPosition;
}

export function placeOf(state: CrashesState, scene: Scene, room: number): Place {
  const entries = entriesOf(state, scene);
  const rows = rowsOf(entries, scene.facts.now);
  const found = state.selected === null ? 0 : entries.findIndex(({ key: each }) => each === state.selected);
  const cursor = Math.max(0, found);
  const entry = entries[cursor];
  const at = rows.findIndex((row) => row.kind === "entry" && row.entry === entry);
  const { top, cursor: before } = state.position;
  // What came above moves the rest down, unless the beginning is in sight.
  const moved = top === 0 || found < 0 || state.selected === null ? top : top + at - before;
  return { entries, rows, cursor, position: inSight(moved, at, rows.length, room) };
}

/** The day above the first entry of a day comes with it. */
function inSight(top: number, at: number, count: number, room: number): ListPosition {
  const above = placed({ cursor: Math.max(0, at - 1), top }, count, room);
  return placed({ cursor: Math.max(0, at), top: above.top }, count, room);
}

export function selectedEntry(state: CrashesState, scene: Scene): Entry | undefined {
  const entries = entriesOf(state, scene);
  return entries.find(({ key }) => key === state.selected) ?? entries[0];
}

/** As many reports at a time as are asked for; twice as many the next time. */
const firstLimit = 200;
const lastLimit = 10_000;

export function movedCrashes(state: CrashesState, move: Move, scene: Scene, room: number): CrashesStep {
  const { entries, rows, cursor, position } = placeOf(state, scene, room);
  const next = movedList({ cursor, top: 0 }, move, entries.length, room).cursor;
  const entry = entries[next];
  const at = rows.findIndex((row) => row.kind === "entry" && row.entry === entry);
  const selected = move === "first" ? null : (entry?.key ?? null);
  const placedAt = inSight(next === 0 ? 0 : position.top, at, rows.length, room);
  const there = { ...state, selected, position: placedAt };
  const isAtEnd = next >= entries.length - 1 && (move === "down" || next > cursor || move === "last");
  return isAtEnd ? withOlder(there, scene) : step(there);
}

/** Asks for reports from before those that are known, if there may be any. */
function withOlder(state: CrashesState, scene: Scene): CrashesStep {
  const known = reportsOf(state, scene).length;
  if (state.loading !== "possible" || known < 100 || known >= lastLimit) return step(state);
  const limit = Math.min(lastLimit, Math.max(firstLimit, 2 * known));
  return step(
    { ...state, loading: "asked" },
    control("crash.list", { limit }, (answer): CrashesMessage => ({ type: "older", limit, answer })),
  );
}

/** The report that the page is about; the error of asking for it; null: it is still asked for. */
export function pageReport(
  state: CrashesState,
  scene: Scene,
): CrashReport | { readonly error: BulkheadError } | null {
  const { page } = state;
  if (page === null) return null;
  const known = reportsOf(state, scene).find(({ id }) => id === page.id);
  if (known !== undefined) return known;
  if (page.asked === null) return null;
  return page.asked.ok ? page.asked.value : { error: page.asked.error };
}

/** The report that keys act on: the one that is open, or that of the selected crash. */
export function currentReport(state: CrashesState, scene: Scene): CrashReport | undefined {
  if (state.page !== null) {
    const report = pageReport(state, scene);
    return report === null || "error" in report ? undefined : report;
  }
  const entry = selectedEntry(state, scene);
  return entry?.kind === "crash" ? (entry.report ?? undefined) : undefined;
}

export function openedPage(state: CrashesState, id: string, scene: Scene): CrashesStep {
  const isWrapped = state.page?.isWrapped ?? false;
  const opened = { ...state, selected: id, page: { id, asked: null, top: 0, isWrapped } };
  if (reportsOf(state, scene).some((report) => report.id === id)) return step(opened);
  return step(
    opened,
    control("crash.get", { id }, (answer): CrashesMessage => ({ type: "report", id, answer })),
  );
}

/** The next or the previous report of the list. */
export function turnedPage(state: CrashesState, by: 1 | -1, scene: Scene): CrashesStep {
  const crashes = entriesOf(state, scene).filter(({ kind }) => kind === "crash");
  const at = crashes.findIndex(({ key }) => key === state.page?.id);
  const next = crashes[at < 0 ? 0 : at + by];
  return next === undefined ? step(state) : openedPage(state, next.key, scene);
}
