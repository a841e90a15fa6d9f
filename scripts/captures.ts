// `npm run captures`: what docs/tui.md and README.md show of the terminal interface, taken from the program itself over the
// sample plugins. Each `<!-- capture: name -->` is followed by a block that is written here. What differs from run to run (times,
// processes, memory) is evened out, so that a rerun changes only what has changed.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "../src/client/client.ts";
import { statePaths } from "../src/io/paths.ts";
import { Terminal } from "../test/helpers/terminal.ts";

const root = path.join(import.meta.dirname, "..");
const pages = ["docs/tui.md", "README.md"].map((page) => path.join(root, page));
const bulkhead = [process.execPath, path.join(root, "scripts", "bulkhead.cjs")] as const;
const folder = mkdtempSync(path.join(tmpdir(), "bulkhead-"));
/** Of the same width, so that nothing moves. */
const shownFolder = "/tmp/bulkhead-sample";
const state = path.join(folder, "state");
const columns = 100;

/** What is typed before the picture is taken: keys, texts in quotes, and what is waited for. */
type Act =
  | { readonly press: string }
  | { readonly type: string }
  | { readonly see: RegExp }
  | { readonly resize: readonly [columns: number, rows: number] };
const press = (key: string): Act => ({ press: key });
const type = (text: string): Act => ({ type: text });
const see = (what: RegExp): Act => ({ see: what });
const resize = (columns: number, rows: number): Act => ({ resize: [columns, rows] });

const scenes: Readonly<Record<string, readonly Act[]>> = {
  // What a page has room for that is about other things as well.
  small: [resize(100, 15), see(/chaos +serving/)],
  plugins: [resize(100, 30), see(/wordcount +serving/)],
  plugin: [press("Enter"), see(/language +rust/)],
  methods: [press("Tab"), see(/chaos\.panicThread/)],
  logs: [press("Tab"), see(/life 2 ended/)],
  picker: [press("3"), see(/chaos\.panic /), type("scan"), see(/todo-scan\.scan/)],
  form: [press("Enter"), see(/\[ Call \]/), type("todo-scan"), see(/root=todo-scan/)],
  result: [press("C-s"), see(/answered in/)],
  crashes: [press("4"), see(/! +chaos/)],
  report: [press("Enter"), see(/What happens next/)],
  events: [press("6"), press("/"), type("chaos"), see(/^\/ chaos/m), press("Enter"), see(/f follow/)],
  help: [press("?"), see(/Everywhere/)],
  palette: [press("?"), see(/q quit/), press(":"), type("restart"), see(/restart chaos/)],
  todos: [press("Escape"), see(/q quit/), press("5"), see(/Order this year/), see(/todos\.md$/m)],
  preview: [
    press("n"),
    see(/Copies of all tasks/),
    press("Down"),
    press("Enter"),
    see(/input:/),
    press("Enter"),
    see(/accept/),
  ],
};

async function main(): Promise<void> {
  const env = { ...process.env, BULKHEAD_STATE_DIR: state };
  const config = path.join(root, "sample-plugins", "bulkhead.toml");
  const daemon = spawn(bulkhead[0], [bulkhead[1], "up", "--config", config], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      daemon.once("exit", () => reject(new Error("the daemon left")));
      daemon.stderr.on("data", (chunk: Buffer) => chunk.includes("listening at") && resolve());
    });
    await prepare();
    const captures = await walk();
    const texts = pages.map((page) => [page, readFileSync(page, "utf8")] as const);
    const homeless = Object.keys(captures).filter(
      (name) => !texts.some(([, text]) => place(name).test(text)),
    );
    if (homeless.length > 0) throw new Error(`no page has a place for ${homeless.join(", ")}`);
    for (const [page, text] of texts) writeFileSync(page, Object.entries(captures).reduce(withCapture, text));
  } finally {
    const left = new Promise((resolve) => daemon.once("exit", resolve));
    if (daemon.kill()) await left;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Something has happened already: calls, two crashes. */
async function prepare(): Promise<void> {
  const client = await Client.connect({
    socket: statePaths({ flag: state, env: {} }).socket,
    name: "captures",
  });
  const ready = (plugin: string) => client.control("plugin.wait", { plugin, until: "ready" });
  for (const plugin of ["min", "chaos", "wordcount"]) await ready(plugin);
  await client.control("plugin.start", { plugin: "outdated" }).catch(() => undefined);
  for (let n = 0; n < 20; n++) await client.call("min/min.min", { a: n, b: 7 });
  for (const method of ["segfault", "panic"]) {
    await client.call(`chaos/chaos.${method}`).catch(() => undefined);
    await ready("chaos");
  }
  await client.describe("todo-scan");
  client.close();
  // From here on times are in seconds, however quick this machine is.
  await pause(2500);
}

async function walk(): Promise<Record<string, string>> {
  const captures: Record<string, string> = {};
  const command = [...bulkhead, "tui", "--todos", path.join(folder, "todos.md")];
  await using terminal = await Terminal.open(command, {
    columns,
    rows: 30,
    cwd: root,
    env: { HOME: folder, BULKHEAD_STATE_DIR: state, NO_COLOR: "1", TZ: "UTC" },
  });
  for (const [name, acts] of Object.entries(scenes)) {
    for (const act of acts) {
      if ("press" in act) await terminal.press(act.press);
      else if ("type" in act) await terminal.type(act.type);
      else if ("resize" in act) await terminal.resize(...act.resize);
      else await terminal.until(act.see, `${act.see} for ${name}`);
    }
    captures[name] = steady(await terminal.screen());
  }
  return captures;
}

const today = new Date().toISOString().slice(0, 10);

/** What differs each time, and what stands for it. */
const volatile: readonly (readonly [RegExp, string])[] = [
  [/(?<=\b|T)\d\d:\d\d:\d\d(?:\.\d+Z)?/g, "12:00:00"],
  [new RegExp(today, "g"), "2026-01-02"],
  [/(?<=\bpid +)\d+/g, "4711"],
  [/(?<=\()\d{4,}(?=\) panicked)/g, "4712"],
  [/(?<=\b[a-z][a-z-]*-\d+-)[0-9a-z]{4}\b/g, "k3f9"],
  [/\b[0-9a-f]{64}\b/g, "5f1d".repeat(16)],
  [/(?<=SHA-256 )[0-9a-f]{8,}…/g, `${"5f1d".repeat(5)}…`],
  [/\b\d+(?:\.\d+)? calls\/s/g, "2 calls/s"],
  [/\b\d+(?:\.\d+)?(?=\/s, )/g, "1"],
  // Delays have a random part.
  [/(?<=restart(?:ed)?(?: \d+)? (?:in|after) )[\d.]+m?s/g, "1s"],
  [/(?<= \(bulkhead cra)\w*…/g, "…"],
  [/(?: {2,})?\b\d+(?:\.\d+)? ?(?:ms|µs)(?![\w/])/g, "12ms"],
  [/(?: {2,})?\b(?:\d+m )?\d+s(?![\w/])/g, "12s"],
  [/(?: {2,})?\b\d+(?:\.\d+)? (?:MiB|KiB)\b/g, "2.5 MiB"],
  [/\b\d+\.\d+ s\b/g, "0.5 s"],
  [/(?:\d+%|-)(?= of a core)/g, "1%"],
];

function steady(lines: readonly string[]): string {
  const text = [realpathSync(root), root].reduce(
    (before, directory) => before.replaceAll(directory, "/opt/bulkhead"),
    withoutRates(lines).join("\n").replaceAll(folder, shownFolder),
  );
  const even = volatile.reduce(
    (before, [what, instead]) =>
      before.replaceAll(what, (...found) => placed(found[0], instead, before, Number(found.at(-2)))),
    text,
  );
  return even
    .replaceAll(/[·▁-█]{5,}/g, (line) => `${"·".repeat(line.length - 2)}▂█`)
    .replaceAll(/^.*─{5,}$/gm, (rule) => rule.slice(0, columns).padEnd(columns, "─"))
    .trimEnd();
}

/** In a column, which has spaces on both sides, it stays as wide as it was. */
function placed(found: string, instead: string, text: string, at: number): string {
  const indent = /^ */.exec(found)?.[0] ?? "";
  const isColumn = indent !== "" && text.startsWith("  ", at + found.length);
  return isColumn ? instead.padStart(found.length) : indent + instead;
}

/** The rates in the table of plugins are of the last minute, in which this script has begun. */
function withoutRates(lines: readonly string[]): string[] {
  const header = lines.find((line) => line.includes("CALLS/S")) ?? "";
  const end = header.indexOf("CALLS/S") + "CALLS/S".length;
  const start = end - "CALLS/S".length;
  return lines.map((line) => {
    const cell = line.slice(start, end);
    return header !== "" && /^ *[1-9][\d.]*$|^ *0\.\d+$/.test(cell)
      ? line.slice(0, start) + "1.5".padStart(end - start) + line.slice(end)
      : line;
  });
}

function place(name: string): RegExp {
  return new RegExp(`(<!-- capture: ${name} -->\n\n\`\`\`text\n)[^]*?(\`\`\`)`);
}

function withCapture(text: string, [name, capture]: readonly [string, string]): string {
  return text.replace(place(name), (_, before: string, after: string) => `${before}${capture}\n${after}`);
}

await main();
