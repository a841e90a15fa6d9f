/** What the screen of one plugin remembers, and what it has to ask the daemon for. Pure. */
import type { PluginDetail, PluginSettings, ResultOf } from "../../../../protocol/control-results.ts";
import type { CrashReport, LogLine, PluginStatus } from "../../../../protocol/state.ts";
import { control } from "../../effect.ts";
import type { Answer, Effect } from "../../effect.ts";
import { statusOf } from "../../facts.ts";
import type { Facts } from "../../facts.ts";
import { listTop } from "../../parts/list.ts";
import type { ListPosition } from "../../parts/list.ts";
import { step } from "../../screen.ts";
import type { Scene, Step } from "../../screen.ts";
import type { Operated } from "../plugins/operator-keys.ts";
import { emptyLog, forgotten, received } from "./log.ts";
import type { Lives, LogState } from "./log.ts";

export const tabs = ["overview", "methods", "logs", "crashes"] as const;
export type Tab = (typeof tabs)[number];

type Need = "detail" | "origin" | "settings" | "description" | "log" | "reports";

export interface PluginScreenState {
  readonly plugin: string | null;
  readonly tab: Tab;
  /** What each need was asked for last, so that it is asked for once. */
  readonly asked: Readonly<Partial<Record<Need, string>>>;
  readonly detail: PluginDetail | null;
  readonly origin: string | null;
  readonly settings: PluginSettings | null;
  /** First line in sight. */
  readonly overviewTop: number;
  readonly methods: {
    readonly position: ListPosition;
    /** Of the chosen one's page. */
    readonly top: number;
    /** A person wants to know, although the plugin may have to be started for it. */
    readonly isWanted: boolean;
  };
  readonly log: LogState;
  /** The log that was asked for has begun to come. */
  readonly hasLog: boolean;
  readonly crashes: ListPosition;
  readonly reports: readonly CrashReport[];
}

export const initialPlugin: PluginScreenState = {
  plugin: null,
  tab: "overview",
  asked: {},
  detail: null,
  origin: null,
  settings: null,
  overviewTop: 0,
  methods: { position: listTop, top: 0, isWanted: false },
  log: emptyLog,
  hasLog: false,
  crashes: listTop,
  reports: [],
};

/** `plugin`: of whom it is; an answer about another one than is shown comes too late. */
export type PluginMessage = { readonly plugin: string } & (
  | { readonly type: "detail"; readonly answer: Answer<PluginDetail> }
  | { readonly type: "origin"; readonly answer: Answer<ResultOf<"config.show">> }
  | { readonly type: "settings"; readonly answer: Answer<PluginSettings> }
  | { readonly type: "reports"; readonly answer: Answer<CrashReport[]> }
  | {
      readonly type: "log";
      readonly lives: Lives;
      readonly lines: readonly LogLine[];
      readonly isReset: boolean;
      readonly dropped: number;
    }
  | Operated
);

export type PluginStep = Step<PluginScreenState, PluginMessage>;

/** Another plugin: nothing of the one before is shown, but how it was looked at stays. */
function shownPlugin(state: PluginScreenState, plugin: string | null): PluginScreenState {
  if (plugin === state.plugin) return state;
  return { ...initialPlugin, plugin, tab: state.tab, log: forgotten(state.log), asked: logOnly(state) };
}

/** A log that is read has to be ended, whatever else is forgotten. */
function logOnly({ asked }: PluginScreenState): PluginScreenState["asked"] {
  return asked.log === undefined ? {} : { log: asked.log };
}

/** Without an argument it keeps its plugin, as long as there is one of that name. */
export function opened(state: PluginScreenState, arg: unknown, { facts }: Scene): PluginScreenState {
  const { plugin, tab } = argumentOf(arg);
  const next = shownPlugin(state, plugin ?? existing(state.plugin, facts));
  return tab === undefined ? next : { ...next, tab };
}

function argumentOf(arg: unknown): { readonly plugin?: string; readonly tab?: Tab } {
  if (typeof arg !== "object" || arg === null) return {};
  const plugin = "plugin" in arg && typeof arg.plugin === "string" ? { plugin: arg.plugin } : {};
  const tab = "tab" in arg ? tabs.find((each) => each === arg.tab) : undefined;
  return { ...plugin, ...(tab === undefined ? {} : { tab }) };
}

function existing(plugin: string | null, { plugins }: Facts): string | null {
  if (plugins === null || plugins.some(({ id }) => id === plugin)) return plugin;
  return plugins[0]?.id ?? plugin;
}

/** A plugin of the list is shown as soon as there is one. */
export function chosen(state: PluginScreenState, { facts }: Scene): PluginScreenState {
  return state.plugin === null ? shownPlugin(state, existing(null, facts)) : state;
}

/** @param by 1: the next one of the list, -1: the one before */
export function neighbour(state: PluginScreenState, by: 1 | -1, { facts }: Scene): PluginScreenState {
  const plugins = facts.plugins ?? [];
  const at = plugins.findIndex(({ id }) => id === state.plugin);
  const next = plugins[(at + by + plugins.length) % Math.max(1, plugins.length)];
  return next === undefined ? state : shownPlugin(state, next.id);
}

export function took(state: PluginScreenState, message: PluginMessage): PluginScreenState {
  if (message.plugin !== state.plugin) return state;
  switch (message.type) {
    case "detail":
      return message.answer.ok ? { ...state, detail: message.answer.value } : state;
    case "origin": {
      const key = `plugins.${message.plugin}.command`;
      const entries = message.answer.ok ? message.answer.value.entries : [];
      return { ...state, origin: entries.find((each) => each.key === key)?.origin ?? null };
    }
    case "settings":
      return message.answer.ok ? { ...state, settings: message.answer.value } : state;
    case "reports":
      return message.answer.ok ? { ...state, reports: message.answer.value } : state;
    case "log": {
      if (message.lives !== state.log.lives) return state;
      const log = received(state.log, message.lines, message.isReset, message.dropped);
      return { ...state, log, hasLog: true };
    }
    case "operated":
      return state;
    default:
      return message satisfies never;
  }
}

/** Lines of the log that are there at once. */
const pastLines = 2000;
const pastReports = 200;

interface Wanted {
  readonly need: Need;
  /** Asked again when it changes. */
  readonly as: string;
  readonly effect: Effect<PluginMessage>;
}

/** With what the state needs to know and has not asked for yet: whatever led to the state, it is asked for here. */
export function withNeeds({ state, effects }: PluginStep, scene: Scene): PluginStep {
  const wanted = wantedBy(state, scene).filter(({ need, as }) => state.asked[need] !== as);
  const isReading = wantsLog(state, scene);
  const stop: Effect<PluginMessage>[] =
    !isReading && state.asked.log !== undefined ? [{ do: "stop_log" }] : [];
  if (wanted.length === 0 && stop.length === 0) return { state, effects };
  const { log, ...others } = state.asked;
  const before = isReading && log !== undefined ? { ...others, log } : others;
  const asked = { ...before, ...Object.fromEntries(wanted.map(({ need, as }) => [need, as])) };
  const hasLog = wanted.some(({ need }) => need === "log") || stop.length > 0 ? false : state.hasLog;
  return step({ ...state, asked, hasLog }, ...effects, ...stop, ...wanted.map(({ effect }) => effect));
}

/** What was only for the eyes ends. */
export function closed(state: PluginScreenState): PluginStep {
  const { log, ...asked } = state.asked;
  return log === undefined ? step(state) : step({ ...state, asked, hasLog: false }, { do: "stop_log" });
}

function wantsLog({ plugin, tab }: PluginScreenState, { facts }: Scene): boolean {
  return plugin !== null && tab === "logs" && facts.connection.state === "up";
}

function wantedBy(state: PluginScreenState, scene: Scene): Wanted[] {
  const { plugin, tab } = state;
  const { connection } = scene.facts;
  const status = statusOf(scene.facts, plugin);
  if (plugin === null || connection.state !== "up" || status === undefined) return [];
  const life = `${plugin} ${connection.since} ${status.generation} ${status.state}`;
  const described: Wanted = { need: "description", as: life, effect: { do: "describe", plugin } };
  switch (tab) {
    case "overview":
      return [
        {
          need: "detail",
          as: life,
          effect: control("plugin.status", { plugin }, (answer) => ({ type: "detail", plugin, answer })),
        },
        {
          need: "origin",
          as: `${plugin} ${connection.since}`,
          effect: control("config.show", {}, (answer) => ({ type: "origin", plugin, answer })),
        },
        ...(isDescribed(status)
          ? [
              described,
              {
                need: "settings" as const,
                as: life,
                effect: control("plugin.settings", { plugin }, (answer): PluginMessage => ({
                  type: "settings",
                  plugin,
                  answer,
                })),
              },
            ]
          : []),
      ];
    case "methods":
      return isDescribed(status) || state.methods.isWanted ? [described] : [];
    case "logs":
      return [logWanted(plugin, state.log.lives, connection.since)];
    case "crashes":
      return [
        {
          need: "reports",
          as: `${plugin} ${connection.since}`,
          effect: control("crash.list", { plugin, limit: pastReports }, (answer) => ({
            type: "reports",
            plugin,
            answer,
          })),
        },
      ];
    default:
      return tab satisfies never;
  }
}

/** Asking one that has never said what it is would start it: looking at a plugin must not do that. */
export function isDescribed({ state, apis }: PluginStatus): boolean {
  return state === "serving" || apis.length > 0;
}

function logWanted(plugin: string, lives: Lives, since: number): Wanted {
  const previous = { all: {}, current: { previous: 0 }, previous: { previous: 1 } }[lives];
  return {
    need: "log",
    as: `${plugin} ${since} ${lives}`,
    effect: {
      do: "log",
      query: { plugin, lines: pastLines, follow: lives !== "previous", ...previous },
      reply: (lines, isReset, dropped) => ({ type: "log", plugin, lives, lines, isReset, dropped }),
    },
  };
}
