import type { CrashReport } from "../../../protocol/state.ts";
import { about, examples } from "../context.ts";
import type { Define } from "../context.ts";
import { count } from "../count.ts";
import { table } from "../../text/columns.ts";
import type { Output } from "../output.ts";
import { decisionWords, reportLines } from "../../text/report-page.ts";
import { dateTime } from "../../text/words.ts";

interface Options {
  readonly plugin?: string;
  readonly limit?: number;
}

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead crashes", "the latest, newest first"],
    ["bulkhead crashes chaos-7-k3f9", "one report: what died, why, what was lost, what happens next"],
    ["bulkhead crashes --plugin chaos --limit 5", "of one plugin"],
    ["bulkhead crashes --json", "whole reports, one object a line"],
  ])
    .argument("[id]", "a report's id, or a unique beginning of it")
    .option("--plugin <plugin>", "only of this plugin")
    .option("--limit <n>", "at most so many", count(1, 10_000), 50)
    .action(async (id: string | undefined, { plugin, limit }: Options) => {
      const open = context();
      const { out } = open;
      if (id !== undefined) {
        const report = await (await open.daemon()).control("crash.get", { id });
        if (out.json) out.value(report);
        else for (const line of reportLines(report, out.style)) out.line(line);
        return;
      }
      const params = {
        ...(plugin === undefined ? {} : { plugin }),
        ...(limit === undefined ? {} : { limit }),
      };
      const list = async (): Promise<CrashReport[]> => (await open.daemon()).control("crash.list", params);
      const reports = await (plugin === undefined ? list() : about(open, plugin, list));
      if (out.json) for (const report of reports) out.value(report);
      else if (reports.length > 0) for (const line of crashLines(reports, out)) out.line(line);
      else out.note("no crashes on record");
    });
};

export function crashLines(
  reports: readonly CrashReport[],
  { style, width }: Pick<Output, "style" | "width">,
): string[] {
  // The decision comes last on the line, but it is the summary that may be cut.
  const rows = reports.map((report) => [
    report.id,
    dateTime(report.at),
    report.plugin,
    report.class,
    String(report.lostCallCount),
    decisionWords(report.decision, true),
    report.durable ? report.summary : `(not yet on disk) ${report.summary}`,
  ]);
  return table(["ID", "WHEN", "PLUGIN", "CLASS", "LOST", "DECISION", "SUMMARY"], rows, style, width);
}
