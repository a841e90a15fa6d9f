/** `bulkhead new`: what comes out builds, passes its own tests and `bulkhead check`, and runs under `bulkhead dev`. */
import { execFile } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { languageNames, languageOf } from "../../src/cli/scaffold/languages.ts";
import type { LanguageName } from "../../src/cli/scaffold/languages.ts";
import { findTools } from "../../src/cli/scaffold/tools.ts";
import type { Scaffold } from "../../src/cli/scaffold/scaffold.ts";
import { Dev } from "../helpers/dev.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const entry = path.join(root, "src/cli/bin.ts");
const parent = mkdtempSync(path.join(tmpdir(), "bulkhead-new-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(cwd: string, [program = "", ...args]: readonly string[]): Promise<Ran> {
  const env = { ...process.env, CARGO_BUILD_JOBS: "1", NO_COLOR: "1" };
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env, maxBuffer: 16 * 1024 ** 2 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });
}

function bulkhead(...args: string[]): Promise<Ran> {
  return run(parent, [process.execPath, entry, ...args]);
}

async function make(name: string, language: LanguageName): Promise<Scaffold> {
  const { stdout, stderr } = await bulkhead("new", name, "--lang", language, "--json");
  expect(stderr).toBe("");
  const scaffold: Scaffold = JSON.parse(stdout);
  return scaffold;
}

/** In CI nothing is skipped: what is missing there fails by itself. */
async function missing(language: LanguageName): Promise<string | undefined> {
  if (process.env["CI"] !== undefined) return undefined;
  const tools = await findTools(languageOf(language));
  return tools.find(({ ok }) => !ok)?.problem ?? undefined;
}

/** What need not be fetched and built again: crates of the versions that the SDK is tested with, npm's packages. */
function borrow(scaffold: Scaffold): void {
  if (scaffold.language === "rust") {
    const target = path.join(root, "sample-plugins/target");
    mkdirSync(target, { recursive: true });
    symlinkSync(target, path.join(scaffold.directory, "target"));
    copyFileSync(
      path.join(root, "protocol/sdk/rust/Cargo.lock"),
      path.join(scaffold.directory, "Cargo.lock"),
    );
  }
  if (scaffold.language === "typescript") {
    symlinkSync(path.join(root, "node_modules"), path.join(scaffold.directory, "node_modules"));
  }
}

describe.each(languageNames)("a plugin in %s", (language) => {
  test("builds, passes its tests and the check, and runs", { timeout: 540_000 }, async ({ skip }) => {
    const lacking = await missing(language);
    skip(lacking !== undefined, lacking);
    const name = `made-in-${language}`;
    const scaffold = await make(name, language);
    borrow(scaffold);
    const { directory, build, test: own, executable } = scaffold;
    for (const words of [...build.filter(([program]) => program !== "npm"), own]) {
      // Whatever it said is shown when it failed.
      const ran = await run(directory, words);
      expect(ran).toEqual({ ...ran, status: 0 });
    }

    const checked = await bulkhead("check", path.join(directory, executable));
    expect(checked).toEqual({ ...checked, status: 0 });

    const dev = new Dev(parent, directory);
    expect(await dev.line(/^ready/)).toMatch(
      new RegExp(`^ready: ${name} 0\\.1\\.0, life 1, .*: ${name}\\.greet$`),
    );
    const state = await dev.stateDir();
    const called = await bulkhead("--state-dir", state, "call", `${name}.greet`, "name=Ada", "--json");
    expect(JSON.parse(called.stdout)).toEqual({ greeting: "Hello, Ada!" });
    expect(await dev.end("SIGTERM")).toBe(0);
  });

  test("has its name everywhere, an SDK of its own and nothing that was built", async () => {
    const { directory, files } = await make(`named-${language}`, language);
    const found = readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => path.relative(directory, path.join(file.parentPath, file.name)))
      .sort();
    expect(found).toEqual(files);
    expect(files).toEqual(expect.arrayContaining([".gitignore", "README.md", "plugin.toml", "sdk/LICENSE"]));
    const text = files.map((file) => readFileSync(path.join(directory, file), "utf8")).join("\n");
    expect(text).not.toMatch(/\{\{name\}\}/);
    expect(text).not.toContain(root);
    expect(readFileSync(path.join(directory, "plugin.toml"), "utf8")).toContain(`named-${language}`);
    const scripts = files.filter((file) => readFileSync(path.join(directory, file), "utf8").startsWith("#!"));
    for (const file of scripts) expect(statSync(path.join(directory, file)).mode & 0o777).toBe(0o755);
  });

  test("keeps what its tools leave out of version control", async () => {
    const { directory } = await make(`ignored-${language}`, language);
    const lines = readFileSync(path.join(directory, ".gitignore"), "utf8").split("\n");
    expect(lines).toEqual(expect.arrayContaining([...languageOf(language).gitignore]));
  });
});

describe("bulkhead new", () => {
  test("says what it made and what to do next", async () => {
    const { status, stdout } = await bulkhead("new", "spoken", "--lang", "go", "--dir", "some where");
    expect(status).toBe(0);
    expect(stdout).toContain("made some where/spoken, a plugin in Go:");
    expect(stdout).toContain("  main.go");
    expect(stdout.split("\n").slice(-4, -1)).toEqual([
      "  cd 'some where/spoken' && go build -o build/spoken . && go test ./...",
      "  bulkhead check ./build/spoken",
      "  bulkhead dev .",
    ]);
  });

  test("without a language lists them, with what is here of their toolchains", async () => {
    const { status, stdout } = await bulkhead("new");
    expect(status).toBe(0);
    for (const name of languageNames)
      expect(stdout).toMatch(new RegExp(`^${name} +(ready|not here) +\\S`, "m"));
    const named = await bulkhead("new", "some");
    expect(named).toMatchObject({ status: 2, stdout });
    expect(named.stderr).toContain("choose one: bulkhead new some --lang rust|c|go|python|typescript");
  });

  test.each([
    [["One", "-l", "c"], 'the name "One" must be lower-case letters'],
    [["a/../b", "-l", "c"], "must be lower-case letters"],
    [["fn", "-l", "rust"], "fn means something else in Rust already"],
    [["some", "-l", "cobol"], "Allowed choices are rust, c, go, python, typescript"],
    [[path.basename(root), "-l", "c", "--dir", path.dirname(root)], "is not empty"],
    [["package", "-l", "c", "--dir", path.join(root, "package.json")], "package.json"],
  ])("%j is a slip", async (args, words) => {
    const { status, stderr } = await bulkhead("new", ...args);
    expect(stderr).toContain(words);
    expect(status).toBe(2);
  });
});
