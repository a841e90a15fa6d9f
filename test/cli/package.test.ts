/** What `npm pack` makes, installed into an empty project: no checkout around it, no tools of the repository. */
import { execFile, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Check } from "../../protocol/control-results.ts";
import type { PluginStatus } from "../../protocol/state.ts";
import { languageNames } from "../../src/cli/scaffold/languages.ts";
import { table } from "../helpers/daemon.ts";

/** In CI nothing is skipped: there it fails. */
const withoutCompiler =
  process.platform !== "linux" ||
  (process.env["CI"] === undefined && spawnSync("cc", ["--version"]).error !== undefined);
const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, "../..");
const project = mkdtempSync(path.join(tmpdir(), "bulkhead-package-"));
const modules = path.join(project, "node_modules");
const installed = path.join(modules, "bulkhead");
const env = { PATH: process.env["PATH"], HOME: project, BULKHEAD_STATE_DIR: path.join(project, "state") };

/** Resolves however it ends. */
async function bulkhead(...args: readonly string[]): Promise<{ status: number; stdout: string }> {
  const script = path.join(installed, "scripts", "bulkhead.cjs");
  return run(process.execPath, [script, ...args], { cwd: project, env }).then(
    ({ stdout }) => ({ status: 0, stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ status: code, stdout }),
  );
}

const guardCheck = (stdout: string): Check | undefined =>
  (JSON.parse(stdout) as Check[]).find(({ name }) => name === "guard");

beforeAll(async () => {
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", project], { cwd: root });
  const tarball = readdirSync(project).find((name) => name.endsWith(".tgz")) ?? "";
  mkdirSync(modules);
  await run("tar", ["-xzf", path.join(project, tarball), "-C", modules]);
  await run("mv", [path.join(modules, "package"), installed]);
  const { dependencies } = JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  // Nothing is fetched, and of the repository's packages only what a user gets is there.
  for (const name of Object.keys(dependencies)) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(path.join(root, "node_modules", name), path.join(modules, name));
  }
});

afterAll(async () => {
  await bulkhead("down");
  rmSync(project, { recursive: true, force: true });
});

describe("the installed package", () => {
  test("has the guard's source, the SDKs and the command, and nothing that needs a checkout", () => {
    expect(readdirSync(installed).sort()).toEqual([
      "LICENSE",
      "README.md",
      "dist",
      "native",
      "package.json",
      "protocol",
      "scripts",
    ]);
    expect(readdirSync(path.join(installed, "scripts"))).toEqual(["bulkhead.cjs"]);
    expect(existsSync(path.join(installed, "native", "guard.c"))).toBe(true);
  });

  test("makes plugins of every language", async () => {
    for (const language of languageNames) {
      const made = await bulkhead("new", `in-${language}`, "--lang", language, "--json");
      expect(made.status).toBe(0);
      expect(readdirSync(path.join(project, `in-${language}`, "sdk"))).toContain("README.md");
    }
  });

  test("can be imported, as a host and as a plugin would", async () => {
    const source = `
      import { Supervisor } from "bulkhead";
      import { contract } from "bulkhead/protocol";
      import * as plugin from "bulkhead/plugin";
      console.log(typeof Supervisor.open, typeof contract, Object.keys(plugin).length > 0);
    `;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", source], { cwd: project });
    expect(stdout).toBe("function function true\n");
  });

  test.skipIf(withoutCompiler)(
    "has no guard, says how to get one, builds it and runs plugins under it",
    async () => {
      const before = await bulkhead("doctor", "--json");
      expect(guardCheck(before.stdout)).toMatchObject({
        level: "warn",
        advice: expect.stringMatching(/^bulkhead doctor --build-guard\b/),
      });

      const guard = path.join(installed, "build", "guard");
      const built = await bulkhead("doctor", "--build-guard", "--json");
      expect(guardCheck(built.stdout)).toEqual({ name: "guard", level: "ok", message: guard });

      writeFileSync(path.join(project, "bulkhead.toml"), table("calm"));
      expect((await bulkhead("up", "-d")).status).toBe(0);
      await bulkhead("wait", "calm", "--ready");
      const { stdout } = await bulkhead("ps", "--json");
      const { plugins } = JSON.parse(stdout) as { plugins: PluginStatus[] };
      expect(readlinkSync(`/proc/${plugins[0]?.guardPid}/exe`)).toBe(guard);
    },
  );
});
