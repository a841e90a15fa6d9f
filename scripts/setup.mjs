// Everything that a fresh clone needs, in the order in which it is needed. Plain JavaScript without dependencies, able
// to run on the Node that a machine happens to have: it is what brings the right one.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const bin = path.join(root, "node_modules", ".bin");

/** PATH with the repository's own programs first, its Node among them. */
export const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ""}` };

/** Runs a program of the repository and ends this one when it fails. */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, env, stdio: "inherit", ...options });
  if (done.error) fail(`${command} could not be started: ${done.error.message}`);
  if (done.status !== 0) process.exit(done.status ?? 1);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const say = (text) => process.stderr.write(`${text}\n`);

function dependencies() {
  const installed = path.join(root, "node_modules", ".package-lock.json");
  const lock = path.join(root, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say("setup: installing dependencies (npm ci)");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { stdio: ["ignore", 2, 2] });
  if (!existsSync(path.join(bin, "node"))) {
    fail("npm did not run the install script of the package `node`; allow install scripts, then try again");
  }
}

/**
 * Dependencies, the compiled supervisor and the native parts with whatever toolchains are there.
 * `native`: what else to build, as `buildPlugins` takes it. Resolves with what became of each native part: `{ name, status: "built" | "skipped" | "failed", reason? }`.
 */
export async function setup(native = {}) {
  dependencies();
  say("setup: compiling");
  run("tsc", ["-p", "tsconfig.build.json"], { stdio: ["ignore", 2, 2] });
  run("node", ["scripts/bundle-cli.mjs"], { stdio: ["ignore", 2, 2] });
  const { buildPlugins } = await import("./build-plugins.mjs");
  const parts = await buildPlugins(native);
  for (const { name, status, reason } of parts) {
    if (status !== "built") say(`setup: ${status} ${name}: ${reason ?? "no reason given"}`);
  }
  if (parts.some(({ status }) => status === "failed")) fail("setup: a part did not build");
  if (process.env.CI === "true" && parts.some(({ status }) => status === "skipped")) {
    fail("setup: in CI nothing may be skipped");
  }
  return parts;
}
