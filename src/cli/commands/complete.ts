import { commands } from "../commands.ts";
import type { Context, Define } from "../context.ts";
import { terminalLine } from "../../text/sanitize.ts";

const ofPlugins = new Set([
  "status",
  "stats",
  "actions",
  "describe",
  "start",
  "stop",
  "restart",
  "enable",
  "disable",
  "wait",
  "logs",
]);
const fixed: Readonly<Record<string, readonly string[]>> = {
  config: ["show", "check", "reload"],
  completion: ["bash", "zsh", "fish"],
  help: commands.filter(({ hidden }) => hidden !== true).map(({ name }) => name),
};
/** A key press must not hang on a daemon that does; milliseconds. */
const patience = 1000;

export const define: Define = (command, context) => {
  command.argument("[words...]").action(async (words: string[]) => {
    const open = context();
    for (const candidate of await candidatesFor(words, open)) open.out.line(terminalLine(candidate));
  });
};

/** What the last of the words may become. Whatever goes wrong, there are just no candidates. */
async function candidatesFor(words: readonly string[], context: Context): Promise<string[]> {
  const last = words.at(-1) ?? "";
  const [command, ...rest] = words.slice(0, -1).filter((word) => !word.startsWith("-"));
  const fitting = (list: readonly string[]): string[] => list.filter((each) => each.startsWith(last));
  if (last.startsWith("-")) return fitting(["--json", "--help", "--socket", "--state-dir", "--config"]);
  if (command === undefined) return fitting([...(fixed["help"] ?? []), "help"]);
  try {
    if (command === "config" && rest[0] !== undefined)
      return fitting(await ofSettings(context, rest[0], rest.slice(1)));
    if (rest.length > 0) return [];
    if (command === "config")
      return fitting([...(fixed[command] ?? []), ...(await plugins(context).catch(() => []))]);
    if (command in fixed) return fitting(fixed[command] ?? []);
    if (ofPlugins.has(command)) return fitting(await plugins(context));
    if (command === "run") return fitting(await actions(context));
    if (command === "call") return fitting(await targets(context, last));
    if (command === "crashes") return fitting(await reports(context));
  } catch {
    // No daemon, or one that does not answer.
  }
  return [];
}

async function plugins(context: Context): Promise<string[]> {
  const client = await context.daemon();
  return (await client.control("plugin.list", {}, { timeout: patience })).map(({ id }) => id);
}

async function reports(context: Context): Promise<string[]> {
  const client = await context.daemon();
  return (await client.control("crash.list", { limit: 50 }, { timeout: patience })).map(({ id }) => id);
}

async function actions(context: Context): Promise<string[]> {
  const client = await context.daemon();
  const list = await client.control("action.list", {}, { timeout: patience });
  return list.map(({ plugin, id }) => `${plugin}.${id}`);
}

/** Verbs, then the settings of a plugin that serves, because a key press must not start anything. */
async function ofSettings(
  context: Context,
  plugin: string,
  [verb, ...words]: readonly string[],
): Promise<string[]> {
  if (fixed["config"]?.includes(plugin) === true) return [];
  if (verb === undefined) return ["set", "unset", "template"];
  if (verb !== "set" && verb !== "unset") return [];
  const client = await context.daemon();
  const { state } = await client.control("plugin.status", { plugin }, { timeout: patience });
  if (state !== "serving") return [];
  const { settings } = await client.control("plugin.settings", { plugin }, { timeout: patience });
  const keys = settings.map(({ key }) => key).filter((key) => !words.some((word) => word.startsWith(key)));
  return keys.map((key) => (verb === "set" ? `${key}=` : key));
}

/** Plugins first; the methods of one that serves, because a key press must not start anything. */
async function targets(context: Context, last: string): Promise<string[]> {
  const client = await context.daemon();
  const list = await client.control("plugin.list", {}, { timeout: patience });
  const named = list.find(({ id }) => last.startsWith(`${id}.`));
  if (named === undefined) return list.map(({ id }) => `${id}.`);
  if (named.state !== "serving") return [];
  const { apis } = await client.control("plugin.describe", { plugin: named.id }, { timeout: patience });
  return apis.flatMap((api) =>
    api.methods.flatMap(({ name }) => [`${named.id}.${name}`, `${named.id}.${api.name}.${name}`]),
  );
}
