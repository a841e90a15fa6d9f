/** The scaffold, made as `bulkhead new` makes it: its own test passes. */
import { execFile } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { parse } from "smol-toml";
import { pluginEntry } from "../../protocol/config.ts";
import { Host, root, sdk } from "./host.ts";

const folder = mkdtempSync(path.join(tmpdir(), "bulkhead-sdk-template-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

cpSync(path.join(sdk, "template"), folder, { recursive: true });
for (const file of globSync("{*,.gitignore}", { cwd: folder })) {
  if (file === "sdk") continue;
  const place = path.join(folder, file);
  writeFileSync(place, readFileSync(place, "utf8").replaceAll("{{name}}", "my-plugin"));
}
// After the template: its sdk/index.ts only stands in for the copy.
for (const file of globSync("*.{ts,md}", { cwd: sdk }))
  cpSync(path.join(sdk, file), path.join(folder, "sdk", file));
symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));

test("its own test passes", async () => {
  // Without the variables of vitest, which is no node:test.
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ["--test"], { cwd: folder, env });
  expect(stdout).toMatch(/pass 3$/m);
});

test("its manifest is one, and names an executable that serves", async () => {
  const manifest = parse(readFileSync(path.join(folder, "plugin.toml"), "utf8"));
  const { command, apis } = pluginEntry.parse(manifest);
  expect(apis).toEqual({ "my-plugin": "^0.1.0" });
  expect(command).toBe("main.ts");
  const host = Host.start(path.join(folder, "main.ts"));
  expect(await host.activate()).toMatchObject({ plugin: { name: "my-plugin", version: "0.1.0" } });
  expect(await host.call("my-plugin.greet", { name: "Ann" })).toEqual({ greeting: "Hello, Ann!" });
});

test("it type-checks", async () => {
  const tsc = path.join(root, "node_modules/.bin/tsc");
  const errors = await promisify(execFile)(tsc, ["-p", folder, "--types", "node"]).then(
    () => "",
    ({ stdout }: { stdout: string }) => stdout,
  );
  expect(errors).toBe("");
});
