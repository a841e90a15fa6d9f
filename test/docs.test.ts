/** The documentation keeps its word: examples run, commands and paths exist, links lead somewhere. */
import { execFile, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { parse } from "smol-toml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configFileSchema } from "../protocol/config.ts";
import { exit } from "../src/cli/exit.ts";
import { commands } from "../src/cli/commands.ts";
import { languageNames, languageOf } from "../src/cli/scaffold/languages.ts";
import { DaemonProcess } from "./helpers/daemon.ts";
import { Dev } from "./helpers/dev.ts";

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
const readme = read("README.md");
const architecture = read("ARCHITECTURE.md");
const wordcount = path.join(root, "sample-plugins/wordcount/build/wordcount");

/** The fenced blocks of one language, in their order. */
function blocks(markdown: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms");
  return [...markdown.matchAll(fence)].map(([, text = ""]) => text);
}

/** The folder of one page's examples, as if they stood in a clone. */
interface Page {
  readonly page: string;
  readonly text: string;
  readonly folder: string;
}

/** TypeScript, and what stands right behind it as its output. */
interface Example extends Page {
  readonly name: string;
  readonly code: string;
  readonly output: string | undefined;
}

const folder = mkdtempSync(path.join(tmpdir(), "bulkhead-docs-"));
symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');

const pages: Page[] = ["README.md", ...globSync("docs/*.md", { cwd: root }).sort()].map((page) => {
  const own = path.join(folder, path.basename(page, ".md"));
  mkdirSync(own);
  symlinkSync(path.join(root, "sample-plugins"), path.join(own, "sample-plugins"));
  return { page, text: read(page), folder: own };
});

/** The sources in place of the built package. */
const entries = {
  bulkhead: path.join(root, "src/index.ts"),
  "bulkhead/plugin": path.join(root, "protocol/sdk/typescript/index.ts"),
};

/** An example that begins with `// name.ts` is a file of that name, which others of its page may run. */
const examples: Example[] = pages.flatMap((page) => {
  const fences = page.text.matchAll(/^```ts\n(.*?)^```$(?:\s+^```console\n(?!\$ )(.*?)^```$)?/gms);
  return [...fences].map(([, code = "", output], index) => {
    const name = /^\/\/ ([\w-]+\.ts)\n/.exec(code)?.[1] ?? `example-${index + 1}.ts`;
    return { ...page, name, code, output };
  });
});
for (const { folder: own, name, code } of examples) {
  const text = Object.entries(entries).reduce(
    (before, [specifier, file]) => before.replaceAll(`from "${specifier}"`, `from ${JSON.stringify(file)}`),
    code,
  );
  writeFileSync(path.join(own, name), text);
}

/** Commands with their output, one after the other in one shell's directory. */
interface Session extends Page {
  readonly name: string;
  readonly text: string;
  /** A whole program in Python and its entry, where they stand before it. */
  readonly program: { readonly source: string; readonly entry: string } | undefined;
  /** Blocks behind it without a command: what it goes on to say. */
  readonly more: string[];
}

const sessions: Session[] = pages
  .filter(({ page }) => page !== "README.md")
  .flatMap((page) => {
    const own: Session[] = [];
    let source: string | undefined;
    let program: Session["program"];
    for (const [, language, code = ""] of page.text.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
      if (language === "python" && code.startsWith("#!")) source = code;
      else if (language === "toml" && source !== undefined) program = { source, entry: code };
      else if (language === "console" && code.startsWith("$ ")) {
        own.push({ ...page, name: `session ${own.length + 1}`, text: code, program, more: [] });
        [source, program] = [undefined, undefined];
      } else if (language === "console") own.at(-1)?.more.push(code);
    }
    return own;
  });
const isEndless = ({ text }: Session): boolean => text.startsWith("$ bulkhead dev ");

/** `bulkhead` as it is linked to wherever PATH looks. */
const bin = path.join(folder, "bin");
mkdirSync(bin);
const cli = [process.execPath, path.join(root, "src/cli/bin.ts")].map((each) => JSON.stringify(each));
writeFileSync(path.join(bin, "bulkhead"), `#!/bin/sh\nexec ${cli.join(" ")} "$@"\n`);
chmodSync(path.join(bin, "bulkhead"), 0o755);

/** What an example needs is built, or can be run as it is. */
function isRunnable(code: string): boolean {
  const named = [...code.matchAll(/sample-plugins\/[\w./-]+/g)].map(([file]) => path.join(root, file));
  const files = [...named, ...(/Client\.connect|^\$ bulkhead/m.test(code) ? [wordcount] : [])];
  return (hasPython || !code.includes(".py")) && files.every((file) => existsSync(file));
}
const hasPython =
  spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).status === 0;

/** What stands on a page builds on what stands before it. */
const needsPython = (page: Page): boolean => page.text.includes("--lang python");

/** As a pattern: `…` stands for what is left out, and any time and any report's id will do. */
function pattern(output: string): RegExp {
  const quoted = output.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  const loose = quoted
    .replaceAll("…", ".*?")
    .replaceAll(/\b\d+(?:\\\.\d+)?( ?)m?s\b/g, String.raw`[\d.]+$1m?s`)
    .replaceAll(/\b([a-z][a-z-]*)-(\d)-\w{4}\b/g, String.raw`$1-$2-\w{4}`);
  return new RegExp(`^${loose}$`, "s");
}

let daemon: DaemonProcess | undefined;
const entry = `[plugins.wordcount]\ncommand = ${JSON.stringify(wordcount)}\n`;
beforeAll(async () => {
  if (!existsSync(wordcount)) return;
  daemon = new DaemonProcess(entry);
  const client = await daemon.up();
  await client.control("plugin.wait", { plugin: "wordcount", until: "ready" });
  client.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function output(file: string, args: readonly string[], cwd: string): Promise<string> {
  const PATH = [bin, path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter);
  const socket = daemon === undefined ? {} : { BULKHEAD_SOCKET: daemon.socket };
  const env = { ...process.env, PATH, NO_COLOR: "1", ...socket };
  return (await run(file, args, { cwd, env })).stdout;
}

describe("examples", () => {
  test("type-check", async () => {
    expect(examples.length).toBeGreaterThan(0);
    const config = path.join(folder, "tsconfig.json");
    const compilerOptions = {
      rootDir: "/",
      typeRoots: [path.join(root, "node_modules/@types")],
      rewriteRelativeImportExtensions: false,
    };
    const extended = { extends: path.join(root, "tsconfig.json"), compilerOptions, include: ["*/*.ts"] };
    writeFileSync(config, JSON.stringify(extended));
    const tsc = path.join(root, "node_modules/.bin/tsc");
    const errors = await run(tsc, ["-p", config]).then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    );
    expect(errors).toBe("");
  });

  for (const { page, folder: own, name, code, output: expected } of examples) {
    if (expected === undefined) continue;
    test.skipIf(!isRunnable(code))(`of ${page} print what it says: ${name}`, async () => {
      expect(await output(process.execPath, [name], own)).toMatch(pattern(expected));
    });
  }

  for (const session of sessions) {
    const { page, folder: own, name, text, program } = session;
    const runnable = isRunnable(text) && (hasPython || !needsPython(session));
    test.skipIf(!runnable)(`of ${page} answer what it says: ${name}`, { timeout: 120_000 }, async () => {
      if (program !== undefined) install(program, own);
      for await (const [answer, expected] of isEndless(session) ? developed(session) : answered(session)) {
        expect(answer).toMatch(pattern(expected));
      }
    });
  }
});

/** What is printed, and what should be. */
type Answers = AsyncGenerator<readonly [answer: string, expected: string]>;

async function* answered({ folder: own, text }: Session): Answers {
  for (const part of text.split(/^\$ /m).slice(1)) {
    const [command = "", ...lines] = part.split("\n");
    // A command that is meant to fail says so in what it prints.
    yield [await output("sh", ["-c", `exec 2>&1; ${command}\n:`], own), lines.join("\n")];
  }
}

/** An author at work: `bulkhead dev`, and what is saved while it runs. */
async function* developed({ folder: own, text, more }: Session): Answers {
  const [command = "", ...first] = text.trimEnd().split("\n");
  const [named = ""] = command.split(" ").slice(-1);
  const dev = new Dev(own, named);
  const file = path.join(own, named, "plugin.py");
  const source = readFileSync(file, "utf8");
  const saved = [source, source.replace("Hello,", "Good morning,"), source.replace(".run()", ".runn()")];
  for (const [index, block] of [first, ...more.map((each) => each.trimEnd().split("\n"))].entries()) {
    if (index > 0) writeFileSync(file, saved[index] ?? source);
    for (const line of block.filter((each) => each !== "…")) {
      const isNote = line.startsWith("dev: ");
      if (isNote) await dev.stateDir();
      yield [isNote ? dev.stderr.trimEnd() : await dev.line(pattern(line)), line];
    }
  }
  yield [String(await dev.end("SIGTERM")), "0"];
}

/** In the place of what `bulkhead new` made, and among the plugins of the daemon. */
function install({ source, entry: added }: NonNullable<Session["program"]>, own: string): void {
  const [, command = ""] = /^command = "(.+)"$/m.exec(added) ?? [];
  const file = path.join(own, command);
  writeFileSync(file, source, { mode: 0o755 });
  daemon?.configure(entry + added.replace(JSON.stringify(command), JSON.stringify(file)));
}

test("pages have configurations that fit", () => {
  const written = pages.flatMap(({ text }) => blocks(text, "toml"));
  const checked = written.map((text) => configFileSchema.safeParse(parse(text)));
  expect(checked.length).toBeGreaterThan(0);
  expect(checked.flatMap(({ error }) => error?.issues ?? [])).toEqual([]);
});

const offered = commands.filter(({ hidden }) => hidden !== true).map(({ name }) => name);

test.each(pages)("$page names only commands that there are", ({ text }) => {
  const there = new Set(["help", ...offered]);
  expect(commandsIn(codeOf(text)).filter((name) => !there.has(name))).toEqual([]);
});

const codeOf = (markdown: string): string =>
  [...markdown.matchAll(/^```(?:sh|console)\n.*?^```$|`[^`\n]+`/gms)].map(([text]) => text).join("\n");
const commandsIn = (code: string): string[] =>
  [...code.matchAll(/\bbulkhead ([a-z]+)/g)].map(([, name = ""]) => name);

/** A command line in a cell of a table. */
const cell = (command: readonly string[]): string =>
  command.length === 0 ? "–" : `\`${command.join(" ").replace("{{name}}", "hello")}\``;

describe("README.md", () => {
  test("has the Rust plugin that is compiled with the SDK", () => {
    expect(blocks(readme, "rust")).toEqual([read("protocol/sdk/rust/examples/min.rs")]);
  });

  test("names every command", () => {
    const code = codeOf(readme);
    expect(offered.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
  });

  test("names only npm scripts that there are", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = [...(readme + architecture).matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test("says of each language what it takes, and how it is built and tested", () => {
    const rows = languageNames.map((language) => {
      const { title, tools, build, test: check, executable, prepare } = languageOf(language);
      const versions = tools.flatMap(({ name, oldest }) => [
        name,
        ...(oldest?.[1] ? [oldest.join(".")] : []),
      ]);
      return {
        title,
        versions,
        cells: [cell(prepare ?? build), cell(check), cell([executable("hello")])],
      };
    });
    for (const { title, versions, cells } of rows) {
      const row = readme.split("\n").find((line) => line.startsWith(`| [${title}](`)) ?? title;
      expect(row).toContain(`| ${cells.join(" | ")} |`);
      for (const word of versions) expect(row).toContain(word);
    }
  });

  test("names every sample plugin", () => {
    const folders = globSync("sample-plugins/*/README.md", { cwd: root }).map((file) => path.dirname(file));
    const missing = folders.filter((each) => !readme.includes(`](${each}/README.md)`));
    // Types that some of them share.
    expect(missing).toEqual(["sample-plugins/todo-api"]);
  });

  test("has the exit statuses of the command line", () => {
    const rows = [...readme.matchAll(/^\| (\d+) \|/gm)].map(([, status]) => Number(status));
    expect(rows).toEqual(Object.values(exit));
  });
});

describe("ARCHITECTURE.md", () => {
  /** Files that users write. */
  const ofUsers = new Set(["bulkhead.toml", "bulkhead.lock", "plugin.toml", "config/PLUGIN.toml"]);

  /** Each part of the code map: its folder, and what it names there. */
  const map = architecture.slice(architecture.indexOf("## Code map"), architecture.indexOf("## Layers"));
  const parts = map
    .split(/^### /m)
    .slice(1)
    .map((text) => {
      const folder = /^`(.+)`/.exec(text)?.[1] ?? "";
      const items = text.split("\n").filter((line) => /^(- | {2})/.test(line));
      const names = items.flatMap((line) => [...line.matchAll(/`([\w./-]+\.\w+)`|^- `([\w./-]+)`/g)]);
      return { folder, names: names.map(([, file, first = ""]) => file ?? first) };
    });

  test("maps files that exist", () => {
    const missing = parts.flatMap(({ folder, names }) =>
      names.filter(
        (name) => ![path.join(root, folder, name), path.join(root, name)].some((file) => existsSync(file)),
      ),
    );
    expect(missing.filter((name) => !ofUsers.has(name))).toEqual([]);
  });

  test("maps every folder", () => {
    const source = readdirSync(path.join(root, "src"), { withFileTypes: true });
    const inside = source.filter((each) => each.isDirectory()).map(({ name }) => `src/${name}`);
    const folders = parts.map(({ folder }) => folder);
    expect(folders).toEqual(expect.arrayContaining(inside));
    expect(folders.filter((each) => !existsSync(path.join(root, each)))).toEqual([]);
  });

  test("holds eight invariants", () => {
    expect(architecture.match(/^\| [1-8] \|/gm)).toHaveLength(8);
  });

  test("names only files that exist, but for later work", () => {
    const present = architecture.replace(/^## Where later work.*?(?=^## )/ms, "");
    const named = [...present.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.(?:ts|md|c|toml))`/g)].map(
      ([, file = ""]) => file,
    );
    expect(named.length).toBeGreaterThan(30);
    const missing = named.filter((file) => !ofUsers.has(file) && !existsSync(path.join(root, file)));
    expect(missing).toEqual([]);
  });
});

describe("links", () => {
  const linking = ["*.md", "docs/*.md", "protocol/**/*.md", "sample-plugins/*/*.md"].flatMap((wanted) =>
    globSync(wanted, { cwd: root, exclude: (name) => /node_modules|target/.test(name) }),
  );

  test.each(linking)("of %s lead somewhere", (page) => {
    const prose = read(page).replaceAll(/^```.*?^```$|`[^`\n]*`/gms, "");
    const targets = [...prose.matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, target = ""]) => target);
    const missing = targets.filter((target) => !existsSync(path.join(root, path.dirname(page), target)));
    expect(missing).toEqual([]);
  });
});
