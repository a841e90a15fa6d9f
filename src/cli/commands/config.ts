import { resolve } from "node:path";
import { nearest } from "../../../protocol/nearest.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import type { ConfigView } from "../../../protocol/control-results.ts";
import { examples } from "../context.ts";
import type { Context, Define } from "../context.ts";
import { exit } from "../exit.ts";
import { table } from "../../text/columns.ts";
import { jsonText, terminalLine } from "../../text/sanitize.ts";

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead config show", "every value in force, and where it comes from"],
    ["bulkhead config check", "find mistakes before they matter"],
    ["bulkhead config reload", "apply the changed file; only what changed restarts"],
    ["bulkhead config metronome", "the settings of one plugin"],
    ["bulkhead config metronome set bpm=90", "checked, kept in config/metronome.toml, in force at once"],
    ["bulkhead config metronome set token=@token.txt", "out of a file: words of a command line can be seen"],
    ["bulkhead config metronome unset bpm", "back to the default"],
    ["bulkhead config metronome template --write", "a file with every setting, commented out"],
  ]);

  const own = ["show", "check", "reload"];
  command
    .argument("[plugin]")
    .argument("[verb]", "set, unset or template; none: show the settings")
    .argument("[words...]", "key=value, typed by the schema, or - for JSON from stdin; for unset: keys")
    .option("--plugin <plugin>", `the plugin, where it is called ${own.join(", ")}`)
    .option("--write", "with template: into the settings file, unless there is one")
    .action(
      async (first: string | undefined, second: string | undefined, rest: string[], options: Options) => {
        const words = [first, second, ...rest].filter((word) => word !== undefined);
        const plugin = options.plugin ?? words.shift();
        if (plugin === undefined) {
          const message = `config needs a command: ${own.join(", ")}; or a plugin`;
          throw BulkheadError.of("usage", message);
        }
        const open = context();
        const { pluginSettings } = await import("../plugin-settings.ts");
        await pluginSettings(open, plugin, words, options.write === true).catch((error: unknown) => {
          const near = options.plugin === undefined ? nearest(plugin, own) : undefined;
          if (!(error instanceof BulkheadError) || error.code !== "plugin_not_found" || near === undefined)
            throw error;
          const also = error.message.includes("did you mean") ? ", or" : "; did you mean";
          throw BulkheadError.of("plugin_not_found", `${error.message}${also} bulkhead config ${near}?`);
        });
      },
    );

  examples(command.command("show").description("every value in force, and where it comes from"), [
    ["bulkhead config show", "file and line, or default"],
    ["bulkhead config show --json", "as one object"],
  ]).action(async () => {
    const open = context();
    const { out } = open;
    const view = await viewOf(open);
    if (out.json) return out.value(view);
    const rows = view.entries.map(({ key, value, origin }) => [key, origin, jsonText(value)]);
    for (const line of table(["KEY", "FROM", "VALUE"], rows, out.style, out.width)) out.line(line);
    for (const problem of view.problems)
      out.note(`${out.styleTalk("yellow", "problem:")} ${terminalLine(problem)}`);
  });

  examples(command.command("check").description("read a configuration and name every mistake in it"), [
    ["bulkhead config check", "the file that up would use"],
    ["bulkhead config check ./bulkhead.toml", "another one; exit 2 if anything is wrong"],
  ])
    .argument("[file]")
    .action(async (file: string | undefined) => {
      const open = context();
      const { out, places } = open;
      const { exposedSecrets } = await import("../exposed-secrets.ts");
      const read = await readConfig(file === undefined ? places.configFile : resolve(file));
      const exposed = await exposedSecrets(read.file, places.socket);
      const checked = { ...read, warnings: exposed.map(({ message }) => message) };
      if (checked.problems.length > 0) open.exitCode = exit.usage;
      if (out.json) return out.value(checked);
      for (const problem of checked.problems) out.line(terminalLine(problem));
      for (const { file: open, message } of exposed)
        out.note(
          `${out.styleTalk("yellow", "warning:")} ${terminalLine(`${message}; try: chmod 600 ${open}`)}`,
        );
      if (checked.file === null) out.note("no configuration found; see: bulkhead up --help");
      else if (checked.problems.length === 0)
        out.note(`${checked.file}: ok, plugins: ${checked.plugins.join(", ") || "none"}`);
      else out.note(`${checked.file}: problems: ${checked.problems.length}`);
    });

  examples(command.command("reload").description("have the daemon read its configuration again"), [
    ["bulkhead config reload", "added, removed and changed plugins; exit 2 if an entry is wrong"],
  ]).action(async () => {
    const open = context();
    const { out } = open;
    const change = await (await open.daemon()).control("config.reload");
    if (change.errors.length > 0) open.exitCode = exit.usage;
    if (out.json) return out.value(change);
    const lists = (["added", "removed", "changed"] as const).filter((name) => change[name].length > 0);
    for (const name of lists) out.line(`${name}: ${change[name].join(", ")}`);
    if (lists.length === 0) out.note("nothing changed");
    for (const error of change.errors) out.note(`${out.styleTalk("red", "problem:")} ${terminalLine(error)}`);
  });
};

interface Options {
  readonly plugin?: string;
  readonly write?: boolean;
}

/** What is in force; without a daemon, what would be. */
async function viewOf({ out, daemon, places }: Context): Promise<ConfigView> {
  try {
    return await (await daemon()).control("config.show");
  } catch (error) {
    if (!(error instanceof BulkheadError) || error.code !== "daemon_unreachable") throw error;
  }
  out.note("no daemon is running; this is what it would use");
  const { file, entries, problems } = await readConfig(places.configFile);
  return { file, entries, problems };
}

async function readConfig(
  file: string | null,
): Promise<ConfigView & { readonly plugins: readonly string[] }> {
  const { loadConfig, formatProblem, withoutSettings } = await import("../../io/config/config.ts");
  const result = await loadConfig(file, { env: process.env });
  if (!result.ok) return { file, plugins: [], entries: [], problems: result.problems.map(formatProblem) };
  const { config } = result;
  const problems = [...config.problems, ...config.broken.flatMap((each) => each.problems)];
  return {
    file: config.file,
    plugins: config.plugins.map(({ id }) => id),
    entries: withoutSettings(config.origins),
    problems: problems.map(formatProblem),
  };
}
