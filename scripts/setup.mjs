// Everything that a fresh clone needs, in the order in which it is needed. Plain JavaScript without dependencies, able
// to run on the Node that a machine happens to have: it is what brings the right one.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
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

/** Of sources that are gone nothing stays: it would be shipped, and imported by whoever still names it. */
function compile() {
  const emitted = { encoding: "utf8", stdio: ["ignore", "pipe", 2] };
  const args = ["-p", "tsconfig.build.json", "--listEmittedFiles"];
  const { status, error, stdout } = spawnSync("tsc", args, { cwd: root, env, ...emitted });
  if (error) fail(`tsc could not be started: ${error.message}`);
  const lines = stdout.split("\n");
  const made = lines.filter((line) => line.startsWith("TSFILE: "));
  const said = lines.filter((line) => line !== "" && !made.includes(line));
  if (said.length > 0) say(said.join("\n"));
  if (status !== 0) process.exit(status ?? 1);
  const kept = new Set(made.map((line) => path.normalize(line.slice("TSFILE: ".length))));
  // The bundler empties its own folder.
  removeOthers(path.join(root, "dist"), kept, path.join(root, "dist", "src", "cli", "chunks"));
}

function removeOthers(folder, kept, spared) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (file === spared) continue;
    if (entry.isDirectory()) removeOthers(file, kept, spared);
    else if (!kept.has(file)) rmSync(file);
  }
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}

/**
 * Dependencies, the compiled supervisor and the native parts with whatever toolchains are there.
 * `native`: what else to build, as `buildPlugins` takes it. Resolves with what became of each native part: `{ name, status: "built" | "skipped" | "failed", reason? }`.
 */
export async function setup(native = {}) {
  dependencies();
  say("setup: compiling");
  compile();
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
