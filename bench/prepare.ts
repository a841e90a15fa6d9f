/** Builds what the contestants are made of, with whatever toolchains are there. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";
import type { Need } from "./contestants.ts";
import { bench, compiled, conformance, echo, goModule, goPlugin, peers, root } from "./places.ts";

/** Why something is not there; nothing: it is. */
type Lack = string | undefined;

/** What can not be had, with the reason. */
export function prepare(needs: ReadonlySet<Need>): ReadonlyMap<Need, string> {
  const lacking = new Map<Need, string>();
  for (const need of needs) {
    const lack = makers[need]();
    if (lack !== undefined) lacking.set(need, lack);
  }
  return lacking;
}

const makers: Readonly<Record<Need, () => Lack>> = {
  echo: () => compile(echo, [path.join(bench, "echo.c")], process.env["CC"] ?? "cc", "no C compiler", bench),
  "go-plugin"() {
    const sources = globSync(["*.go", "go.*", "echo/*.go"], { cwd: goModule });
    const files = sources.map((file) => path.join(goModule, file));
    return compile(goPlugin, files, "go", "no Go toolchain", goModule);
  },
  mcp() {
    const lock = path.join(peers, "package-lock.json");
    const installed = path.join(peers, "node_modules/.package-lock.json");
    if (modified(installed) >= modified(lock)) return undefined;
    say("installing the MCP SDK (npm ci)");
    const args = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    return run("npm", args, "no npm", peers);
  },
  conformance: () => (existsSync(conformance) ? undefined : "the C SDK's reference plugin is not built"),
};

function compile(
  target: string,
  sources: readonly string[],
  tool: string,
  without: string,
  cwd: string,
): Lack {
  if (modified(target) >= Math.max(...sources.map(modified))) return undefined;
  say(`building ${path.basename(target)}`);
  mkdirSync(path.dirname(target), { recursive: true });
  // No paths of this machine in a panic's traces.
  const args = tool === "go" ? ["build", "-trimpath", "-o", target, "."] : ["-O2", "-o", target, ...sources];
  return run(tool, args, without, cwd);
}

function run(tool: string, args: readonly string[], without: string, cwd: string): Lack {
  const done = spawnSync(tool, args, { cwd, stdio: ["ignore", 2, "pipe"], encoding: "utf8" });
  if (done.error !== undefined) return `${without} (${tool})`;
  if (done.status === 0) return undefined;
  const lines = done.stderr.split("\n").filter((line) => line.trim() !== "");
  const told = lines.find((line) => /error|required|cannot|unable/i.test(line)) ?? lines[0];
  return `${tool}: ${told?.trim() ?? `status ${String(done.status)}`}`;
}

/** What keeps the daemon from being measured as it stands in the sources. */
export function staleness(): string | undefined {
  if (!existsSync(compiled)) return "the daemon is not built: npm run build";
  const sources = globSync("{src,protocol}/**/*.ts", { cwd: root });
  const newest = Math.max(...sources.map((file) => modified(path.join(root, file))));
  if (newest <= modified(compiled)) return undefined;
  return "the daemon that is measured is older than the sources: npm run build";
}

/** Milliseconds, or -1 when the file is not there. */
function modified(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -1;
}

export function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
