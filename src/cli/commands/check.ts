import { readFileSync } from "node:fs";
import { BulkheadError } from "../../../protocol/error.ts";
import type { CheckInfo, CheckResult, Summary } from "../../check/check.ts";
import type { ConfigFor, Params } from "../../check/subject.ts";
import { examples } from "../context.ts";
import type { Context, Define } from "../context.ts";
import { exit } from "../exit.ts";
import { errorLines, errorObject } from "../../text/failure.ts";
import { milliseconds } from "../milliseconds.ts";
import type { Output } from "../output.ts";
import { packageVersion } from "../package.ts";
import { parseAssignments } from "../params.ts";
import { parseJson } from "../../text/typed-value.ts";
import { jsonText, terminalLine, terminalText } from "../../text/sanitize.ts";
import { isObject } from "../../text/schema.ts";

interface Options {
  readonly set?: string[];
  readonly configJson?: string;
  readonly call?: string[];
  readonly only?: string[];
  readonly list?: true;
  readonly timeout?: string;
}

const collect = (word: string, before: string[] = []): string[] => [...before, word];

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead check ./my-plugin", "every rule of protocol/README.md, each with fresh processes of it"],
    ["bulkhead check ./my-plugin --set root=. --set depth:=3", "with a configuration"],
    [
      'bulkhead check ./my-plugin --call \'text.count={"text":"a b"}\'',
      "params for a method that needs better ones",
    ],
    [
      "bulkhead check ./my-plugin --only framing --only ping",
      "a group, and one check more; --list names them",
    ],
    ["bulkhead check -- python3 my_plugin.py --quick", "a program with arguments"],
  ])
    .argument("[executable]", "the plugin; it needs no entry in a configuration, and no daemon")
    .argument("[args...]", "its arguments")
    .option(
      "--set <key=value>",
      "a value of the plugin's configuration; again for more, key:=JSON for any value",
      collect,
    )
    .option("--config-json <object>", "the plugin's configuration as JSON")
    .option("--call <method=params>", "call this method with these params, as JSON; again for more", collect)
    .option("--only <check>", "only this check or group; again for more", collect)
    .option("--list", "name the checks and run none")
    .option("--timeout <time>", "how long an answer may take", "10s")
    .addHelpText(
      "after",
      "\nMethods that say they are idempotent, and streams, are called with params made up from their schemas; every\n" +
        "method is called once with params of a wrong type. Others are called with --call only.\n" +
        "Exit status 0 if nothing failed (warnings do not count), 5 if a check did, 2 if it can not be started.",
    )
    .action(async (executable: string | undefined, args: string[], options: Options) => {
      const open = context();
      if (options.list === true) return list(open.out);
      if (executable === undefined) throw BulkheadError.of("usage", "missing required argument 'executable'");
      const { Unusable } = await import("../../check/bench.ts");
      try {
        await check(open, executable, args, options);
      } catch (error) {
        if (!(error instanceof Unusable)) throw error;
        unusable(open, BulkheadError.of(error.failure.code, error.message));
      }
    });
};

async function check(open: Context, executable: string, args: string[], options: Options): Promise<void> {
  const { out } = open;
  const { runChecks } = await import("../../check/run.ts");
  const { summaryOf } = await import("../../check/check.ts");
  const { Subject } = await import("../../check/subject.ts");
  const { specFrom } = await import("../../io/config/spec.ts");
  const base = { dir: process.cwd(), env: process.env, platform: process.platform };
  const spec = specFrom("checked", { command: executable, args }, base);
  const subject = new Subject(spec, configFrom(options), callsFrom(options.call ?? []));
  const patienceMs = (await milliseconds(options.timeout, "--timeout")) ?? 0;
  const run = { subject, version: packageVersion(), patienceMs, offences: [], signal: open.interrupt() };

  const results: CheckResult[] = [];
  let group = "";
  for await (const result of runChecks(run, options.only)) {
    results.push(result);
    if (out.json) out.value(result);
    else if (!isBlocked(result)) {
      if (result.group !== group) out.line(`${group === "" ? "" : "\n"}${out.style("bold", result.group)}`);
      ({ group } = result);
      for (const line of resultLines(result, out)) out.line(line);
    }
  }
  const summary = summaryOf(results);
  if (summary.failed > 0) open.exitCode = exit.pluginError;
  if (out.json) return out.value({ summary });
  const blocked = results.filter(isBlocked);
  const [first] = blocked;
  if (first !== undefined)
    out.line(`  ${out.style("dim", "–")} ${blocked.length} more checks: ${first.reason}`);
  out.line(`\n${summaryLine(summary)}`);
}

type Skipped = Extract<CheckResult, { status: "skipped" }>;

/** All of these have the same reason, which is told once. */
function isBlocked(result: CheckResult): result is CheckResult & Skipped {
  return result.status === "skipped" && result.blockedBy !== undefined;
}

async function list(out: Output): Promise<void> {
  const { checks } = await import("../../check/checks.ts");
  const infos = checks.map(({ id, title, group, severity }): CheckInfo => ({ id, title, group, severity }));
  if (out.json) return infos.forEach((info) => out.value(info));
  const width = Math.max(...infos.map(({ id }) => id.length));
  let told = "";
  for (const { id, title, group, severity } of infos) {
    if (group !== told) out.line(`${told === "" ? "" : "\n"}${out.style("bold", group)}`);
    told = group;
    out.line(
      `  ${id.padEnd(width)}  ${title}${severity === "warning" ? out.style("dim", " (warning)") : ""}`,
    );
  }
}

export function resultLines(result: CheckResult, { style }: Pick<Output, "style">): string[] {
  const { title, ms } = result;
  const time = style("dim", `${ms} ms`);
  switch (result.status) {
    case "passed":
      return [`  ${style("green", "✓")} ${title}  ${time}`];
    case "skipped":
      return [`  ${style("dim", "–")} ${title}  ${style("dim", terminalLine(result.reason))}`];
    case "failed": {
      const { id, reason, fix, evidence, severity } = result;
      const mark = severity === "error" ? style("red", "✗") : style("yellow", "!");
      const said = evidence.stderr === undefined ? [] : terminalText(evidence.stderr).split("\n");
      return [
        `  ${mark} ${title}  ${time}  ${style("dim", id)}`,
        `      ${terminalLine(reason)}`,
        `      fix: ${terminalLine(fix)}`,
        ...(evidence.received === undefined
          ? []
          : [`      ${style("dim", `last message: ${terminalLine(evidence.received)}`)}`]),
        ...said.map((line) => `      ${style("dim", `stderr: ${line}`)}`),
      ];
    }
    default:
      return result satisfies never;
  }
}

/** `38 passed, 1 failed, 2 skipped` */
export function summaryLine({ passed, failed, warnings, skipped }: Summary): string {
  const parts = [
    `${passed} passed`,
    `${failed} failed`,
    ...(warnings === 0 ? [] : [`${warnings} ${warnings === 1 ? "warning" : "warnings"}`]),
    `${skipped} skipped`,
  ];
  return parts.join(", ");
}

function configFrom({ set = [], configJson }: Options): ConfigFor {
  const given = configJson === undefined ? {} : objectFrom(configJson, "--config-json");
  return (schema, defaults) => {
    try {
      return parseAssignments(set, schema, (path) => readFileSync(path, "utf8"), { ...defaults, ...given });
    } catch (error) {
      if (!(error instanceof BulkheadError)) throw error;
      throw BulkheadError.of(
        "usage",
        `the plugin's configuration (--set key=value, or --config-json): ${error.message}`,
      );
    }
  };
}

function callsFrom(words: readonly string[]): ReadonlyMap<string, Params> {
  return new Map(
    words.map((word) => {
      const [, method = "", json = ""] = /^([^=]+)=([^]*)$/.exec(word) ?? [];
      if (method === "")
        throw BulkheadError.of("usage", `--call takes api.method=JSON, found ${JSON.stringify(word)}`);
      return [method, objectFrom(json, `--call ${method}`)];
    }),
  );
}

function objectFrom(json: string, where: string): Params {
  const value = parseJson(json, where);
  if (!isObject(value)) throw BulkheadError.of("usage", `${where} takes a JSON object`);
  return value;
}

/** The command line named something that is no plugin, whatever is wrong with it. */
function unusable(open: Context, error: BulkheadError): void {
  const { out } = open;
  open.exitCode = exit.usage;
  const subject = { command: "check" };
  if (out.json) return out.talk(`${jsonText({ error: errorObject(error, subject) })}\n`);
  for (const line of errorLines(error, subject, (text) => out.styleTalk("red", text))) out.note(line);
}
