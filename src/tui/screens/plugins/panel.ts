/** What stands below the table: the selected plugin in words, and what would help it. Pure. */
import type { PluginStats } from "../../../../protocol/control-results.ts";
import type { PluginStatus } from "../../../../protocol/state.ts";
import { terminalLine } from "../../../text/sanitize.ts";
import { callRate, cpuShare, latency, memory } from "../../../text/stats-words.ts";
import { helpOf, whyOf } from "../../../text/status-words.ts";
import { ago, duration, plural } from "../../../text/words.ts";
import { cut, widthOf } from "../../parts/fit.ts";
import { labelledLines } from "../../parts/labelled.ts";
import type { Labelled } from "../../parts/labelled.ts";
import { condensed, sparkline } from "../../parts/sparkline.ts";
import { tone } from "../../theme.ts";
import { stateTones } from "./columns.ts";
import type { PluginRow } from "./columns.ts";

const labelWidth = 7;

/** At most so many lines; what matters most comes first. @param isOld it is no longer true */
export function panelLines(
  row: PluginRow,
  now: number,
  width: number,
  rows: number,
  isOld: boolean,
): string[] {
  if (rows <= 0) return [];
  const fields = panelFields(row, now, width);
  const shown = isOld ? fields.map((each) => ({ ...each, tone: "dim" as const })) : fields;
  return [rule(titleOf(row.status), width), ...labelledLines(shown, width, labelWidth)].slice(0, rows);
}

function rule(title: string, width: number): string {
  const text = cut(terminalLine(title), width - 4);
  return `${tone("dim", "──")} ${tone("strong", text)} ${tone("dim", "─".repeat(Math.max(0, width - widthOf(text) - 4)))}`;
}

function titleOf({ id, version }: PluginStatus): string {
  return version === null ? id : `${id} ${version}`;
}

function panelFields({ status, stats }: PluginRow, now: number, width: number): Labelled[] {
  const { error, lastCrash } = status;
  return [
    { label: "state", text: stateWords(status, now), tone: stateTones[status.state], most: 2 },
    ...(error === null
      ? []
      : ([
          { label: "error", text: `${error.message} [${error.code}]`, tone: "plain", most: 3 },
          { label: "help", text: nextWords(status), tone: "accent", most: 2 },
        ] satisfies Labelled[])),
    ...(lastCrash === null || lastCrash.summary === error?.message
      ? []
      : [{ label: "crash", text: `${ago(lastCrash.at, now)}: ${lastCrash.summary}`, most: 2 }]),
    { label: "calls", text: callWords(status, stats, width), most: 1 },
    ...((stats?.process ?? null) === null || stats === undefined
      ? []
      : [{ label: "uses", text: processWords(stats), most: 1 }]),
    { label: "is", text: whatWords(status), tone: "dim", most: 2 },
  ];
}

/** `backoff, next try in 12s: 3rd failure in 10 minutes`. */
export function stateWords(status: PluginStatus, now: number): string {
  const { state, pid, readySince, retryAt, restarts, generation } = status;
  // `disabled: by the operator`, and the word not twice.
  const why = whyOf(status).replace(new RegExp(`^${state} (?=by )`), "");
  const parts = [
    readySince === null ? state : `${state} for ${duration(now - readySince)}`,
    ...(state === "backoff" && retryAt !== null
      ? [`next try in ${duration(Math.max(0, retryAt - now))}`]
      : []),
    ...(pid === null ? [] : [`pid ${pid}`]),
    ...(generation > 1 ? [`life ${generation}`] : []),
    ...(restarts > 0 ? [`${plural(restarts, "restart")} after crashes`] : []),
  ];
  const reason = state === "idle" ? [why, "a call starts it"].filter(Boolean).join("; ") : why;
  return reason === "" || state === "serving" ? parts.join(", ") : `${parts.join(", ")}: ${reason}`;
}

/** What would help, and how it goes on from there. */
export function nextWords({ id, error, state }: PluginStatus): string {
  if (error === null) return "";
  const help = helpOf(error, id);
  if (state !== "failed" || help.includes("bulkhead start")) return help;
  return `${help.replace(/[.]?$/, ".")} Then: bulkhead start ${id}`;
}

/** The last minute in bars, a dot where there was no call, and in figures. */
export function callWords({ calls }: PluginStatus, stats: PluginStats | undefined, width: number): string {
  const { answered, failed, inFlight, waiting } = calls;
  const open = inFlight + waiting;
  const sum = [
    ...(open === 0 ? [] : [`${open} under way`]),
    `${answered} answered`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ].join(", ");
  if (stats === undefined || stats.recent.calls === 0) {
    return answered + failed + open === 0 ? "none yet" : `none in the last minute; ${sum}`;
  }
  const { p50, p99, errors } = stats.recent;
  const bars = sparkline(condensed(stats.perSecond, width < 120 ? 20 : 60), width < 120 ? 20 : 60);
  const times = p99 === null ? "" : `, p50 ${latency(p50)}, p99 ${latency(p99)}`;
  const wrong = errors === 0 ? "" : `, ${plural(errors, "error")}`;
  return `${bars.replaceAll(" ", "·")} ${callRate(stats)}/s${times}${wrong}; ${sum}`;
}

function processWords(stats: PluginStats): string {
  const { process } = stats;
  const count = process === null || process.count === 1 ? "" : ` in ${process.count} processes`;
  const cpu = cpuShare(stats);
  return `${memory(stats)}${count}${cpu === "-" ? "" : `, ${cpu} of a core`}`;
}

function whatWords({ apis, profile, executable }: PluginStatus): string {
  const offered = apis.map(({ name, version }) => `${name} ${version}`).join(", ");
  const parts = [
    ...(offered === "" ? [] : [offered]),
    ...(profile === "debug" ? ["a debug build: slow and large"] : []),
    executable,
  ];
  return parts.join(" · ");
}
