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
import { DaemonProcess } from "./helpers/daemon.ts";

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
const sessions = pages
  .filter(({ page }) => page !== "README.md")
  .flatMap((page) =>
    blocks(page.text, "console")
      .filter((text) => text.startsWith("$ "))
      .map((text, index) => ({ ...page, name: `session ${index + 1}`, text })),
  );

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
  const python = !code.includes(".py") || spawnSync("python3", ["--version"]).error === undefined;
  return python && files.every((file) => existsSync(file));
}

/** As a pattern: `…` stands for what is left out, and any report's id will do. */
function pattern(output: string): RegExp {
  const quoted = output.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  const loose = quoted
    .replaceAll("…", ".*?")
    .replaceAll(/\b([a-z][a-z-]*)-1-\w{4}\b/g, String.raw`$1-1-\w{4}`);
  return new RegExp(`^${loose}$`, "s");
}

let daemon: DaemonProcess | undefined;
beforeAll(async () => {
  if (!existsSync(wordcount)) return;
  daemon = new DaemonProcess(`[plugins.wordcount]\ncommand = ${JSON.stringify(wordcount)}\n`);
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

  for (const { page, folder: own, name, text } of sessions) {
    test.skipIf(!isRunnable(text))(`of ${page} answer what it says: ${name}`, async () => {
      for (const part of text.split(/^\$ /m).slice(1)) {
        const [command = "", ...lines] = part.split("\n");
        const answer = await output("sh", ["-c", `exec 2>&1; ${command}`], own);
        expect(answer).toMatch(pattern(lines.join("\n")));
      }
    });
  }
});

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

  test("has the exit statuses of the command line", () => {
    const rows = [...readme.matchAll(/^\| (\d+) \|/gm)].map(([, status]) => Number(status));
    expect(rows).toEqual(Object.values(exit));
  });
});

describe("ARCHITECTURE.md", () => {
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
    // Files that users write.
    expect(missing.filter((name) => name !== "bulkhead.toml" && name !== "plugin.toml")).toEqual([]);
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
    expect(named.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
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
