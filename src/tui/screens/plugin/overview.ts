/** Everything that is known about one plugin. Pure. */
import type { Described } from "../../../../protocol/caller.ts";
import type {
  PluginDetail,
  PluginSetting,
  PluginSettings,
  PluginStats,
} from "../../../../protocol/control-results.ts";
import type { PluginStatus } from "../../../../protocol/state.ts";
import { jsonText, terminalLine } from "../../../text/sanitize.ts";
import {
  aliasWords,
  isolationWords,
  limitWords,
  processLimitWords,
  restartWords,
  sandboxWords,
  timeoutWords,
  usageLimitWords,
} from "../../../text/spec-words.ts";
import { cpuShare, memory } from "../../../text/stats-words.ts";
import { versionCell } from "../../../text/status-words.ts";
import { ago, dateTime, duration, plural } from "../../../text/words.ts";
import { cut, fit, widthOf } from "../../parts/fit.ts";
import { labelledLines } from "../../parts/labelled.ts";
import type { Labelled } from "../../parts/labelled.ts";
import { condensed, sparkline } from "../../parts/sparkline.ts";
import { tone } from "../../theme.ts";
import { stateTones } from "../plugins/columns.ts";
import { callWords, nextWords, stateWords } from "../plugins/panel.ts";

/** As far as each of them is known yet. */
export interface Known {
  readonly status: PluginStatus;
  readonly stats: PluginStats | undefined;
  readonly detail: PluginDetail | null;
  readonly described: Described | undefined;
  readonly settings: PluginSettings | null;
  /** Where its entry stands: `bulkhead.toml:12`. */
  readonly origin: string | null;
  readonly now: number;
}

const labelWidth = 11;
/** From here on there is room for two columns that can be read. */
const twoColumns = 150;
const gap = 3;

export function overviewLines(known: Known, width: number): string[] {
  const sections = [
    nowRows,
    workRows,
    identityRows,
    contractRows,
    boundRows,
    sandboxRows,
    isolationRows,
    settingRows,
  ];
  const titles = [
    "Now",
    "Work",
    "What it is",
    "Contract",
    "How it is run",
    "Sandbox",
    "Isolation",
    "Settings",
  ];
  const drawn = (from: number, to: number, room: number): string[] =>
    sections.slice(from, to).flatMap((rows, at) => {
      const lines = labelledLines(rows(known, room), room, labelWidth);
      const before = at === 0 ? [] : [""];
      return lines.length === 0
        ? []
        : [...before, tone("title", cut(titles[from + at] ?? "", room)), ...lines];
    });
  if (width < twoColumns) return drawn(0, sections.length, width);
  const half = Math.floor((width - gap) / 2);
  return beside(drawn(0, 4, half), drawn(4, sections.length, half), half);
}

function beside(left: readonly string[], right: readonly string[], width: number): string[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, at) => {
    const one = left[at] ?? "";
    return `${one}${" ".repeat(Math.max(0, width - widthOf(one)) + gap)}${right[at] ?? ""}`.trimEnd();
  });
}

type Rows = (known: Known, width: number) => readonly Labelled[];

/** What is not known, or is nothing, has no line. */
function row(label: string, text: string | null | undefined, tone: Labelled["tone"] = "plain"): Labelled[] {
  return text === null || text === undefined || text === "" ? [] : [{ label, text, tone }];
}

const nowRows: Rows = ({ status, now }) => {
  const { error, lastCrash, readySince, generation, restarts, recentFailures, guardPid } = status;
  const life = `number ${generation}, ${plural(restarts, "restart")} after crashes, ${plural(recentFailures, "failure")} within the window`;
  return [
    ...row("state", stateWords(status, now), stateTones[status.state]),
    ...row("error", error === null ? null : `${error.message} [${error.code}]`, "bad"),
    ...row("help", nextWords(status), "accent"),
    ...row("ready", readySince === null ? null : `since ${dateTime(readySince)}`),
    ...row("guard", guardPid === null ? null : `pid ${guardPid}`),
    ...row("life", generation === 0 ? "none yet" : life),
    ...row(
      "last crash",
      lastCrash === null ? null : `${ago(lastCrash.at, now)}: ${lastCrash.summary} (report ${lastCrash.id})`,
    ),
  ];
};

const workRows: Rows = ({ status, stats }, width) => {
  const room = Math.max(10, Math.min(60, width - labelWidth - 1));
  const bars = sparkline(condensed(stats?.perSecond ?? [], room), room);
  const process = stats?.process ?? null;
  return [
    ...row("last minute", bars.trim() === "" ? null : bars.replaceAll(" ", "·"), "accent"),
    // The bars stand above.
    ...row("calls", callWords(status, stats, width).replace(/^[·▁-█]+ /, "")),
    ...row(
      "uses",
      stats === undefined || process === null
        ? null
        : `${memory(stats)} of memory, ${cpuShare(stats)} of a core, ${process.count === 1 ? "one process" : `${process.count} processes`}; ${duration(process.cpuMicros / 1000)} of CPU time up to now`,
    ),
    ...(status.subscriptions ?? []).flatMap(({ event, state, failures, delivered, dropped }) =>
      row(
        "told of",
        `${event}: ${state === "on" ? "" : "ended, "}${delivered} delivered, ${dropped} dropped, ${plural(failures, "failure")} in a row`,
        state === "on" ? "plain" : "bad",
      ),
    ),
  ];
};

const identityRows: Rows = ({ status, detail, described, origin }) => {
  const build = described?.build;
  return [
    ...row(
      "version",
      `${versionCell(status).text}${status.profile === "debug" ? ": a debug build is slow and large" : ""}`,
      status.profile === "debug" ? "warn" : "plain",
    ),
    ...row("language", [build?.language, build?.compiler].filter(Boolean).join(", ")),
    ...row("build", [build?.profile, build?.target].filter(Boolean).join(", ")),
    ...row("sdk", build?.sdk),
    ...row("protocol", described === undefined ? null : String(described.protocol)),
    ...row("executable", status.executable),
    ...row("args", detail?.args === undefined || detail.args.length === 0 ? null : jsonText(detail.args)),
    ...row("directory", detail?.cwd),
    ...row("sha256", status.sha256),
    ...row("data", detail?.dataDir),
    ...row("defined in", detail?.origin ?? origin),
  ];
};

const contractRows: Rows = ({ status, detail, described }) => {
  const needs = described?.needs ?? [];
  return [
    ...row(
      "apis",
      status.apis.map(({ name, version }) => `${name} ${version}`).join(", ") || "not known yet",
    ),
    ...row("required", detail?.required?.map(({ name, range }) => `${name} ${range}`).join(", ")),
    ...row("aliases", aliasWords(detail?.aliases)),
    ...needs.flatMap(({ service, range, optional }) =>
      row(optional === true ? "can use" : "needs", `${service} ${range}${grantWords(detail, service)}`),
    ),
    ...row(
      "may use",
      detail?.granted === undefined ? null : detail.granted.services.join(", ") || "nothing of its host",
    ),
    ...row("may call", detail?.granted?.calls.join(", ")),
    ...row(
      "exclusive",
      described?.exclusive === true ? "never two of it at once: replaced stop first" : null,
    ),
  ];
};

function grantWords(detail: PluginDetail | null, service: string): string {
  if (detail?.granted === undefined) return "";
  const isGranted = detail.granted.services.some(
    (each) => each === service || service.startsWith(`${each}.`),
  );
  return isGranted ? "" : ": not granted";
}

const boundRows: Rows = ({ detail }) => [
  ...row("restart", detail?.restart === undefined ? null : restartWords(detail.restart)),
  ...row("timeouts", detail?.timeouts === undefined ? null : timeoutWords(detail.timeouts)),
  ...row("limits", detail?.limits === undefined ? null : limitWords(detail.limits)),
  ...row(
    "process",
    detail?.limits === undefined
      ? null
      : (processLimitWords(detail.limits.process) ?? "no limits of its own"),
  ),
  ...row("together", detail?.limits === undefined ? null : usageLimitWords(detail.limits.usage)),
];

const sandboxRows: Rows = ({ status: { sandbox } }) => {
  if (sandbox === undefined) return [];
  const walls = sandbox.enforced.flatMap(({ item, holds, why }) =>
    row(holds ? "yes" : "NO", `${item}: ${why}`, holds ? "plain" : "warn"),
  );
  return [...row("asked for", sandboxWords(sandbox)), ...walls];
};

const isolationRows: Rows = ({ detail }) =>
  Object.entries(detail?.isolation ?? {}).flatMap(([name, holds]) =>
    row(holds ? "yes" : "NO", isolationWords(name), holds ? "plain" : "warn"),
  );

const settingRows: Rows = ({ settings }, width) => {
  if (settings === null) return [];
  if (settings.settings.length === 0)
    return row("none", settings.schema === null ? "it describes none" : "it has none");
  const longest = Math.max(...settings.settings.map(({ key }) => widthOf(terminalLine(key))));
  // Keys that are longer than a label stand in the text.
  const isWide = longest > labelWidth;
  return settings.settings.map((setting): Labelled => {
    const { key } = setting;
    const words = settingWords(setting);
    if (!isWide) return { label: key, text: words, most: 3 };
    return {
      label: "",
      text: `${fit(terminalLine(key), Math.min(longest, Math.floor(width / 3)))} ${words}`,
      most: 3,
    };
  });
};

function settingWords({ value, type, origin, required, description = "" }: PluginSetting): string {
  const shown =
    value === undefined ? (required ? "missing" : "unset") : type === "secret" ? "(secret)" : jsonText(value);
  const from = origin === "unset" ? "" : ` (${origin})`;
  const [what = ""] = description.split("\n", 1);
  return `${shown}${from}${what === "" ? "" : `  ${what}`}`;
}
