import { BulkheadError } from "../../../protocol/error.ts";
import type { CrashReport, QuarantinedCall } from "../../../protocol/state.ts";
import { about, examples } from "../context.ts";
import type { Context, Define } from "../context.ts";
import { count } from "../count.ts";
import { table } from "../../text/columns.ts";
import type { Output } from "../output.ts";
import { decisionWords, reportLines } from "../../text/report-page.ts";
import { terminalLine } from "../../text/sanitize.ts";
import { dateTime } from "../../text/words.ts";

interface Options {
  readonly plugin?: string;
  readonly limit?: number;
  readonly quarantine?: true;
  readonly release?: string;
  readonly all?: true;
}

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead crashes", "the latest, newest first"],
    ["bulkhead crashes chaos-7-k3f9", "one report: what died, why, what was lost, what happens next"],
    ["bulkhead crashes --plugin chaos --limit 5", "of one plugin"],
    ["bulkhead crashes --json", "whole reports, one object a line"],
    ["bulkhead crashes --quarantine", "calls that may have killed their plugin, and those that are refused"],
    ["bulkhead crashes --release chaos-0a1b2c3d4e", "let one of them go; --quarantine --all: all of them"],
  ])
    .argument("[id]", "a report's id, or a unique beginning of it")
    .option("--plugin <plugin>", "only of this plugin")
    .option("--limit <n>", "at most so many", count(1, 10_000), 50)
    .option("--quarantine", "calls that are held back because they may kill their plugin")
    .option("--release <id>", "let such a call go, by the beginning of its id")
    .option("--all", "with --quarantine: let all of them go")
    .action(async (id: string | undefined, options: Options) => {
      const open = context();
      const { out } = open;
      const { plugin, limit } = options;
      if (options.quarantine === true || options.release !== undefined || options.all === true) {
        return quarantine(open, id, options);
      }
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

async function quarantine(open: Context, id: string | undefined, options: Options): Promise<void> {
  const { out } = open;
  const { plugin, release, all } = options;
  if (id !== undefined) throw BulkheadError.of("usage", "a report's id has no place beside --quarantine");
  const daemon = await open.daemon();
  if (release === undefined && all !== true) {
    const list = (): Promise<QuarantinedCall[]> =>
      daemon.control("quarantine.list", plugin === undefined ? {} : { plugin });
    const calls = await (plugin === undefined ? list() : about(open, plugin, list));
    if (out.json) for (const call of calls) out.value(call);
    else if (calls.length > 0) for (const line of quarantineLines(calls, out)) out.line(line);
    else out.note("no call is held back");
    return;
  }
  if (plugin !== undefined) throw BulkheadError.of("usage", "--plugin is for the list");
  if (release !== undefined && all === true) throw BulkheadError.of("usage", "either --release or --all");
  const released = await daemon.control(
    "quarantine.release",
    release === undefined ? { all: true } : { id: release },
  );
  if (out.json) for (const call of released) out.value(call);
  else if (released.length === 0) out.note("no call was held back");
  else
    for (const call of released)
      out.line(`${call.id}: ${terminalLine(`${call.plugin}/${call.method}`)} is let go`);
}

export function quarantineLines(
  calls: readonly QuarantinedCall[],
  { style, width }: Pick<Output, "style" | "width">,
): string[] {
  const rows = calls.map(({ id, plugin, method, standing, crashes, at, reports }) => [
    id,
    plugin,
    method,
    { suspect: "one at a time", trial: "to be tried alone", guilty: "refused" }[standing],
    String(crashes),
    dateTime(at),
    reports.join(" "),
  ]);
  return table(["ID", "PLUGIN", "METHOD", "IT IS", "CRASHES", "LAST", "REPORTS"], rows, style, width);
}

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
