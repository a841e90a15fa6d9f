import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import type { PluginStats } from "../../../protocol/control-results.ts";
import type { PluginStatus } from "../../../protocol/state.ts";
import type { Client } from "../../client/client.ts";
import { about, examples, Interrupted } from "../context.ts";
import type { Define } from "../context.ts";
import { table } from "../../text/columns.ts";
import type { Output } from "../output.ts";
import { callRate, cpuShare, latency, memory } from "../../text/stats-words.ts";
import { stateCell } from "../../text/status-words.ts";

/** Between two tables, milliseconds. */
const everyMs = 1000;
/** The daemon takes no two samples within half a second, and a share of CPU is what lies between two. */
const secondSampleMs = 600;

export interface Figures {
  readonly plugins: readonly PluginStatus[];
  readonly stats: readonly PluginStats[];
}

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead stats", "calls and latency of the last minute, memory and CPU of now"],
    ["bulkhead stats min -f", "of one plugin, every second"],
    ["bulkhead stats -f --json", "one object a line, with the calls of each of the last 60 seconds"],
  ])
    .argument("[plugin]")
    .option("-f, --follow", "every second until Ctrl-C")
    .action(async (plugin: string | undefined, { follow }: { readonly follow?: boolean }) => {
      const open = context();
      const { out } = open;
      const show = screen(out);
      const run = async (daemon: Client): Promise<void> => {
        if (follow !== true) {
          const figures = await settled(daemon, plugin);
          show(figures);
          if (figures.stats.length === 0) out.note("no plugins");
          return;
        }
        const signal = open.interrupt();
        while (!signal.aborted) {
          show(await read(daemon, plugin));
          await delay(everyMs, undefined, { signal }).catch(() => undefined);
        }
        throw new Interrupted();
      };
      await (plugin === undefined ? run(await open.daemon()) : about(open, plugin, run));
    });
};

async function read(daemon: Client, plugin: string | undefined): Promise<Figures> {
  const [plugins, stats] = await Promise.all([
    daemon.control("plugin.list"),
    daemon.control("plugin.stats", plugin === undefined ? {} : { plugin }),
  ]);
  return { plugins, stats };
}

/** The sample before may be from yesterday, or there is none: two that belong together. */
async function settled(daemon: Client, plugin: string | undefined): Promise<Figures> {
  const first = await read(daemon, plugin);
  if (first.stats.every(({ process }) => process === null)) return first;
  await delay(secondSampleMs);
  return read(daemon, plugin);
}

/** Prints figures below each other; on a terminal, each in place of those before. */
export function screen(out: Output): (figures: Figures) => void {
  let rows = 0;
  return (figures) => {
    if (out.json) {
      for (const each of figures.stats) out.value(each);
      return;
    }
    const lines = statsLines(figures, out, Date.now());
    // In one write, so that nobody sees half of it: up to where the last one began, and all below it cleared.
    out.line((rows === 0 ? "" : `\u001b[${rows}A\u001b[J`) + lines.join("\n"));
    if (out.terminal) rows = lines.reduce((sum, line) => sum + rowsOf(line, out.width), 0);
  };
}

export function statsLines(
  { plugins, stats }: Figures,
  { style, width }: Pick<Output, "style" | "width">,
  now: number,
): string[] {
  const statuses = new Map(plugins.map((plugin) => [plugin.id, plugin]));
  const rows = stats.map((each) => {
    const { errors, p50, p99 } = each.recent;
    const status = statuses.get(each.plugin);
    return [
      each.plugin,
      // It may have gone between the two answers.
      status === undefined ? "-" : stateCell(status, now),
      callRate(each),
      latency(p50),
      latency(p99),
      errors === 0 ? "0" : ({ text: String(errors), style: "red" } as const),
      memory(each),
      cpuShare(each),
    ];
  });
  return table(["NAME", "STATE", "CALLS/S", "P50", "P99", "ERRORS", "MEMORY", "CPU"], rows, style, width);
}

/** On the screen, where a long line goes on below. */
function rowsOf(line: string, width: number | undefined): number {
  const { length } = stripVTControlCharacters(line);
  return width === undefined ? 1 : Math.max(1, Math.ceil(length / width));
}
