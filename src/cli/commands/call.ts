import { readFileSync } from "node:fs";
import { text as readAll } from "node:stream/consumers";
import { methodsOf } from "../../../protocol/description.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import { about, examples } from "../context.ts";
import type { Define } from "../context.ts";
import { messageOf } from "../message.ts";
import { milliseconds } from "../milliseconds.ts";
import { chooseMethod, parseAssignments, parseJson } from "../params.ts";
import type { Params } from "../params.ts";
import { progressPrinter } from "../progress.ts";
import { isObject } from "../schema.ts";

interface Options {
  readonly params?: string;
  readonly timeout?: string;
  readonly idleTimeout?: string;
}

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead call min.min a=1 b=2", "the plugin min, and its one method *.min"],
    ["bulkhead call min.numbers.min a=1 b=2", "with the api named as well"],
    ["bulkhead call wordcount.count text=@README.md", "a file's text as a value"],
    ["bulkhead call todo-scan.scan root=$PWD include:='[\"todo\"]'", ":= takes JSON as it is"],
    [
      'bulkhead call min.min --params \'{"a": 1, "b": 2}\'',
      "all of it as JSON; --params @FILE reads it from a file",
    ],
    ['echo \'{"a": 1, "b": 2}\' | bulkhead call min.min -', "all of it as JSON from stdin"],
  ])
    .argument("<plugin.method>", "or plugin.api.method")
    .argument(
      "[values...]",
      "key=value, typed by the method's schema; a.b=1 goes inside; - reads JSON from stdin",
    )
    .option("--params <json>", "the params as a JSON object; key=value is laid over them")
    .option("--timeout <time>", 'give up after so long in all, such as "10s"')
    .option("--idle-timeout <time>", "give up after so long without an answer or progress")
    .action(async (target: string, words: string[], options: Options) => {
      const open = context();
      const { out } = open;
      const { plugin, name } = splitTarget(target);
      const timeout = await milliseconds(options.timeout, "--timeout");
      const idleTimeout = await milliseconds(options.idleTimeout, "--idle-timeout");
      const base = await baseParams(words, options.params);
      const signal = open.interrupt();
      const progress = progressPrinter(out, () => performance.now());
      const result = await about(open, plugin, async (daemon) => {
        const methods = methodsOf((await daemon.control("plugin.describe", { plugin }, { signal })).apis);
        const method = chooseMethod(plugin, name, [...methods.keys()]);
        const values = words.filter((word) => word !== "-");
        // Whole params are the plugin's to judge; words are judged here, where a slip can be named.
        const params =
          values.length > 0 || base === undefined
            ? parseAssignments(values, methods.get(method)?.params, readText, base)
            : base;
        return daemon.call(`${plugin}/${method}`, params, {
          signal,
          timeout,
          idleTimeout,
          onProgress: progress.report,
        });
      }).finally(progress.end);
      out.value(result);
    });
};

function splitTarget(target: string): { plugin: string; name: string } {
  const match = /^([^./]+)[./](.+)$/.exec(target);
  const [, plugin, name] = match ?? [];
  if (plugin !== undefined && name !== undefined) return { plugin, name };
  throw BulkheadError.of(
    "usage",
    `${target} names no method: say plugin.method; bulkhead describe ${target} lists them`,
  );
}

async function baseParams(words: readonly string[], json: string | undefined): Promise<Params | undefined> {
  const fromStdin = words.includes("-");
  if (fromStdin && json !== undefined) throw BulkheadError.of("usage", "either --params or -, not both");
  if (!fromStdin && json === undefined) return undefined;
  const where = fromStdin ? "stdin" : "--params";
  const text = fromStdin ? await readAll(process.stdin) : (json ?? "");
  const value = parseJson(text.startsWith("@") ? readText(text.slice(1)) : text, where);
  if (isObject(value)) return value;
  throw BulkheadError.of("usage", `${where} must be a JSON object`);
}

function readText(path: string): string {
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
