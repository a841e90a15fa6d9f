/** The documentation keeps its word: examples run, commands and paths exist, links lead somewhere. */
import { execFile } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { parse } from "smol-toml";
import { afterAll, describe, expect, test } from "vitest";
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

/** The TypeScript examples as files of their own, against the sources instead of the built package. */
const folder = mkdtempSync(path.join(tmpdir(), "bulkhead-docs-"));
const entry = JSON.stringify(path.join(root, "src/index.ts"));
const examples = blocks(readme, "ts").map((text, index) => {
  const file = path.join(folder, `example${index}.mts`);
  writeFileSync(file, text.replace('"bulkhead"', entry));
  return file;
});
const [embedded = "", overDaemon = ""] = examples;

/** Where a report's id stands, any will do. */
const anyReport = (text: string): string => text.replaceAll(/wordcount-1-\w{4}/g, "wordcount-1-ID");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function output(file: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const options = { cwd: root, env: { ...process.env, NO_COLOR: "1", ...env } };
  return (await run(process.execPath, [file], options)).stdout;
}

describe("README.md", () => {
  test("has TypeScript that type-checks", async () => {
    expect(examples).toHaveLength(2);
    const config = path.join(folder, "tsconfig.json");
    const compilerOptions = {
      rootDir: "/",
      typeRoots: [path.join(root, "node_modules/@types")],
      rewriteRelativeImportExtensions: false,
    };
    const extended = { extends: path.join(root, "tsconfig.json"), compilerOptions, include: ["*.mts"] };
    writeFileSync(config, JSON.stringify(extended));
    const tsc = path.join(root, "node_modules/.bin/tsc");
    const errors = await run(tsc, ["-p", config]).then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    );
    expect(errors).toBe("");
  });

  test.skipIf(!existsSync(wordcount))("embeds a supervisor that prints what it says", async () => {
    expect(anyReport(await output(embedded))).toBe(anyReport(blocks(readme, "console")[1] ?? ""));
  });

  test.skipIf(!existsSync(wordcount))("calls a plugin over a daemon", async () => {
    const daemon = new DaemonProcess(`[plugins.wordcount]\ncommand = ${JSON.stringify(wordcount)}\n`);
    (await daemon.up()).close();
    expect(await output(overDaemon, { BULKHEAD_SOCKET: daemon.socket })).toBe(
      "{ lines: 0, words: 3, bytes: 13 }\nwordcount serving\n",
    );
  });

  test("has a configuration that fits", () => {
    const checked = blocks(readme, "toml").map((text) => configFileSchema.safeParse(parse(text)));
    expect(checked).toEqual([expect.objectContaining({ success: true })]);
  });

  test("has the Rust plugin that is compiled with the SDK", () => {
    expect(blocks(readme, "rust")).toEqual([read("protocol/sdk/rust/examples/min.rs")]);
  });

  test("names only commands that there are, and all of them", () => {
    const code = [...readme.matchAll(/^```(?:sh|console)\n.*?^```$|`[^`\n]+`/gms)]
      .map(([text]) => text)
      .join("\n");
    const named = new Set([...code.matchAll(/\bbulkhead ([a-z]+)/g)].map(([, name = ""]) => name));
    const there = commands.filter(({ hidden }) => hidden !== true).map(({ name }) => name);
    expect([...named].filter((name) => name !== "help" && !there.includes(name))).toEqual([]);
    expect(there.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
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
  const pages = ["*.md", "protocol/**/*.md", "sample-plugins/*/*.md"].flatMap((pattern) =>
    globSync(pattern, { cwd: root, exclude: (name) => /node_modules|target/.test(name) }),
  );

  test.each(pages)("of %s lead somewhere", (page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, target = ""]) => target);
    const missing = targets.filter((target) => !existsSync(path.join(root, path.dirname(page), target)));
    expect(missing).toEqual([]);
  });
});
