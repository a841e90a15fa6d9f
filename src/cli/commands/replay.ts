import { createInterface } from "node:readline/promises";
import type { PluginSpec } from "../../../protocol/config.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import type { CrashReport } from "../../../protocol/state.ts";
import type { ReplayCall, ReplayPlan, Verdict } from "../../core/replay.ts";
import type { Trial } from "../../supervisor/replay.ts";
import { terminalLine } from "../../text/sanitize.ts";
import { shellWords } from "../../text/shell-words.ts";
import { dateTime, plural } from "../../text/words.ts";
import { examples } from "../context.ts";
import type { Context, Define } from "../context.ts";
import { count } from "../count.ts";
import { exit } from "../exit.ts";
import { milliseconds } from "../milliseconds.ts";

interface Options {
  readonly call?: number;
  readonly under?: string;
  readonly timeout: string;
  readonly yes?: true;
}

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead replay chaos-7-k3f9", "the calls that were in flight: all together, then each alone"],
    ["bulkhead replay chaos-7-k3f9 --call 2", "the second call of the report only"],
    ['bulkhead replay chaos-7-k3f9 --under "valgrind --error-exitcode=9"', "under another program"],
    ["bulkhead replay chaos-7-k3f9 --yes --json", "without a question, for a script"],
  ])
    .argument("<crash>", "a report's id, or a unique beginning of it")
    .option("--call <n>", "only this one, as the report lists them, from 1", count(1, 100))
    .option("--under <command>", "run the plugin under this program, such as a debugger; no shell reads it")
    .option("--timeout <time>", "how long the calls may take", "60s")
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      "\nThe plugin's file as it is now runs as it is configured, in a process of its own with an empty data directory; what\n" +
        "serves goes on. The calls have their effects on everything else.\n" +
        "Exit status 0 if it does not crash any more, 6 if it does, 2 if nothing can be replayed.",
    )
    .action((id: string, options: Options) => replay(context(), id, options));
};

async function replay(open: Context, id: string, options: Options): Promise<void> {
  const { out } = open;
  const under = shellWords(options.under ?? "");
  if (under === undefined) throw BulkheadError.of("usage", "--under: a quote is not closed");
  if (options.under !== undefined && under.length === 0) throw BulkheadError.of("usage", "--under: is empty");
  const patienceMs = (await milliseconds(options.timeout, "--timeout")) ?? 0;
  const daemon = await open.daemon();
  const report = await daemon.control("crash.get", { id });
  const { stateDir, socket } = await daemon.control("daemon.status");
  open.plugin = report.plugin;

  const { replayPlan, verdictOf } = await import("../../core/replay.ts");
  const { runTrial, trialSpec } = await import("../../supervisor/replay.ts");
  const plan = replayPlan(report, options.call);
  const configured = await specOf(open, report.plugin);
  const spec = trialSpec(configured, under);
  const sha256 = await ask(open, report, plan, { configured, spec, yes: options.yes === true });
  // What was shown is what runs; a program around it opens the file by itself.
  const shown = under.length === 0 ? { ...spec, sha256: spec.sha256 ?? sha256 } : spec;

  const signal = open.interrupt();
  const trials: Trial[] = [];
  const run = async (calls: readonly ReplayCall[]): Promise<Trial> => {
    const trial = await runTrial(shown, calls, {
      patienceMs,
      signal,
      exitCounts: under.length > 0,
      hidden: [stateDir, socket],
    });
    trials.push(trial);
    const made = calls.filter(({ n }) => trial.calls.includes(n));
    tell(open, made, trial, under.length > 0);
    return trial;
  };
  if (!out.json) out.line(`report ${terminalLine(report.id)}: ${terminalLine(report.summary)}`);
  const together = await run(plan.calls);
  const done = withoutUnknown(plan, together, report.plugin);
  for (const each of done.left.slice(plan.left.length)) noteLeft(open, each);
  const alone: number[] = [];
  if (together.crashed && done.calls.length > 1) {
    for (const call of done.calls) if ((await run([call])).crashed) alone.push(call.n);
  }
  const verdict = verdictOf(done.calls, together.crashed, alone);
  if (verdict.kind !== "none") open.exitCode = exit.crashed;
  if (out.json) out.value({ report: report.id, summary: report.summary, verdict, left: done.left, trials });
  else out.line(verdictWords(verdict, done));
}

/** What the plugin has no method for, such as an event that it was told, was not made: it is not harmless for that. */
function withoutUnknown({ calls, left }: ReplayPlan, { calls: made }: Trial, plugin: string): ReplayPlan {
  const unknown = calls.filter(({ n }) => !made.includes(n));
  const why = `${plugin} has no such method any more`;
  return {
    calls: calls.filter(({ n }) => made.includes(n)),
    left: [...left, ...unknown.map(({ n, method }) => ({ n, method, why }))],
  };
}

function noteLeft({ out }: Context, { n, method, why }: ReplayPlan["left"][number]): void {
  out.note(`call ${n}, ${terminalLine(method)}, can't be replayed: ${terminalLine(why)}`);
}

/** From the file that the daemon has read: settings and grants are the plugin's own, and no client is told them. */
async function specOf(open: Context, plugin: string): Promise<PluginSpec> {
  const { configFile } = await (await open.daemon()).control("daemon.status");
  const { formatProblem, loadConfig } = await import("../../io/config/config.ts");
  const loaded = await loadConfig(configFile, { env: process.env });
  if (!loaded.ok) throw BulkheadError.of("invalid_config", loaded.problems.map(formatProblem).join("\n"));
  const spec = loaded.config.plugins.find(({ id }) => id === plugin);
  if (spec !== undefined) return spec;
  throw BulkheadError.of(
    "plugin_not_found",
    `${plugin} is not in ${configFile ?? "the configuration"} any more`,
  );
}

async function ask(
  open: Context,
  report: CrashReport,
  { calls, left }: ReplayPlan,
  { configured, spec, yes }: { configured: PluginSpec; spec: PluginSpec; yes: boolean },
): Promise<string> {
  const { out } = open;
  for (const each of left) noteLeft(open, each);
  if (calls.length === 0) {
    const message =
      left.length > 0 ? "none of its calls can be replayed as they were" : "no such call was in flight";
    throw BulkheadError.of("usage", `${report.id}: ${message}`);
  }
  const { openExecutable } = await import("../../io/process/executable.ts");
  const opened = await openExecutable(
    configured.command,
    undefined,
    AbortSignal.timeout(configured.timeouts.handshakeMs),
  );
  if (!opened.ok) throw BulkheadError.of(opened.failure.code, opened.failure.message);
  await opened.executable.close();
  const { sha256 } = opened.executable;
  const known = report.executable.sha256;
  out.note(`${report.plugin} crashed at ${dateTime(report.at)}: ${terminalLine(report.summary)}`);
  out.note(`to run: ${terminalLine([spec.command, ...spec.args].join(" "))}`);
  out.note(`  sha256 ${sha256}${known === sha256 ? ", as in the report" : ""}`);
  if (known !== sha256)
    out.note(out.styleTalk("yellow", `  not the file that crashed: that was ${known ?? "not hashed"}`));
  out.note(`${plural(calls.length, "call")}, with all that they do outside the plugin:`);
  for (const { n, method, params } of calls)
    out.note(`  ${n}  ${terminalLine(`${method} ${(params ?? "").slice(0, 200)}`)}`);
  if (yes) return sha256;
  if (out.json || !process.stdin.isTTY || !out.talksToTerminal) {
    throw BulkheadError.of("usage", "there is nobody to ask whether to run them: say --yes");
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question("Run them? [y/N] ");
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw BulkheadError.of("cancelled", "nothing was run");
  return sha256;
}

function tell({ out }: Context, calls: readonly ReplayCall[], trial: Trial, isUnder: boolean): void {
  if (out.json) return;
  const [only] = calls;
  const what =
    calls.length === 1 && only !== undefined
      ? `call ${only.n}, ${only.method}`
      : `${calls.length} calls together`;
  if (isUnder) for (const line of trial.stderr) out.line(`  | ${terminalLine(line)}`);
  out.line(`${terminalLine(what)}: ${terminalLine(trial.summary)}`);
}

function verdictWords(verdict: Verdict, { calls, left }: ReplayPlan): string {
  const more = left.length === 0 ? "" : `; ${plural(left.length, "call")} could not be replayed`;
  switch (verdict.kind) {
    case "none":
      return `It does not crash any more${more}.`;
    case "together":
      return `It crashes again, only when the ${calls.length} calls are in flight together.`;
    case "alone": {
      const enough = calls.filter(({ n }) => verdict.calls.includes(n));
      return `It crashes again: ${enough.map(({ n, method }) => `call ${n} (${terminalLine(method)})`).join(", ")} alone ${enough.length === 1 ? "is" : "are each"} enough.`;
    }
    default:
      return verdict satisfies never;
  }
}
