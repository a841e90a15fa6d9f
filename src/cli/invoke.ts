/** Calls a method for `call` and `run`: params out of words, answer or items onto stdout. */
import { readFileSync } from "node:fs";
import { text as readAll } from "node:stream/consumers";
import type { Command } from "commander";
import type { ItemStream } from "../../protocol/caller.ts";
import { methodsOf } from "../../protocol/description.ts";
import type { Api } from "../../protocol/description.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { about, Interrupted } from "./context.ts";
import type { Context } from "./context.ts";
import { messageOf } from "../text/message.ts";
import { milliseconds } from "./milliseconds.ts";
import { parseAssignments } from "./params.ts";
import { parseJson } from "../text/typed-value.ts";
import type { Params } from "./params.ts";
import { progressPrinter } from "./progress.ts";
import { jsonText } from "../text/sanitize.ts";
import { isObject } from "../text/schema.ts";

export interface InvokeOptions {
  readonly params?: string;
  readonly timeout?: string;
  readonly idleTimeout?: string;
  readonly retry?: true;
}

/** The arguments and options that `invoke` takes, beside what is called. */
export function invokable(command: Command): Command {
  return command
    .argument(
      "[values...]",
      "key=value, typed by the method's schema; a.b=1 goes inside; - reads JSON from stdin",
    )
    .option("--params <json>", "the params as a JSON object; key=value is laid over them")
    .option("--timeout <time>", 'give up after so long in all, such as "10s"')
    .option("--idle-timeout <time>", "give up after so long without an answer or progress")
    .option("--retry", "of an idempotent method: send it again when the plugin crashes");
}

/** @param choose the wire name of the method, out of what the plugin offers */
export async function invoke(
  open: Context,
  plugin: string,
  choose: (apis: readonly Api[]) => string,
  words: readonly string[],
  options: InvokeOptions,
): Promise<void> {
  const { out } = open;
  const timeout = await milliseconds(options.timeout, "--timeout");
  const idleTimeout = await milliseconds(options.idleTimeout, "--idle-timeout");
  const values = words.filter((word) => word !== "-");
  const whole = await wholeParams(words, options.params);
  // A list can be called with as it is; there is no key in it that a word could be laid over.
  const base = Array.isArray(whole?.value) && values.length === 0 ? undefined : objectIn(whole);
  const signal = open.interrupt();
  const progress = progressPrinter(out, () => performance.now());
  await about(open, plugin, async (daemon) => {
    const { apis } = await daemon.control("plugin.describe", { plugin }, { signal });
    const methods = methodsOf(apis);
    const method = choose(apis);
    // Whole params are the plugin's to judge; words are judged here, where a slip can be named.
    const params =
      values.length > 0 || whole === undefined
        ? parseAssignments(values, methods.get(method)?.params, readText, base)
        : whole.value;
    const bounds = { signal, timeout, idleTimeout, retry: options.retry, onProgress: progress.report };
    const address = `${plugin}/${method}`;
    const print = (line: string): void => {
      progress.end();
      out.line(line);
    };
    if (methods.get(method)?.item !== undefined) {
      const result = await printItems(daemon.stream(address, params, bounds), signal, print);
      if (result !== null) out.note(`answered: ${jsonText(result)}`);
      return;
    }
    const result = await daemon.call(address, params, bounds);
    progress.end();
    out.value(result);
  }).finally(progress.end);
}

/** One line for each item. Ctrl-C is the usual way out of a stream, and no error. */
async function printItems(
  items: ItemStream,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<unknown> {
  try {
    for await (const { value } of items) print(jsonText(value));
    return await items.result;
  } catch (error) {
    throw signal.aborted ? new Interrupted() : error;
  }
}

/** `plugin.name`, or `plugin.api.name`. @param what the name is of, for the error */
export function splitTarget(target: string, what: string): { plugin: string; name: string } {
  const match = /^([^./]+)[./](.+)$/.exec(target);
  const [, plugin, name] = match ?? [];
  if (plugin !== undefined && name !== undefined) return { plugin, name };
  throw BulkheadError.of(
    "usage",
    `${target} names no ${what}: say plugin.${what}; bulkhead describe ${target} lists them`,
  );
}

export async function baseParams(
  words: readonly string[],
  json: string | undefined,
): Promise<Params | undefined> {
  return objectIn(await wholeParams(words, json));
}

interface Whole {
  readonly value: unknown;
  readonly where: string;
}

function objectIn(whole: Whole | undefined): Params | undefined {
  if (whole === undefined) return undefined;
  if (isObject(whole.value)) return whole.value;
  throw BulkheadError.of("usage", `${whole.where} must be a JSON object`);
}

async function wholeParams(words: readonly string[], json: string | undefined): Promise<Whole | undefined> {
  const fromStdin = words.includes("-");
  if (fromStdin && json !== undefined) throw BulkheadError.of("usage", "either --params or -, not both");
  if (!fromStdin && json === undefined) return undefined;
  const where = fromStdin ? "stdin" : "--params";
  const text = fromStdin ? await readAll(process.stdin) : (json ?? "");
  return { value: parseJson(text.startsWith("@") ? readText(text.slice(1)) : text, where), where };
}

export function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw BulkheadError.of("usage", `can't read ${path}: ${messageOf(error)}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw BulkheadError.of("usage", `${path} is not UTF-8 text`);
  }
}
