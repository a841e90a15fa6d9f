import path from "node:path";
import { Option } from "commander";
import { examples } from "../context.ts";
import type { Context, Define } from "../context.ts";
import { exit } from "../exit.ts";
import { table } from "../../text/columns.ts";
import { languageNames, languageOf } from "../scaffold/languages.ts";
import type { LanguageName } from "../scaffold/languages.ts";
import { findTools } from "../scaffold/tools.ts";
import type { FoundTool } from "../scaffold/tools.ts";
import { makeScaffold } from "../scaffold/scaffold.ts";
import type { Scaffold } from "../scaffold/scaffold.ts";
import { terminalLine } from "../../text/sanitize.ts";

interface Options {
  readonly lang?: LanguageName;
  readonly dir: string;
}

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead new", "the languages, and which toolchains are here"],
    ["bulkhead new hello --lang rust", "a plugin in ./hello that builds, with a test that passes"],
    ["bulkhead new hello -l python --dir plugins", "in plugins/hello"],
  ])
    .argument("[name]", "of the plugin and of its directory: lower-case letters, digits and dashes")
    .addOption(new Option("-l, --lang <language>", "what to write it in").choices(languageNames))
    .option("--dir <directory>", "where to make its directory", ".")
    .addHelpText(
      "after",
      "\nThe SDK is copied into the plugin's directory: nothing there refers to this installation.",
    )
    .action(async (name: string | undefined, { lang, dir }: Options) => {
      const open = context();
      if (name === undefined || lang === undefined) {
        await listLanguages(open);
        if (name === undefined) return;
        open.out.note(`\nchoose one: bulkhead new ${terminalLine(name)} --lang ${languageNames.join("|")}`);
        open.exitCode = exit.usage;
        return;
      }
      const scaffold = makeScaffold(name, lang, dir);
      const tools = await findTools(languageOf(lang));
      if (open.out.json) open.out.value({ ...scaffold, commands: nextCommands(scaffold), tools });
      else tell(open, scaffold, tools);
    });
};

async function listLanguages({ out }: Context): Promise<void> {
  const found = await Promise.all(
    languageNames.map(async (name) => ({ name, tools: await findTools(languageOf(name)) })),
  );
  if (out.json) {
    for (const { name, tools } of found)
      out.value({ language: name, ok: tools.every(({ ok }) => ok), tools });
    return;
  }
  const rows = found.map(({ name, tools }) => [
    name,
    tools.every(({ ok }) => ok) ? "ready" : "not here",
    tools.map((tool) => tool.problem ?? `${tool.name} ${tool.version ?? ""}`.trimEnd()).join(", "),
  ]);
  for (const line of table(["LANGUAGE", "TOOLCHAIN", "FOUND"], rows, out.style, out.width)) out.line(line);
}

function tell({ out }: Context, scaffold: Scaffold, tools: readonly FoundTool[]): void {
  const { language, directory, files } = scaffold;
  const { title, source } = languageOf(language);
  const own = files.filter((file) => !file.startsWith("sdk/"));
  out.line(`made ${shown(directory)}, a plugin in ${title}:`);
  for (const file of own) out.line(`  ${file}${file === source ? out.style("dim", "  begin here") : ""}`);
  out.line(
    `  sdk/${out.style("dim", `  ${files.length - own.length} files; its README.md says what else there is`)}`,
  );
  for (const { problem } of tools) if (problem !== null) out.note(out.styleTalk("yellow", problem));
  out.line("");
  out.line("next:");
  for (const line of nextCommands(scaffold)) out.line(`  ${line}`);
}

/** To build and test it, to have it checked, to work on it. */
function nextCommands({ directory, build, test, executable }: Scaffold): string[] {
  const steps = [["cd", quoted(shown(directory))], ...build, test];
  return [
    steps.map((words) => words.join(" ")).join(" && "),
    `bulkhead check ./${executable}`,
    "bulkhead dev .",
  ];
}

/** As one would type it from here. */
function shown(directory: string): string {
  const relative = path.relative(process.cwd(), directory);
  return relative === "" || relative.startsWith("..") ? directory : relative;
}

/** For a shell; a name of a plugin needs it never, the way there may. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
