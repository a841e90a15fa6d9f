/** `bulkhead config P`: shows, changes and documents a plugin's own settings. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { PluginSetting, PluginSettings } from "../../protocol/control-results.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { Client } from "../client/client.ts";
import { about } from "./context.ts";
import type { Context } from "./context.ts";
import { baseParams, readText } from "./invoke.ts";
import { messageOf } from "../text/message.ts";
import { table } from "../text/columns.ts";
import type { Cell } from "../text/columns.ts";
import type { Output } from "./output.ts";
import { parseAssignments } from "./params.ts";
import { jsonText, terminalLine } from "../text/sanitize.ts";
import { isObject } from "../text/schema.ts";

/** @param words a verb and what belongs to it; none: show the settings */
export async function pluginSettings(
  open: Context,
  plugin: string,
  words: readonly string[],
  write: boolean,
): Promise<void> {
  const { out } = open;
  const [verb, ...rest] = words;
  if (write && verb !== "template") throw BulkheadError.of("usage", "--write belongs to template");
  const from = verb === "set" ? await baseParams(rest, undefined) : undefined;
  await about(open, plugin, async (daemon) => {
    switch (verb) {
      case undefined:
        show(await daemon.control("plugin.settings", { plugin }), out);
        return;
      case "set":
        changed(await set(daemon, plugin, rest, from), rest, out);
        return;
      case "unset":
        if (rest.length === 0) throw BulkheadError.of("usage", "unset needs the key of a setting");
        changed(await daemon.control("plugin.configure", { plugin, unset: [...rest] }), rest, out);
        return;
      case "template":
        if (rest.length > 0) throw BulkheadError.of("usage", `template takes no ${rest[0]}`);
        await template(daemon, plugin, write, out);
        return;
      default:
        throw BulkheadError.of("usage", `${plugin} can not be told to ${verb}: set, unset or template`);
    }
  });
}

async function set(
  daemon: Client,
  plugin: string,
  words: readonly string[],
  base: Record<string, unknown> | undefined,
): Promise<PluginSettings> {
  const values = words.filter((word) => word !== "-");
  if (values.length === 0 && base === undefined) {
    throw BulkheadError.of("usage", "set needs key=value, or - for a JSON object from stdin");
  }
  const { schema } = await daemon.control("plugin.settings", { plugin });
  return daemon.control("plugin.configure", { plugin, set: typed(values, schema, base) });
}

/** Whatever does not fit is for the daemon to refuse: it knows what is allowed, what is set already, and what is secret. */
function typed(
  values: readonly string[],
  schema: PluginSettings["schema"],
  base: Record<string, unknown> | undefined,
): Record<string, unknown> {
  const more =
    isObject(schema) && isObject(schema["additionalProperties"]) ? schema["additionalProperties"] : true;
  const open = isObject(schema) ? { ...schema, required: [], additionalProperties: more } : undefined;
  try {
    return parseAssignments(values, open, readText, base);
  } catch (error) {
    if (!(error instanceof BulkheadError) || error.code !== "invalid_params") throw error;
    return parseAssignments(values, undefined, readText, base);
  }
}

function show(view: PluginSettings, out: Output): void {
  if (out.json) return out.value(view);
  const { plugin, settings, schema, live, file } = view;
  for (const line of lines(settings, out)) out.line(line);
  if (settings.length === 0) {
    const why = schema === null ? "does not describe a configuration, and has none" : "has no settings";
    out.note(`${plugin} ${why}`);
    return;
  }
  const how = live ? "while it runs" : "by replacing its process, and no call is dropped";
  out.note(`a change takes effect ${how}${file === null ? "" : `; kept in ${terminalLine(file)}`}`);
}

/** Only what was changed. */
function changed(view: PluginSettings, words: readonly string[], out: Output): void {
  if (out.json) return out.value(view);
  const named = (key: string): boolean =>
    words.includes("-") ||
    words.some((word) => word === key || (/^[=:.]/.test(word.slice(key.length)) && word.startsWith(key)));
  for (const line of lines(
    view.settings.filter(({ key }) => named(key)),
    out,
  ))
    out.line(line);
  if (view.file !== null) out.note(`kept in ${terminalLine(view.file)}, and in force`);
}

function lines(settings: readonly PluginSetting[], { style, width }: Output): string[] {
  const rows = settings.map(({ key, value, origin, type, required, choices, description }) => {
    const missing: Cell = { text: required ? "missing" : "-", style: required ? "red" : "dim" };
    const what = type === "secret" || value === undefined ? missing : { text: jsonText(value) };
    const hidden: Cell = { text: String(value), style: "dim" };
    const kind = choices === undefined ? type : choices.map((each) => String(each)).join("|");
    return [
      key,
      type === "secret" && value !== undefined ? hidden : what,
      origin,
      kind,
      firstLine(description),
    ];
  });
  return settings.length === 0 ? [] : table(["KEY", "VALUE", "FROM", "TYPE", "WHAT"], rows, style, width);
}

function firstLine(text = ""): string {
  return text.split("\n", 1)[0] ?? "";
}

async function template(daemon: Client, plugin: string, write: boolean, out: Output): Promise<void> {
  const told = await daemon.control("plugin.template", { plugin });
  const { file, text } = told;
  if (write) {
    if (file === null) throw BulkheadError.of("usage", "there is no bulkhead.toml to write it beside");
    await writeNew(file, text);
    out.note(`written: ${terminalLine(file)}`);
  }
  if (out.json) out.value(told);
  else if (!write) out.line(text.trimEnd());
}

/** Never over what somebody wrote. What the last `unset` has left empty is nothing. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const isEmpty = (await readFile(file, "utf8").catch(() => "-")).trim() === "";
    await writeFile(file, text, { flag: isEmpty ? "w" : "wx", mode: 0o600 });
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    const why = exists
      ? "is there already; without --write the template is printed"
      : `can not be written: ${messageOf(error)}`;
    throw BulkheadError.of("usage", `${file} ${why}`);
  }
}
