/** The screen of one plugin as lines. Pure. */
import type { PluginStatus } from "../../../../protocol/state.ts";
import { terminalLine } from "../../../text/sanitize.ts";
import { callRate } from "../../../text/stats-words.ts";
import { stateCell } from "../../../text/status-words.ts";
import { duration } from "../../../text/words.ts";
import { seenAt, statusOf } from "../../facts.ts";
import type { DescribedOrNot } from "../../facts.ts";
import { cut, fit, widthOf } from "../../parts/fit.ts";
import { labelledLines } from "../../parts/labelled.ts";
import { placed } from "../../parts/list.ts";
import type { ListPosition } from "../../parts/list.ts";
import type { Scene, Size } from "../../screen.ts";
import { tone } from "../../theme.ts";
import { stateTones } from "../plugins/columns.ts";
import { pageLines } from "../plugins/pages.ts";
import { crashLines, crashRows, reportsOf } from "./crashes.ts";
import { logLines } from "./log-lines.ts";
import { offerCell, offerLines, offersOf, shortSignature } from "./methods.ts";
import type { Offer } from "./methods.ts";
import { overviewLines } from "./overview.ts";
import { isDescribed, tabs } from "./state.ts";
import type { PluginScreenState, Tab } from "./state.ts";

/** Lines above the tab: who it is, and the tabs. */
const headRows = 2;

/** What a tab may fill. */
export function tabSize({ size }: Scene): Size {
  return { columns: size.columns, rows: Math.max(1, size.rows - headRows) };
}

export function pluginLines(state: PluginScreenState, scene: Scene): string[] {
  const { facts, size } = scene;
  const page = pageLines(facts, size);
  if (page !== undefined) return page;
  const status = statusOf(facts, state.plugin);
  if (status === undefined) {
    const words = `There is no plugin ${state.plugin ?? ""} in the configuration any more; [ and ] lead to the others.`;
    return [tone("warn", cut(terminalLine(words), size.columns))];
  }
  const body = tabLines(state, scene);
  return [titleLine(status, scene), tabLine(state, scene, body.position), ...body.lines].slice(0, size.rows);
}

interface TabBody {
  readonly lines: readonly string[];
  /** Where one is in it: `1–18 of 64`; "": all of it is in sight. */
  readonly position: string;
}

function titleLine(status: PluginStatus, { facts, size }: Scene): string {
  const { id, version, readySince, pid, error } = status;
  const stats = facts.stats.get(id);
  const isOld = facts.connection.state !== "up";
  const state = stateCell(status, seenAt(facts)).text;
  const rest = [
    ...(isOld ? ["as it was before the daemon went away"] : []),
    ...(error !== null && status.state !== "serving" ? [error.code] : []),
    ...(readySince === null ? [] : [`for ${duration(seenAt(facts) - readySince)}`]),
    ...(pid === null ? [] : [`pid ${pid}`]),
    ...(stats === undefined || stats.recent.calls === 0 ? [] : [`${callRate(stats)} calls/s`]),
    ...(version === null ? [] : [`version ${version}`]),
  ];
  const name = cut(terminalLine(id), size.columns - widthOf(state) - 1);
  const words = cut(terminalLine(`  ${rest.join(" · ")}`), size.columns - widthOf(name) - widthOf(state) - 1);
  return `${tone("strong", name)} ${tone(isOld ? "dim" : stateTones[status.state], cut(state, size.columns))}${tone("dim", words)}`;
}

const tabTitles: Readonly<Record<Tab, string>> = {
  overview: "Overview",
  methods: "Methods",
  logs: "Logs",
  crashes: "Crashes",
};

function tabLine({ tab }: PluginScreenState, { size }: Scene, position: string): string {
  const isNarrow = size.columns < 44;
  const titles = tabs.map((each) =>
    isNarrow && each !== tab ? ` ${tabTitles[each][0]} ` : ` ${tabTitles[each]} `,
  );
  const drawn = titles.map((title, at) => tone(tabs[at] === tab ? "selected" : "dim", title)).join("");
  const width = titles.reduce((sum, title) => sum + widthOf(title), 0);
  const room = size.columns - width;
  if (room < widthOf(position) + 1) return drawn;
  return `${drawn}${tone("dim", fit(position, room, "right"))}`;
}

function tabLines(state: PluginScreenState, scene: Scene): TabBody {
  const size = tabSize(scene);
  switch (state.tab) {
    case "overview":
      return scrolledBody(overviewOf(state, scene), state.overviewTop, size.rows);
    case "methods":
      return methodsBody(state, scene, size);
    case "logs":
      return {
        lines: logLines(state.log, size, waitingFor(state, scene)),
        position: "",
      };
    case "crashes": {
      const reports = reportsOf(scene.facts, state.plugin, state.reports);
      const at = placed(state.crashes, reports.length, crashRows(size));
      return {
        lines: crashLines(reports, at, size, scene.facts.now),
        position: positionWords(at.top, crashRows(size), reports.length),
      };
    }
    default:
      return state.tab satisfies never;
  }
}

function waitingFor({ hasLog }: PluginScreenState, { facts }: Scene): "daemon" | "log" | null {
  if (hasLog) return null;
  return facts.connection.state === "up" ? "log" : "daemon";
}

function scrolledBody(lines: readonly string[], top: number, rows: number): TabBody {
  const from = Math.min(top, Math.max(0, lines.length - rows));
  return { lines: lines.slice(from, from + rows), position: positionWords(from, rows, lines.length) };
}

function positionWords(top: number, rows: number, count: number): string {
  return count <= rows ? "" : `${top + 1}–${Math.min(count, top + rows)} of ${count}`;
}

export function overviewOf(
  { plugin, detail, origin, settings }: PluginScreenState,
  { facts, size }: Scene,
): string[] {
  const status = statusOf(facts, plugin);
  if (status === undefined) return [];
  const described = facts.descriptions.get(status.id);
  const known = {
    status,
    stats: facts.stats.get(status.id),
    detail,
    described: described?.ok === true ? described.value : undefined,
    settings,
    origin,
    now: seenAt(facts),
  };
  return overviewLines(known, size.columns);
}

export function offersIn({ plugin }: PluginScreenState, { facts }: Scene): readonly Offer[] {
  const described = plugin === null ? undefined : facts.descriptions.get(plugin);
  return described?.ok === true ? offersOf(described.value) : [];
}

export interface MethodsLayout {
  /** The chosen one stands beside the list; else below it. */
  readonly isBeside: boolean;
  readonly list: Size;
  readonly page: Size;
}

const widestList = 44;

export function methodsLayout({ columns, rows }: Size, count: number): MethodsLayout {
  if (columns >= 100) {
    const list = Math.min(widestList, Math.floor(columns / 3));
    return { isBeside: true, list: { columns: list, rows }, page: { columns: columns - list - 3, rows } };
  }
  const list = Math.max(1, Math.min(count, Math.floor((rows - 1) / 2)));
  return {
    isBeside: false,
    list: { columns, rows: list },
    page: { columns, rows: Math.max(0, rows - list - 1) },
  };
}

function methodsBody(state: PluginScreenState, scene: Scene, size: Size): TabBody {
  const offers = offersIn(state, scene);
  if (offers.length === 0) return { lines: noOffers(state, scene, size), position: "" };
  const { isBeside, list, page } = methodsLayout(size, offers.length);
  const at = placed(state.methods.position, offers.length, list.rows);
  const chosen = offers[at.cursor];
  const names = offerRows(offers, at, list, !isBeside);
  const full = chosen === undefined ? [] : offerLines(chosen, page.columns);
  const shown = scrolledBody(full, state.methods.top, page.rows);
  const position = positionWords(at.top, list.rows, offers.length);
  if (isBeside) {
    const lines = Array.from({ length: size.rows }, (_, row) => {
      const name = names[row] ?? " ".repeat(list.columns);
      return `${name} ${tone("dim", "│")} ${shown.lines[row] ?? ""}`;
    });
    return { lines, position };
  }
  const more = shown.position === "" ? "" : ` ${shown.position}: J and K scroll `;
  const border = cut(`──${more}`, size.columns);
  const rule = tone("dim", border + "─".repeat(size.columns - widthOf(border)));
  return { lines: [...names, rule, ...shown.lines], position };
}

function offerRows(offers: readonly Offer[], at: ListPosition, size: Size, withSignature: boolean): string[] {
  return offers.slice(at.top, at.top + size.rows).map((offer, row) => {
    const { text, tone: look = "plain" } = offerCell(offer);
    const mark = offer.kind === "method" ? "" : `${offer.kind} `;
    const words = terminalLine(`${mark}${text}${withSignature ? shortSignature(offer) : ""}`);
    const line = fit(words, size.columns);
    return tone(at.top + row === at.cursor ? "selected" : look, line);
  });
}

function noOffers({ plugin }: PluginScreenState, { facts }: Scene, size: Size): string[] {
  const status = statusOf(facts, plugin);
  const described: DescribedOrNot | undefined = plugin === null ? undefined : facts.descriptions.get(plugin);
  if (described?.ok === true) return [tone("dim", cut("It offers no methods.", size.columns))];
  if (described !== undefined) {
    const { message, code } = described.error;
    const words = [
      { label: "", text: "It can not be asked what it offers.", most: 2 },
      { label: "error", text: `${message} [${code}]`, most: 6 },
      ...(status === undefined || status.error === null
        ? []
        : [{ label: "why", text: status.error.message, most: 6 }]),
    ];
    return labelledLines(words, size.columns, 6);
  }
  if (status === undefined || isDescribed(status)) return [tone("dim", cut("Asking it…", size.columns))];
  const words = "It has never said what it offers. Enter starts it and asks.";
  return labelledLines([{ label: "", text: words, most: 3 }], size.columns, 0);
}
