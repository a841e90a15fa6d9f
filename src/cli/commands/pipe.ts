/** Pipes: a stream of one plugin joined to a method of another. */
import type { Command } from "commander";
import { methodsOf } from "../../../protocol/description.ts";
import type { Method } from "../../../protocol/description.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import { nearest } from "../../../protocol/nearest.ts";
import type { PipeStatus } from "../../../protocol/pipe.ts";
import { about, examples } from "../context.ts";
import type { Context, Define } from "../context.ts";
import { baseParams, readText, splitTarget } from "../invoke.ts";
import { fields, table } from "../../text/columns.ts";
import type { Cell } from "../../text/columns.ts";
import type { Output } from "../output.ts";
import { chooseMethod, parseAssignments } from "../params.ts";
import { jsonText, terminalLine } from "../../text/sanitize.ts";
import { dateTime, duration } from "../../text/words.ts";

interface CreateOptions {
  readonly params?: string;
  readonly name?: string;
}

export const define: Define = (command, context) => {
  examples(command, [
    [
      "bulkhead pipe metronome.ticks reverse.write bpm=600",
      "each item of the stream becomes a call of the sink",
    ],
    ["bulkhead pipe list", "every pipe, how far it is, and what is wrong"],
    ["bulkhead pipe status metronome-reverse", "all about one of them"],
    ["bulkhead pipe resume metronome-reverse --skip", "past the item that the sink refused"],
  ])
    .argument("<source>", "a stream: plugin.method, or plugin.api.method")
    .argument("<sink>", "a method: it is called with {value, cursor, redelivered}")
    .argument("[values...]", "params of the source: key=value; key:=JSON; - reads JSON from stdin")
    .option("--params <json>", "the params as a JSON object; key=value is laid over them")
    .option("--name <name>", "default: the two plugins, as in metronome-reverse")
    .addHelpText("after", `\n${durability}`)
    .action(async (source: string, sink: string, words: string[], options: CreateOptions) => {
      const open = context();
      const to = await targetOf(open, sink);
      // What can be wrong from here on is about the source, and so are the hints.
      const from = await targetOf(open, source);
      if (from.method?.item === undefined) {
        throw BulkheadError.of(
          "invalid_params",
          `${from.address} is no stream, so that it can not be a source`,
        );
      }
      const base = await baseParams(words, options.params);
      const values = words.filter((word) => word !== "-");
      const params = parseAssignments(values, from.method?.params, readText, base);
      const name = options.name === undefined ? {} : { name: options.name };
      const daemon = await open.daemon();
      const wanted = { source: from.address, params, sink: to.address, ...name };
      show(await daemon.control("pipe.create", wanted), open.out);
    });

  examples(command.command("list").description("every pipe, how far it is, and what is wrong"), [
    ["bulkhead pipe list", "one line each"],
    ["bulkhead pipe list --json", "as one array"],
  ]).action(async () => {
    const { out, daemon } = context();
    const pipes = await (await daemon()).control("pipe.list");
    if (out.json) return out.value(pipes);
    if (pipes.length === 0) return out.note("no pipes; see: bulkhead pipe --help");
    for (const line of pipeLines(pipes, out)) out.line(line);
  });

  one(command, "status", "all about one pipe").action(async (name: string) => {
    const { out, daemon } = context();
    const pipes = await (await daemon()).control("pipe.list");
    const pipe = pipes.find(({ id }) => id === name);
    if (pipe === undefined) throw notFound(name, pipes);
    if (out.json) return out.value(pipe);
    for (const line of statusLines(pipe, out, Date.now())) out.line(line);
  });

  one(command, "pause", "fetch nothing more, until it is resumed").action(async (pipe: string) => {
    const { out, daemon } = context();
    show(await (await daemon()).control("pipe.pause", { pipe }), out);
  });

  one(command, "resume", "go on where it is: also after it failed, or was done")
    .option("--skip", "leave out the item that is in its way")
    .action(async (pipe: string, { skip }: { readonly skip?: boolean }) => {
      const { out, daemon } = context();
      const params = { pipe, ...(skip === undefined ? {} : { skip }) };
      show(await (await daemon()).control("pipe.resume", params), out);
    });

  one(command, "remove", "end it, and forget how far it came").action(async (pipe: string) => {
    const { out, daemon } = context();
    const last = await (await daemon()).control("pipe.remove", { pipe });
    if (out.json) out.value(last);
    else out.line(`${pipe}: removed, ${progressWords(last)}`);
  });
};

const durability = `Where the source gives its items cursors, none is lost, whoever dies: the pipe goes on after the last item that the
sink has answered, and an item that may have been delivered before comes with redelivered: true. Without cursors, what
is in flight when the daemon dies is lost, and a source that is called again begins as it likes.`;

function one(command: Command, name: string, what: string): Command {
  return examples(command.command(name).description(what), [
    [`bulkhead pipe ${name} metronome-reverse`, what],
    [`bulkhead pipe ${name} metronome-reverse --json`, "its status as one object"],
  ]).argument("<name>");
}

async function targetOf(
  open: Context,
  target: string,
): Promise<{ address: string; method: Method | undefined }> {
  const { plugin, name } = splitTarget(target, "method");
  return about(open, plugin, async (daemon) => {
    const methods = methodsOf((await daemon.control("plugin.describe", { plugin })).apis);
    const method = chooseMethod(plugin, name, [...methods.keys()]);
    return { address: `${plugin}/${method}`, method: methods.get(method) };
  });
}

/** After an operator's action. */
function show(pipe: PipeStatus, out: Output): void {
  if (out.json) {
    out.value(pipe);
    return;
  }
  const why = pipe.state === "running" || pipe.why === "" ? "" : `: ${pipe.why}`;
  out.line(terminalLine(`${pipe.id}: ${pipe.state}${why}, ${progressWords(pipe)}`));
  if (pipe.durable === false) {
    out.note(
      `${out.styleTalk("yellow", "not durable:")} without cursors, what is in flight when the daemon dies is lost`,
    );
  }
}

function progressWords({ delivered, cursor }: PipeStatus): string {
  return `${delivered} delivered${cursor === null ? "" : `, cursor ${cursor}`}`;
}

const styles = {
  running: "green",
  waiting: "yellow",
  paused: "dim",
  failed: "red",
  done: "dim",
} as const satisfies Record<PipeStatus["state"], NonNullable<Cell["style"]>>;

export function pipeLines(
  pipes: readonly PipeStatus[],
  { style, width }: Pick<Output, "style" | "width">,
): string[] {
  const rows = pipes.map((pipe) => [
    pipe.id,
    dotted(pipe.source),
    dotted(pipe.sink),
    { text: pipe.state, style: styles[pipe.state] },
    String(pipe.delivered),
    String(pipe.redelivered),
    pipe.cursor ?? "-",
    troubleOf(pipe),
  ]);
  const header = ["NAME", "SOURCE", "SINK", "STATE", "DELIVERED", "REDELIVERED", "CURSOR", "LAST ERROR"];
  return table(header, rows, style, width);
}

/** As `call` takes it. */
function dotted(target: string): string {
  return target.replace("/", ".");
}

function troubleOf({ state, why, error }: PipeStatus): string {
  if (error !== null) return `${error.end}: ${error.message} [${error.code}]`;
  return state === "waiting" || state === "failed" ? why : "-";
}

export function statusLines(pipe: PipeStatus, { style }: Pick<Output, "style">, now: number): string[] {
  const { id, state, why, error, retryAt } = pipe;
  const durable = { true: "yes", false: "no: its items have no cursors", null: "not known yet" } as const;
  const at = error?.cursor ?? null;
  return fields(
    [
      ["pipe", id],
      [
        "state",
        `${style(styles[state], state)}${state === "running" || why === "" ? "" : `, ${terminalLine(why)}`}`,
      ],
      ["error", error === null ? undefined : terminalLine(`${error.end}: ${error.message} [${error.code}]`)],
      ["at", at === null ? undefined : terminalLine(`cursor ${at}`)],
      [
        "try",
        error === null
          ? undefined
          : `bulkhead pipe resume ${id}${at === null ? "" : "; or past the item: --skip"}`,
      ],
      ["next attempt", retryAt === null ? undefined : `in ${duration(Math.max(0, retryAt - now))}`],
      ["source", dotted(pipe.source)],
      ["params", terminalLine(jsonText(pipe.params))],
      ["sink", dotted(pipe.sink)],
      ["cursor", pipe.cursor === null ? "none" : terminalLine(pipe.cursor)],
      ["in doubt", pipe.dispatched === null ? undefined : terminalLine(`cursor ${pipe.dispatched}`)],
      ["delivered", String(pipe.delivered)],
      ["redelivered", String(pipe.redelivered)],
      ["durable", durable[`${pipe.durable}`]],
      ["created", dateTime(pipe.createdAt)],
    ],
    style,
  );
}

function notFound(name: string, pipes: readonly PipeStatus[]): BulkheadError {
  const near = nearest(
    name,
    pipes.map(({ id }) => id),
  );
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  return BulkheadError.of("pipe_not_found", `there is no pipe ${name}${meant}`);
}
