/**
 * How quick is the terminal interface, and what does it need? On a terminal of its own, as it was built:
 *
 * - from the command to the first screen with plugins on it, beside Node's own start in the same run
 * - from a key to the picture that shows its effect, while a plugin logs 50,000 lines a second and the screen follows its
 *   log, beside the log of one that is quiet
 * - its memory while that flood goes on
 *
 * node bench/tui.ts [--rounds N] [--keys N] [--minutes N] [--rate N] [--json]
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Client } from "../src/client/client.ts";
import { statePaths } from "../src/io/paths.ts";
import { buildPty, Pty } from "./pty.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "10" },
    keys: { type: "string", default: "300" },
    minutes: { type: "string", default: "1" },
    rate: { type: "string", default: "50000" },
    json: { type: "boolean", default: false },
  },
});

const root = path.join(import.meta.dirname, "..");
const bulkhead = [process.execPath, path.join(root, "scripts", "bulkhead.cjs")];
const folder = mkdtempSync(path.join(tmpdir(), "bulkhead-bench-"));
const { NO_COLOR: _, ...inherited } = process.env;
const env = { ...inherited, BULKHEAD_STATE_DIR: path.join(folder, "state"), TERM: "xterm-256color" };

const quantile = (list: readonly number[], part: number): number =>
  list.toSorted((a, b) => a - b)[Math.ceil(list.length * part) - 1] ?? Number.NaN;

function report(name: string, figures: Readonly<Record<string, number>>, unit: string): void {
  const shown = Object.entries(figures).map(([what, value]) => `${what} ${value.toFixed(1)} ${unit}`);
  const line = values.json
    ? JSON.stringify({ name, unit, ...figures })
    : `${name.padEnd(44)} ${shown.join(", ")}`;
  process.stdout.write(`${line}\n`);
}

/** The fixture plugin, once quiet and once not. */
async function daemon(): Promise<() => Promise<void>> {
  const plugin = path.join(root, "test", "fixtures", "plugin", "plugin.mjs");
  const entry = (id: string, ...args: readonly string[]): string =>
    `[plugins.${id}]\ncommand = ${JSON.stringify(process.execPath)}\nargs = ${JSON.stringify([plugin, ...args])}\n`;
  const config = path.join(folder, "bulkhead.toml");
  const flood = `${entry("flood", "--chatter", values.rate)}start = "lazy"\n`;
  writeFileSync(config, entry("quiet") + flood);
  const child = spawn(bulkhead[0] ?? "", [bulkhead[1] ?? "", "up", "--config", config], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  await new Promise<void>((resolve) => {
    child.stderr.on("data", (chunk: Buffer) => chunk.includes("listening at") && resolve());
  });
  return async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
}

const pty = buildPty();
const open = (): Pty => new Pty(pty, [...bulkhead, "tui"], env);

/** Milliseconds from the command to Node's first word, and to the plugins on the screen. */
async function start(): Promise<void> {
  const bare: number[] = [];
  const tui: number[] = [];
  for (let round = -1; round < Number(values.rounds); round++) {
    let from = performance.now();
    const bareNode = new Pty(pty, [process.execPath, "-e", "process.stdout.write('there')"], env);
    const node = (await bareNode.seen(/there/)) - from;
    await bareNode.ended;
    from = performance.now();
    const terminal = open();
    const shown = (await terminal.seen(/quiet\s+serving/)) - from;
    terminal.type("q");
    await terminal.ended;
    // The first round fills the caches of the file system.
    if (round < 0) continue;
    bare.push(node);
    tui.push(shown);
  }
  const [node, first] = [quantile(bare, 0.5), quantile(tui, 0.5)];
  report("start: first screen", { node, tui: first, "beyond node": first - node }, "ms");
}

/** Milliseconds from a key to what it shows, over the log of a plugin. */
async function keys(plugin: string, isFlooded: boolean): Promise<Pty> {
  const terminal = open();
  await terminal.seen(/quiet\s+serving/);
  await logOf(terminal, plugin, isFlooded);
  const times: number[] = [];
  for (let n = 0; n < Number(values.keys); n++) {
    // Not in step with anything.
    await pause(20 + Math.random() * 60);
    terminal.mark();
    const from = performance.now();
    terminal.type("?");
    times.push((await terminal.seen(/half a page/)) - from);
    await pause(20);
    terminal.mark();
    terminal.type("?");
    await terminal.seen(isFlooded ? /chatter \d/ : /life 1/);
  }
  report(
    `a key over the log of a plugin that is ${isFlooded ? `at ${values.rate} lines/s` : "quiet"}`,
    {
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      most: Math.max(...times),
    },
    "ms",
  );
  return terminal;
}

async function logOf(terminal: Pty, plugin: string, isFlooded: boolean): Promise<void> {
  terminal.mark();
  // The palette knows it by its name.
  terminal.type(":");
  await terminal.seen(/do it/);
  terminal.type(`logs ${plugin}`);
  await terminal.seen(new RegExp(`logs ${plugin}`));
  terminal.mark();
  terminal.type("\r");
  await terminal.seen(isFlooded ? /chatter \d/ : /life 1/);
}

async function memory(terminal: Pty): Promise<void> {
  const minutes = Number(values.minutes);
  const start = performance.now();
  const first = lines(terminal);
  let last = first;
  for (const minute of [0, 1, 2, 5, 10, 15, 30, 60].filter((each) => each <= minutes)) {
    await pause(Math.max(0, minute * 60_000 - (performance.now() - start)));
    report(`memory in the flood, after ${minute} min`, { resident: terminal.memory() / 2 ** 20 }, "MiB");
    last = lines(terminal);
  }
  const seconds = (performance.now() - start) / 1000;
  if (minutes > 0) report("lines that came to be seen", { rate: (last - first) / seconds }, "lines/s");
}

/** How many there had been when the last one was shown. */
function lines(terminal: Pty): number {
  return Number(/.*chatter (\d+)/s.exec(terminal.text)?.[1]);
}

const down = await daemon();
const client = await Client.connect({ socket: statePaths({ env }).socket, name: "bench" });
try {
  await client.control("plugin.wait", { plugin: "quiet", until: "ready" });
  await start();
  const quiet = await keys("quiet", false);
  report("memory over a quiet log", { resident: quiet.memory() / 2 ** 20 }, "MiB");
  quiet.type("q");
  await quiet.ended;
  await client.control("plugin.start", { plugin: "flood" });
  const flooded = await keys("flood", true);
  await memory(flooded);
  flooded.type("q");
  await flooded.ended;
} finally {
  client.close();
  await down();
}
