/** Who may say that an executable is to be trusted: the configuration and its lock, and not the plugin itself. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PluginSpec, Trust } from "../../../protocol/config.ts";
import { formatProblem, loadConfig, sameButLocked } from "../../../src/io/config/config.ts";
import { newKey } from "../../helpers/minisign.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "bulkhead-config-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = path.join(dir, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

async function load(toml: string) {
  const result = await loadConfig(write("bulkhead.toml", toml), { env: {}, platform: "linux" });
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
  return result.config;
}

async function specOf(toml: string): Promise<PluginSpec> {
  const { plugins, broken } = await load(toml);
  const [spec] = plugins;
  if (spec === undefined)
    throw new Error(broken.flatMap(({ problems }) => problems.map(formatProblem)).join("\n"));
  return spec;
}

const trustOf = async (toml: string): Promise<Trust> => (await specOf(toml)).trust;

const [ours, theirs] = [newKey().publicKey, newKey().publicKey];
const hash = "a".repeat(64);

test("keys of [trust] want a signature beside each executable", async () => {
  const trust = await trustOf(`trust.keys = ["${ours}"]\n[plugins.p]\ncommand = "./p"`);
  expect(trust.signature).toEqual({ file: path.join(dir, "p.minisig"), keys: [ours] });
});

test("an entry's own keys replace them, and none at all want no signature", async () => {
  const head = `trust.keys = ["${ours}"]\n[plugins.p]\ncommand = "./p"`;
  expect((await trustOf(`${head}\nsigned_by = ["${theirs}"]\nsignature = "s/p.sig"`)).signature).toEqual({
    file: path.join(dir, "s/p.sig"),
    keys: [theirs],
  });
  expect((await trustOf(`${head}\nsigned_by = []`)).signature).toBeUndefined();
});

test("a manifest comes with the plugin: its keys and its pin do not count against [trust]", async () => {
  write("plugins/p/plugin.toml", `command = "./p"\nsigned_by = ["${theirs}"]\nsha256 = "${hash}"`);
  const dirs = `plugin_dirs = ["plugins"]\n`;
  expect((await trustOf(dirs)).signature?.keys).toEqual([theirs]);
  expect((await trustOf(`${dirs}trust.keys = ["${ours}"]`)).signature?.keys).toEqual([ours]);
  expect((await trustOf(`${dirs}trust.required = true`)).refused).toBe(true);
});

test.each([
  ["nothing", "", true],
  ["a pin", `sha256 = "${hash}"`, false],
  ["keys", `signed_by = ["${ours}"]`, false],
])("with required = true, %s", async (_what, more, refused) => {
  expect((await trustOf(`trust.required = true\n[plugins.p]\ncommand = "./p"\n${more}`)).refused).toBe(
    refused,
  );
});

test("the lock vouches for what it names, and is among the files that were read", async () => {
  const lock = write(
    "bulkhead.lock",
    `lock = 1\n[plugins.p]\nsha256 = "${hash}"\ntrusted = 2026-01-01T00:00:00Z\n`,
  );
  const { plugins, files } = await load(`trust.required = true\n[plugins.p]\ncommand = "./p"`);
  expect(plugins[0]?.trust).toMatchObject({ locked: { sha256: hash }, refused: false });
  expect(files).toContain(lock);
});

test("a lock that can not be read is an error of the whole configuration", async () => {
  write("bulkhead.lock", "lock = 1\nplugins = 3\n");
  const result = await loadConfig(write("bulkhead.toml", ""), { env: {} });
  expect(result.ok).toBe(false);
});

test("a key that is none is named", async () => {
  const { broken } = await load(`[plugins.p]\ncommand = "./p"\nsigned_by = ["RWabc"]`);
  expect(broken.flatMap(({ problems }) => problems.map(formatProblem)).join()).toMatch(
    /plugins\.p\.signed_by\[0\]: found "RWabc", must be a public key of minisign/,
  );
});

test("what is accepted is no other way to run a plugin", async () => {
  const spec = await specOf(`[plugins.p]\ncommand = "./p"`);
  const accepted = { ...spec, trust: { ...spec.trust, locked: { sha256: hash } } };
  expect(sameButLocked(spec, accepted)).toBe(true);
  expect(sameButLocked(spec, { ...accepted, args: ["x"] })).toBe(false);
  expect(sameButLocked(spec, { ...spec, trust: { ...spec.trust, inPlace: true } })).toBe(false);
});
