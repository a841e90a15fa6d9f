/** What a command gets to work with: its output, its way to the daemon, the interrupt key. */
import { BulkheadError } from "../../protocol/error.ts";
import { nearest } from "../../protocol/nearest.ts";
import type { Client } from "../client/client.ts";
import type { Output } from "./output.ts";
import type { Places } from "./places.ts";
import type { Command } from "commander";

export interface Context {
  readonly out: Output;
  readonly places: Places;
  /** `--read-only`: of every connection that a command makes. */
  readonly readOnly: boolean;
  /** The plugin that the command is about, for hints. */
  plugin: string | undefined;
  /** What to exit with when nothing is thrown. */
  exitCode: number;
  /** Connects on first use; closed when the command is over. */
  readonly daemon: () => Promise<Client>;
  /** From here on Ctrl-C aborts the signal, with a `cancelled` error; a second one ends the process. */
  readonly interrupt: () => AbortSignal;
}

/** A command's file exports one: it adds arguments, options, help and the action. */
export type Define = (command: Command, context: () => Context) => void;

/** The first thing that any help says. */
export function examples(
  command: Command,
  lines: readonly (readonly [line: string, what: string])[],
): Command {
  const width = Math.max(...lines.map(([line]) => line.length));
  const text = lines.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`).join("\n");
  return command.addHelpText("before", `Examples:\n${text}\n`);
}

/** Runs what is about one plugin; if there is no such plugin, the error says which one was meant. */
export async function about<T>(
  context: Context,
  plugin: string,
  run: (daemon: Client) => Promise<T>,
): Promise<T> {
  context.plugin = plugin;
  const daemon = await context.daemon();
  try {
    return await run(daemon);
  } catch (error) {
    if (!(error instanceof BulkheadError) || error.code !== "plugin_not_found") throw error;
    if (error.message.includes("did you mean")) throw error;
    const known = (await daemon.control("plugin.list").catch(() => [])).map(({ id }) => id);
    const near = nearest(plugin, known);
    const help =
      near === undefined ? (known.length === 0 ? "; there are none" : "") : `; did you mean ${near}?`;
    throw BulkheadError.of("plugin_not_found", `there is no plugin ${plugin}${help}`, {
      detail: { near, known },
    });
  }
}

/** Thrown when a stream that has no end was ended by Ctrl-C: nothing to say about that. */
export class Interrupted extends Error {}
