/** `bulkhead`: parses the command line, loads the one command that is meant, tells its error, gives the exit status. */
import { getSystemErrorMessage } from "node:util";
import { Command, CommanderError, Option } from "commander";
import { BulkheadError } from "../../protocol/error.ts";
import type { Client } from "../client/client.ts";
import { Interrupted, examples } from "./context.ts";
import type { Context } from "./context.ts";
import { exit, exitCodeOf } from "./exit.ts";
import { asBulkheadError, errorLines, errorObject } from "../text/failure.ts";
import type { Subject } from "../text/failure.ts";
import { createOutput } from "./output.ts";
import type { Output } from "./output.ts";
import { packageVersion } from "./package.ts";
import { findPlaces } from "./places.ts";
import { commands } from "./commands.ts";
import { jsonText } from "../text/sanitize.ts";

interface Globals {
  readonly json?: boolean;
  readonly socket?: string;
  readonly stateDir?: string;
  readonly config?: string;
  readonly readOnly?: boolean;
}

/** @returns the exit status; see exit.ts */
export async function main(argv: readonly string[]): Promise<number> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => stdoutFailed(error, argv.includes("--json")));
  // Talk that nobody can hear is lost; what is done goes on.
  process.stderr.on("error", () => undefined);
  let help = "";
  const program = createProgram((text) => (help += text));
  let context: (Context & { close(): void }) | undefined;
  const open = (): Context => (context ??= createContext(program.opts<Globals>()));
  program.hook("preSubcommand", async (_, command) => load(command, open));
  program.command("help [command]", { hidden: true }).action(async (name: string | undefined) => {
    const named = program.commands.find((command) => command.name() === name);
    if (name !== undefined && named === undefined) program.error(`error: unknown command '${name}'`);
    if (named !== undefined) await load(named, open);
    (named ?? program).outputHelp();
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return context?.exitCode ?? exit.ok;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exit.ok;
    if (error instanceof Interrupted) return exit.interrupted;
    const out = context?.out ?? createOutput(process.stdout, process.stderr, argv.includes("--json"));
    const subject = { plugin: context?.plugin, command: commandOf(program) };
    const group = program.commands.find((command) => command.name() === subject.command);
    if (error instanceof CommanderError && error.code === "commander.help" && !group && !out.json) {
      out.talk(help);
      return exit.usage;
    }
    const told = error instanceof CommanderError ? usage(error, group) : asBulkheadError(error);
    tell(out, told, subject);
    if (process.env["BULKHEAD_DEBUG"] && error instanceof Error) out.note(error.stack ?? "");
    return error instanceof CommanderError
      ? exit.usage
      : exitCodeOf(error, subject.command === "call" || subject.command === "run" ? "plugin" : "daemon");
  } finally {
    context?.close();
  }
}

/** @param onHelp gets the help that commander shows unasked, where a command is missing */
function createProgram(onHelp: (text: string) => void): Command {
  const program = new Command("bulkhead")
    .description("Plugins crash. Your program doesn't.")
    .version(packageVersion(), "-V, --version")
    .option("--json", "data as JSON, one object a line for streams; errors too")
    .addOption(new Option("--socket <path>", "where the daemon listens").env("BULKHEAD_SOCKET"))
    .addOption(new Option("--state-dir <path>", "where the daemon keeps its state").env("BULKHEAD_STATE_DIR"))
    .addOption(new Option("--config <file>", "the configuration").env("BULKHEAD_CONFIG"))
    .option("--read-only", "only look: have the daemon refuse whatever would change something")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined, writeErr: onHelp })
    .configureHelp({ showGlobalOptions: true });
  examples(program, [
    ["bulkhead up -d", "start the daemon in the background"],
    ["bulkhead ps", "see what runs"],
    ["bulkhead call min.min a=1 b=2", "call a plugin"],
    ["bulkhead crashes", "read what died, and why"],
    ["bulkhead help call", "more about one command"],
  ]);
  for (const { name, group, summary, hidden } of commands) {
    program
      .command(name, { hidden: hidden === true })
      .summary(summary)
      .description(summary)
      .helpGroup(group ?? "");
  }
  return program;
}

/** Definitions are loaded for one command only: the others need not cost anything. */
async function load(command: Command, context: () => Context): Promise<void> {
  const entry = commands.find(({ name }) => name === command.name());
  if (entry === undefined) return;
  const { define } = await entry.load();
  define(command, context);
}

function createContext(globals: Globals): Context & { close(): void } {
  const out = createOutput(process.stdout, process.stderr, globals.json === true);
  const places = findPlaces(globals);
  let client: Promise<Client> | undefined;
  return {
    out,
    places,
    plugin: undefined,
    exitCode: exit.ok,
    readOnly: globals.readOnly === true,
    daemon: () => (client ??= dial(places.socket, globals.readOnly === true)),
    interrupt: onInterrupt,
    close: () => void client?.then((each) => each.close()).catch(() => undefined),
  };
}

async function dial(socket: string, readOnly: boolean): Promise<Client> {
  const { Client } = await import("../client/client.ts");
  return Client.connect({ socket, name: "bulkhead", version: packageVersion(), readOnly });
}

function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => {
    process.once("SIGINT", () => process.exit(exit.interrupted));
    controller.abort(BulkheadError.of("cancelled", "interrupted"));
  });
  return controller.signal;
}

function tell(out: Output, error: BulkheadError, subject: Subject): void {
  if (out.json) out.talk(`${jsonText({ error: errorObject(error, subject) })}\n`);
  else for (const line of errorLines(error, subject, (text) => out.styleTalk("red", text))) out.note(line);
}

function stdoutFailed({ code, errno, message: words }: NodeJS.ErrnoException, json: boolean): never {
  // A reader that has seen enough (`bulkhead logs | head`) is no error.
  if (code === "EPIPE") process.exit(exit.ok);
  const why = errno === undefined ? words : getSystemErrorMessage(errno);
  const message = `can't write to stdout: ${why}`;
  const error = { ...errorObject(asBulkheadError(new Error(message)), {}), try: "Write somewhere else." };
  process.stderr.write(json ? `${jsonText({ error })}\n` : `error: ${message}\n`);
  process.exit(exit.internal);
}

/** Commander's words, without its prefix, as one of our errors. @param group whose command is missing */
function usage(error: CommanderError, group: Command | undefined): BulkheadError {
  if (error.code === "commander.help") {
    const names = (group?.commands ?? []).map((each) => each.name()).join(", ");
    return BulkheadError.of(
      "usage",
      group ? `${group.name()} needs a command: ${names}` : "no command given",
    );
  }
  const message = error.message
    .replace(/^error: /, "")
    .replace(/\n\(Did you mean (.*?)\?\)$/s, "; did you mean $1?");
  return BulkheadError.of("usage", message);
}

function commandOf(program: Command): string | undefined {
  const name = program.args[0];
  return program.commands.some((command) => command.name() === name) ? name : undefined;
}
