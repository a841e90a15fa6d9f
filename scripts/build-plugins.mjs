// Builds the guard and the sample plugins with whatever toolchains are there. Plain JavaScript without dependencies, for
// Node 20 and newer.
//
//   node scripts/build-plugins.mjs [--quiet] [--strict] [--conformance]
//
// A part without its toolchain is skipped, and says why. The exit status is 1 when a part failed, with --strict or
// CI=true also when one was skipped. --conformance adds the SDKs' reference plugins, for the golden transcripts.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(import.meta.url);
const root = path.resolve(path.dirname(script), "..");
const warnings = ["-std=c11", "-Wall", "-Wextra"];
const rustPlugins = ["min", "todo-scan", "todo-command", "todo-tasks", "chaos"];

/** @typedef {{ name: string, status: "built" | "skipped" | "failed", reason?: string, with?: string }} Part */

/**
 * What became of each part: `reason` says why it was skipped or failed, `with` what it was built with.
 * Unless `quiet`, what the compilers say goes to stderr.
 *
 * @param {{ quiet?: boolean, conformance?: boolean }} [options]
 * @returns {Promise<Part[]>}
 */
export async function buildPlugins({ quiet = false, conformance = false } = {}) {
  const guard =
    process.platform === "linux"
      ? await buildC("native/guard.c", "build/guard", ["-D_GNU_SOURCE"], ["-static"], quiet)
      : { status: "skipped", reason: `it needs Linux, this is ${process.platform}` };
  const wordcount = await buildC(
    "sample-plugins/wordcount/wordcount.c",
    "sample-plugins/wordcount/build/wordcount",
    ["-D_POSIX_C_SOURCE=200809L"],
    [],
    quiet,
  );
  const rust = await buildRust("sample-plugins", ["--release"], quiet);
  const parts = [
    { name: "guard", ...guard },
    { name: "wordcount", ...wordcount },
    { name: "metronome", ...(await make("sample-plugins/metronome", "build/metronome", quiet)) },
    ...rustPlugins.map((name) => Object.assign({ name }, rust)),
    {
      name: "journal-source",
      ...(await buildGo("sample-plugins/journal-source", "journal-source", ".", quiet)),
    },
    { name: "reverse", ...(await python()) },
    { name: "view-stats", status: "built", with: `node ${process.versions.node}` },
  ];
  if (conformance) {
    const example = await buildRust("protocol/sdk/rust", ["--example", "conformance"], quiet);
    parts.push({ name: "conformance (Rust)", ...example });
    parts.push({ name: "conformance (C)", ...(await make("protocol/sdk/c", "build/conformance", quiet)) });
    const go = await buildGo("protocol/sdk/go", "conformance", "./examples/conformance", quiet);
    parts.push({ name: "conformance (Go)", ...go });
  }
  return parts;
}

/** What is built on the C SDK, which needs jansson. */
async function make(directory, target, quiet) {
  const cwd = path.join(root, directory);
  const compiler = process.env.CC || "cc";
  for (const [tool, args, without] of [
    [compiler, ["--version"], `no C compiler (${compiler})`],
    ["make", ["--version"], "no make"],
    ["pkg-config", ["--version"], "no pkg-config"],
    ["pkg-config", ["--exists", "jansson"], "no jansson (the package libjansson-dev, or jansson)"],
  ]) {
    const asked = await run(tool, args, cwd, true);
    if (asked.missing || asked.status !== 0) return { status: "skipped", reason: without };
  }
  const done = await run("make", [target], cwd, quiet);
  if (done.status !== 0) return { status: "failed", reason: `make: ${firstError(done.output)}` };
  return { status: "built", with: `${compiler}, jansson` };
}

async function buildGo(directory, name, source, quiet) {
  const cwd = path.join(root, directory);
  const asked = await run("go", ["env", "GOVERSION"], cwd, true);
  if (asked.missing) return { status: "skipped", reason: "no Go toolchain (go)" };
  const version = /^go(\d+\.\d+)/m.exec(asked.output)?.[1];
  if (asked.status !== 0 || version === undefined) {
    return { status: "skipped", reason: `go does not work: ${firstError(asked.output)}` };
  }
  const needed = /^go (\d+\.\d+)/m.exec(readFileSync(path.join(cwd, "go.mod"), "utf8"))?.[1];
  if (needed !== undefined && older(version, needed)) {
    return { status: "skipped", reason: `go ${version} is too old, ${needed} or newer is needed` };
  }
  // No paths of this machine in a panic's traces.
  const done = await run("go", ["build", "-trimpath", "-o", `build/${name}`, source], cwd, quiet);
  if (done.status !== 0) return { status: "failed", reason: `go: ${firstError(done.output)}` };
  return { status: "built", with: `go ${version}` };
}

/** Nothing to build: it has to be there. */
async function python() {
  const asked = await run("python3", ["--version"], root, true);
  const version = /^Python (\d+\.\d+)/m.exec(asked.output)?.[1];
  if (asked.missing || version === undefined) return { status: "skipped", reason: "no Python (python3)" };
  if (!older(version, "3.10")) return { status: "built", with: `python3 ${version}` };
  return { status: "skipped", reason: `python3 ${version} is too old, 3.10 or newer is needed` };
}

/** Flags that are only `wished` are left out where the system does not have what they need. */
async function buildC(source, target, flags, wished, quiet) {
  const compiler = process.env.CC || "cc";
  const from = path.join(root, source);
  const to = path.join(root, target);
  // An installed package has no sample plugins.
  if (!existsSync(from)) return { status: "skipped", reason: "its source is not here" };
  const folder = path.dirname(from);
  const headers = readdirSync(folder).filter((name) => name.endsWith(".h"));
  const sources = [from, script, ...headers.map((name) => path.join(folder, name))];
  if (modified(to) >= Math.max(...sources.map(modified))) return { status: "built", with: "unchanged" };
  mkdirSync(path.dirname(to), { recursive: true });
  // Renamed when whole: nobody meets half a file, and one that runs just now can still be replaced.
  const fresh = `${to}.${process.pid}`;
  const compile = (more, silent) =>
    run(compiler, ["-O2", ...warnings, ...flags, ...more, "-o", fresh, from], root, silent);
  try {
    let done = wished.length > 0 ? await compile(wished, true) : undefined;
    if (done?.status !== 0) done = await compile([], quiet);
    if (done.missing) return { status: "skipped", reason: `no C compiler (${compiler})` };
    const header = /fatal error: '?([\w/]+\.h)'?(?: file not found|: No such file)/.exec(done.output)?.[1];
    if (header !== undefined) return { status: "skipped", reason: `no C headers (${header})` };
    if (done.status !== 0) return { status: "failed", reason: `${compiler}: ${firstError(done.output)}` };
    renameSync(fresh, to);
  } finally {
    rmSync(fresh, { force: true });
  }
  return { status: "built", with: compiler };
}

async function buildRust(directory, flags, quiet) {
  const cwd = path.join(root, directory);
  const asked = await run("cargo", ["--version"], cwd, true);
  if (asked.missing) return { status: "skipped", reason: "no Rust toolchain (cargo)" };
  const version = /^cargo (\d+\.\d+\.\d+)/m.exec(asked.output)?.[1];
  if (asked.status !== 0 || version === undefined) {
    return { status: "skipped", reason: `cargo does not work: ${firstError(asked.output)}` };
  }
  const needed = /^rust-version = "(.+)"/m.exec(readFileSync(path.join(cwd, "Cargo.toml"), "utf8"))?.[1];
  if (needed !== undefined && older(version, needed)) {
    return { status: "skipped", reason: `cargo ${version} is too old, ${needed} or newer is needed` };
  }
  const done = await run("cargo", ["build", "--locked", ...flags], cwd, quiet);
  if (done.status === 0) return { status: "built", with: `cargo ${version}` };
  if (isUnreachable(done.output)) return { status: "skipped", reason: "cargo can not download its crates" };
  if (/linker `\S+` not found/.test(done.output))
    return { status: "skipped", reason: "no linker for Rust (cc)" };
  return { status: "failed", reason: `cargo: ${firstError(done.output)}` };
}

/** Whether cargo failed for want of a network; not when something did not compile. */
function isUnreachable(output) {
  return (
    !/^error(?:\[E\d+\]|: could not compile)/m.test(output) &&
    /failed to (?:download|fetch|query replaced source|load source|get `[^`]+` as a dependency)|unable to update registry|spurious network error|could not resolve host|couldn't connect|--offline was specified|download of .+ failed/i.test(
      output,
    )
  );
}

function older(version, needed) {
  const [a, b] = [version, needed].map((text) => text.split(".").map(Number));
  return a[0] !== b[0] ? a[0] < b[0] : a[1] < b[1];
}

function firstError(output) {
  const lines = output.split("\n").map((line) => line.trim());
  return lines.find((line) => /\berror\b/i.test(line)) ?? lines.find((line) => line !== "") ?? "it failed";
}

/** Milliseconds, or -1 when the file is not there. */
function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -1;
}

/** Runs to the end, whatever that is; `missing` when there is no such program. */
function run(command, args, cwd, quiet) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        if (!quiet) process.stderr.write(text);
      });
    }
    child.once("error", (error) => {
      if (error.code === "ENOENT") resolve({ status: null, missing: true, output });
      else reject(error);
    });
    child.once("close", (status) => resolve({ status, missing: false, output }));
  });
}

/** One line for all parts that share a fate: `built min, todo-scan, chaos (cargo 1.95.0)`. */
function summary(parts) {
  const lines = new Map();
  for (const { name, status, reason, with: tool } of parts) {
    const detail = status === "built" ? ` (${tool})` : `: ${reason}`;
    const key = `${status}${detail}`;
    lines.set(key, { status, detail, names: [...(lines.get(key)?.names ?? []), name] });
  }
  return [...lines.values()].map(({ status, detail, names }) => `${status} ${names.join(", ")}${detail}`);
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === script) {
  const flags = new Set(process.argv.slice(2));
  const parts = await buildPlugins({ quiet: flags.has("--quiet"), conformance: flags.has("--conformance") });
  process.stdout.write(`${summary(parts).join("\n")}\n`);
  const strict = flags.has("--strict") || process.env.CI === "true";
  const bad = parts.some(({ status }) => status === "failed" || (strict && status === "skipped"));
  process.exitCode = bad ? 1 : 0;
}
