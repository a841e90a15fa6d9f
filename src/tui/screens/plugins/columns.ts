/** The table of all plugins. Pure. */
import type { PluginStats } from "../../../../protocol/control-results.ts";
import type { PluginState, PluginStatus } from "../../../../protocol/state.ts";
import { terminalLine } from "../../../text/sanitize.ts";
import { callRate, cpuShare, latency, memory } from "../../../text/stats-words.ts";
import { stateCell, troubleOf } from "../../../text/status-words.ts";
import { duration } from "../../../text/words.ts";
import { widthOf } from "../../parts/fit.ts";
import { condensed, sparkline } from "../../parts/sparkline.ts";
import type { Column, TableCell } from "../../parts/table.ts";
import type { Tone } from "../../theme.ts";
import type { Order } from "./list.ts";

export interface PluginRow {
  readonly status: PluginStatus;
  readonly stats: PluginStats | undefined;
}

/** States tell by their words; the tone helps. */
export const stateTones: Readonly<Record<PluginState, Tone>> = {
  idle: "dim",
  starting: "warn",
  serving: "good",
  backoff: "warn",
  failed: "bad",
  stopped: "dim",
  disabled: "dim",
};

interface Looks {
  readonly width: number;
  readonly order: Order;
  readonly now: number;
  /** Of all plugins, so that columns do not jump as the list scrolls. */
  readonly ids: readonly string[];
  /** They are no longer true. */
  readonly isOld: boolean;
}

/** Seconds in each of the bars. */
function barsFor(width: number): number {
  if (width < 140) return 12;
  return width < 180 ? 20 : 30;
}

/** Of the columns that a narrow terminal has; the others would only take from what there is to read. */
const lastNarrowRank = 6;

/** Columns go in the order of their ranks, the highest first: in 80 columns seven of them are left. */
export function pluginColumns({ width, order, now, ids, isOld }: Looks): Column<PluginRow>[] {
  const look = (tone: Tone): Tone => (isOld ? "dim" : tone);
  const cell = (text: string, tone: Tone = "plain"): TableCell => ({ text, tone: look(tone) });
  const titled = (title: string, of: Order): string => (order === of ? `${title}↓` : title);
  const figure = (stats: PluginStats | undefined, words: (stats: PluginStats) => string): TableCell => {
    const text = stats === undefined ? "-" : words(stats);
    return cell(text, text === "-" || text === "0" || text === "0%" ? "dim" : "plain");
  };
  const longest = Math.max(4, Math.floor(width / 4));
  const columns: Column<PluginRow>[] = [
    {
      title: "NAME",
      min: Math.min(longest, Math.max(...ids.map((id) => widthOf(terminalLine(id))), 4)),
      max: longest,
      cell: ({ status }) => cell(status.id, "strong"),
    },
    {
      title: titled("STATE", "state"),
      min: 8,
      rank: 1,
      cell: ({ status }) => cell(stateCell(status, now).text, stateTones[status.state]),
    },
    {
      title: "PID",
      align: "right",
      min: 7,
      rank: 11,
      cell: ({ status: { pid } }) => (pid === null ? cell("-", "dim") : cell(String(pid))),
    },
    {
      title: "UPTIME",
      align: "right",
      min: 7,
      rank: 6,
      cell: ({ status: { readySince } }) =>
        readySince === null ? cell("-", "dim") : cell(duration(now - readySince)),
    },
    {
      title: "RESTARTS",
      align: "right",
      rank: 8,
      cell: ({ status: { restarts, recentFailures } }) =>
        cell(
          recentFailures === 0 ? String(restarts) : `${restarts} (${recentFailures} recent)`,
          recentFailures > 0 ? "warn" : restarts === 0 ? "dim" : "plain",
        ),
    },
    {
      title: titled("CALLS/S", "calls"),
      align: "right",
      min: 7,
      rank: 3,
      cell: ({ stats }) => figure(stats, callRate),
    },
    {
      title: "LAST MINUTE",
      min: barsFor(width),
      rank: 9,
      cell: ({ stats }) =>
        cell(sparkline(condensed(stats?.perSecond ?? [], barsFor(width)), barsFor(width)), "accent"),
    },
    {
      title: "P50",
      align: "right",
      min: 5,
      rank: 10,
      cell: ({ stats }) => figure(stats, ({ recent }) => latency(recent.p50)),
    },
    {
      title: titled("P99", "p99"),
      align: "right",
      min: 5,
      rank: 4,
      cell: ({ stats }) => figure(stats, ({ recent }) => latency(recent.p99)),
    },
    {
      title: titled("ERRORS", "errors"),
      align: "right",
      rank: 7,
      cell: ({ stats }) => {
        const errors = stats?.recent.errors ?? 0;
        return cell(String(errors), errors === 0 ? "dim" : "bad");
      },
    },
    {
      title: titled("MEMORY", "memory"),
      align: "right",
      min: 8,
      rank: 5,
      cell: ({ stats }) => figure(stats, memory),
    },
    {
      title: "CPU",
      align: "right",
      min: 4,
      rank: 9,
      cell: ({ stats }) => figure(stats, cpuShare),
    },
    {
      title: titled("LAST CRASH", "crash"),
      grows: true,
      // In a wide terminal there is something to read before the lesser columns come.
      min: width < 100 ? 10 : 26,
      rank: 2,
      cell: ({ status }) => {
        const trouble = troubleOf(status, now);
        if (trouble === undefined) return cell("-", "dim");
        return cell(
          trouble,
          status.state === "failed" ? "bad" : status.state === "backoff" ? "warn" : "plain",
        );
      },
    },
  ];
  return width < 100 ? columns.filter(({ rank = 0 }) => rank <= lastNarrowRank) : columns;
}
