/** The real command line as a child process, against a real daemon with real plugins. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text as readAll } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { isRunning } from "../../src/cli/running.ts";

const entry = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const plugin = fileURLToPath(new URL("fixtures/plugin.mjs", import.meta.url));

let directory: string;
let env: NodeJS.ProcessEnv;

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...args: string[]) {
  return spawn(process.execPath, [entry, ...args], { env, cwd: directory, stdio: ["pipe", "pipe", "pipe"] });
}

async function bulkhead(...args: string[]): Promise<Ran> {
  return bulkheadWith("", ...args);
}

async function bulkheadWith(stdin: string, ...args: string[]): Promise<Ran> {
  const child = start(...args);
  child.stdin.end(stdin);
  const [stdout, stderr, status] = await Promise.all([
    readAll(child.stdout),
    readAll(child.stderr),
    statusOf(child),
  ]);
  return { status, stdout, stderr };
}

function statusOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("close", resolve));
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what a test expects to read
function json<T>(text: string): T {
  const value: T = JSON.parse(text);
  return value;
}

function jsonLines<T>(text: string): T[] {
  return text
    .trim()
    .split("\n")
    .map((line) => json<T>(line));
}

async function candidates(...words: string[]): Promise<string[]> {
  const { stdout } = await bulkhead("__complete", "--", ...words);
  return stdout.split("\n").filter((line) => line !== "");
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "bulkhead-cli-"));
  env = { PATH: process.env["PATH"], HOME: directory, BULKHEAD_STATE_DIR: path.join(directory, "state") };
  const entries = [
    `[plugins.words]`,
    `command = ${JSON.stringify(plugin)}`,
    `[plugins.gone]`,
    `command = "./not-there"`,
  ];
  await writeFile(path.join(directory, "bulkhead.toml"), entries.join("\n"));
});

afterAll(async () => {
  await bulkhead("down");
  await rm(directory, { recursive: true, force: true });
});

describe("help", () => {
  const shown = commands.filter(({ hidden }) => hidden !== true).map(({ name }) => `bulkhead ${name}`);
  test.each(["bulkhead", "bulkhead config show", ...shown])("of %s starts with examples", async (line) => {
    const { status, stdout } = await bulkhead(...line.split(" ").slice(1), "--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Examples:\n {2}\S/);
    expect(stdout).toContain(`Usage: ${line}`);
  });

  test("is the same by the help command", async () => {
    const [one, other] = await Promise.all([bulkhead("help", "call"), bulkhead("call", "--help")]);
    expect(one).toEqual(other);
  });
});

describe("a slip on the command line", () => {
  test.each([
    [["pss"], "unknown command 'pss'; did you mean ps?", "bulkhead help"],
    [["ps", "--jsn"], "unknown option '--jsn'; did you mean --json?", "bulkhead ps --help"],
    [["status", "a", "b"], "too many arguments", "bulkhead status --help"],
    [["stop"], "missing required argument 'plugin'", "bulkhead stop --help"],
    [["logs", "-n", "many"], "It must be a whole number from 0 to 100000.", "bulkhead logs --help"],
    [["call", "min"], "min names no method", "bulkhead call --help"],
    [["call", "min.min", "--timeout", "soon"], "--timeout must be a time", "bulkhead call --help"],
    [["config"], "config needs a command: show, check, reload", "bulkhead config --help"],
    [["completion", "tcsh"], "Allowed choices are bash, zsh, fish", "bulkhead completion --help"],
  ])("%j exits 2 and says what to try", async (args, message, hint) => {
    const { status, stdout, stderr } = await bulkhead(...args);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`[usage]`);
    expect(stderr).toContain(`try: ${hint}`);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });

  test("is an object with --json", async () => {
    const { stderr } = await bulkhead("pss", "--json");
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "usage", try: "bulkhead help" } });
  });
});

test("no command at all exits 2 and shows the help, on stderr", async () => {
  const { status, stdout, stderr } = await bulkhead();
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(/^Examples:\n/);
});

async function into(stdout: number | "pipe", ...args: string[]) {
  const child = spawn(process.execPath, [entry, ...args], {
    env,
    cwd: directory,
    stdio: ["ignore", stdout, "pipe"],
  });
  // A reader that is gone before the first word.
  child.stdout?.destroy();
  const [stderr, status] = await Promise.all([readAll(child.stderr!), statusOf(child)]);
  return { stderr, status };
}

describe("stdout that takes nothing", () => {
  test.skipIf(process.platform !== "linux")("because the disk is full is one line and exit 1", async () => {
    const full = openSync("/dev/full", "w");
    try {
      const message = "can't write to stdout: no space left on device";
      const ran = await into(full, "config", "show");
      expect(ran.status).toBe(1);
      expect(ran.stderr).toContain(`error: ${message}\n`);
      expect(ran.stderr).not.toContain("    at ");
      const { status, stderr } = await into(full, "config", "show", "--json");
      expect(JSON.parse(stderr)).toMatchObject({ error: { message } });
      expect(status).toBe(1);
    } finally {
      closeSync(full);
    }
  });

  test("because nobody reads any more is no error", async () => {
    expect(await into("pipe", "config", "show", "--json")).toEqual({ status: 0, stderr: "" });
  });
});

describe("without a daemon", () => {
  test("commands that need one exit 3 and say how to start it", async () => {
    const { status, stderr } = await bulkhead("ps");
    expect(status).toBe(3);
    expect(stderr).toContain("[daemon_unreachable]");
    expect(stderr).toContain("try: Start it: bulkhead up -d");
  });

  test("down has nothing to do", async () => {
    expect(await bulkhead("down")).toMatchObject({ status: 0, stdout: "" });
  });

  test("config check reads the file, and names a mistake with its line", async () => {
    expect(await bulkhead("config", "check")).toMatchObject({ status: 0 });
    const file = path.join(directory, "wrong.toml");
    await writeFile(file, "[plugins.min]\ncomand = './min'\n");
    const { status, stdout } = await bulkhead("config", "check", file);
    expect(status).toBe(2);
    expect(stdout).toContain(`${file}:2: plugins.min.comand`);
  });

  test("doctor still looks at the surroundings", async () => {
    const { stdout } = await bulkhead("doctor", "--json");
    const checks = json<{ name: string; level: string; advice?: string }[]>(stdout);
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "node",
        "guard",
        "config",
        "state",
        "socket",
        "files",
        "sandbox: strict",
        "daemon",
      ]),
    );
    expect(checks.find(({ name }) => name === "daemon")).toMatchObject({
      level: "warn",
      advice: "bulkhead up -d",
    });
  });

  test("up says why it can not, and exits accordingly, in the background too", async () => {
    const file = path.join(directory, "unreadable.toml");
    await writeFile(file, "[plugins\n");
    for (const args of [["up"], ["up", "-d"]]) {
      const { status, stderr } = await bulkhead(...args, "--config", file);
      expect(stderr).toContain(`${file}:1`);
      expect(stderr).toContain("[invalid_config]");
      expect(status).toBe(2);
    }
  });

  test("up --print-unit prints a unit with absolute paths", async () => {
    const { status, stdout } = await bulkhead("up", "--print-unit");
    expect(status).toBe(0);
    expect(stdout).toContain("Type=notify");
    expect(stdout).toContain("KillMode=mixed");
    expect(stdout).toContain(
      `ExecStart=${process.execPath} ${entry} up --state-dir ${env["BULKHEAD_STATE_DIR"]}`,
    );
  });

  test.each(["bash", "zsh", "fish"])("completion prints a script for %s", async (shell) => {
    const { status, stdout } = await bulkhead("completion", shell);
    expect(status).toBe(0);
    expect(stdout).toContain("bulkhead __complete");
  });
});

test("up in the foreground serves at the given socket until it is told to stop", async () => {
  const socket = path.join(directory, "own", "own.sock");
  const child = start("up", "--state-dir", path.join(directory, "own"), "--socket", socket);
  const up = `up (pid ${child.pid}), listening at ${socket}; Ctrl-C stops it\n`;
  let words = "";
  // What happens is told as well, in any order.
  while (!words.includes(up)) words += String((await once(child.stderr, "data"))[0]);
  expect(await bulkhead("ps", "--socket", socket)).toMatchObject({ status: 0 });
  child.kill("SIGTERM");
  expect(await statusOf(child)).toBe(0);
});

describe("with a daemon", () => {
  let started: Ran;

  beforeAll(async () => {
    started = await bulkhead("up", "-d");
    await bulkhead("wait", "words", "--ready");
  });

  describe("up", () => {
    test("-d returns when the daemon answers", () => {
      expect(started.status).toBe(0);
      expect(started.stderr).toMatch(/^up \(pid \d+\)/);
    });

    test("-d with the same configuration is fine", async () => {
      const { status, stderr } = await bulkhead("up", "-d");
      expect(status).toBe(0);
      expect(stderr).toMatch(/^already running \(pid \d+\)/);
    });

    test("with another configuration, or in the foreground, is refused", async () => {
      const file = path.join(directory, "other.toml");
      await writeFile(file, "");
      for (const args of [["up"], ["up", "-d", "--config", file]]) {
        const { status, stderr } = await bulkhead(...args);
        expect(stderr).toContain("[already_running]");
        expect(stderr).toMatch(/pid \d+/);
        expect(status).toBe(2);
      }
    });
  });

  describe("ps and status", () => {
    test("ps is a table for people", async () => {
      const { status, stdout } = await bulkhead("ps");
      const [header, gone, words] = stdout.split("\n");
      expect(status).toBe(0);
      expect(header?.split(/ {2,}/)).toEqual([
        "NAME",
        "STATE",
        "PID",
        "UPTIME",
        "RESTARTS",
        "CALLS",
        "VERSION",
        "LAST CRASH",
      ]);
      expect(gone).toMatch(/^gone {3}failed .* executable_not_found: .*not-there/);
      expect(words).toMatch(/^words {2}serving {2}\d+ .* 1\.2\.3 debug/);
    });

    test("ps --json names every process", async () => {
      const { stdout } = await bulkhead("ps", "--json");
      const { daemon, plugins } = json<{
        daemon: { pid: number };
        plugins: { id: string; pid: number }[];
      }>(stdout);
      const words = plugins.find(({ id }) => id === "words");
      expect([daemon.pid, words?.pid].map((pid) => pid !== undefined && isRunning(pid))).toEqual([
        true,
        true,
      ]);
      expect(words).toHaveProperty("guardPid");
    });

    test("status shows one plugin, and what is wrong with it", async () => {
      const { stdout } = await bulkhead("status", "gone");
      expect(stdout).toMatch(/^state +failed/m);
      expect(stdout).toMatch(/^error .*\[executable_not_found\]/m);
      expect(stdout).toMatch(/^try +Check `command`/m);
      const { daemon, plugins } = json<Record<string, object>>(
        (await bulkhead("status", "words", "--json")).stdout,
      );
      expect(daemon).toHaveProperty("pid");
      expect(plugins).toEqual([expect.objectContaining({ id: "words" })]);
    });

    test("a plugin that does not exist exits 4, with the one that was meant", async () => {
      const { status, stderr } = await bulkhead("status", "wrods");
      expect(stderr).toContain("did you mean words?");
      expect(status).toBe(4);
    });
  });

  describe("call", () => {
    test("types its words by the schema and prints the result as JSON", async () => {
      expect(await bulkhead("call", "words.min", "a=-3", "b=2")).toEqual({
        status: 0,
        stdout: "-3\n",
        stderr: "",
      });
      expect(await bulkhead("call", "words.text.count", "text=1 2 3")).toMatchObject({
        stdout: '{"words":3}\n',
      });
      expect(await bulkhead("call", "words/text.same", "a=1")).toMatchObject({ stdout: '"text"\n' });
    });

    test("takes JSON from an option, from stdin and from files", async () => {
      expect(await bulkhead("call", "words.echo", "--params", '{"a": [1]}')).toMatchObject({
        stdout: '{"a":[1]}\n',
      });
      expect(await bulkhead("call", "words.echo", "--params", "[1, 2]")).toMatchObject({ stdout: "[1,2]\n" });
      expect(await bulkheadWith('{"a": "ü"}', "call", "words.echo", "-")).toMatchObject({
        stdout: '{"a":"ü"}\n',
      });
      await writeFile(path.join(directory, "three.txt"), "one two\nthree");
      expect(await bulkhead("call", "words.count", "text=@three.txt")).toMatchObject({
        stdout: '{"words":3}\n',
      });
    });

    test.each([
      [4, ["words.nothing"], "words has no method nothing"],
      [4, ["words.same", "a=1"], "words.same could be words.text.same or words.other.same"],
      [2, ["words.min", "a=x", "b=1"], 'a must be integer, found "x"'],
      [2, ["words.min", "a=1"], "missing: b (integer)"],
      [2, ["words.count", "txt=1"], "no parameter txt; did you mean text?"],
      [2, ["words.echo", "--params", "{"], "--params: not valid JSON"],
      [5, ["words.fail"], String.raw`no such city \u{1b}[31mXanadu [no_city]`],
      [6, ["gone.x"], "[executable_not_found]"],
      [124, ["words.never", "--timeout", "50ms"], "[timeout]"],
    ])("exits %i for %j", async (status, args, message) => {
      const ran = await bulkhead("call", ...args);
      expect(ran.stderr).toContain(message);
      expect(ran.stderr).toMatch(/\n {2}try: .*bulkhead /);
      expect({ status: ran.status, stdout: ran.stdout }).toEqual({ status, stdout: "" });
    });

    test("shows progress on stderr, and Ctrl-C cancels it", async () => {
      const child = start("call", "words.never");
      const [progress] = await once(child.stderr, "data");
      expect(String(progress)).toBe("1/4 (25 %) still at it\n");
      child.kill("SIGINT");
      expect(await statusOf(child)).toBe(130);
      expect(await bulkhead("call", "words.min", "a=1", "b=2")).toMatchObject({ stdout: "1\n" });
    });
  });

  describe("a crash", () => {
    let id: string;

    test("exits 6 and names the report", async () => {
      const { status, stderr } = await bulkhead("call", "words.die", "--json");
      const { error } = json<{ error: { code: string; settlement: string; report: string } }>(stderr);
      expect(error).toMatchObject({ code: "plugin_crashed", settlement: "maybe_executed" });
      expect(status).toBe(6);
      id = error.report;
    });

    test("is in the list, and its report is a page to read", async () => {
      expect((await bulkhead("crashes", "--plugin", "words")).stdout).toContain(id);
      const { status, stdout } = await bulkhead("crashes", id);
      expect(status).toBe(0);
      expect(stdout).toContain("thread main at src/main.rs:12:5");
      expect(stdout).toContain("status 101");
      expect(stdout).toContain("text.die  may have been executed");
      expect(stdout).toMatch(/What happens next\n {2}restart 1 after/);
      expect(stdout).toContain(String.raw`index \u{202e}out of bounds`);
    });

    test("is an object a line with --json", async () => {
      const { stdout } = await bulkhead("crashes", "--json");
      const reports = jsonLines<{ id: string }>(stdout);
      expect(reports.map((report) => report.id)).toContain(id);
    });

    test("that is not on record exits 4", async () => {
      expect(await bulkhead("crashes", "nobody-1")).toMatchObject({ status: 4 });
    });

    test("draws a border into the log", async () => {
      await bulkhead("wait", "words", "--ready");
      const { stdout } = await bulkhead("logs", "words");
      expect(stdout).toMatch(/index \\u\{202e\}out of bounds\n.*──── life 1 ended/);
      const { stdout: previous } = await bulkhead("logs", "words", "--previous", "--json");
      expect(jsonLines<{ generation: number }>(previous).map(({ generation }) => generation)).not.toContain(
        2,
      );
    });

    test("is an event", async () => {
      const { stdout } = await bulkhead("events", "--json");
      const types = jsonLines<{ type: string }>(stdout).map(({ type }) => type);
      expect(types).toEqual(
        expect.arrayContaining(["supervisor.started", "session.crash", "plugin.restart"]),
      );
    });
  });

  test("logs -f goes on until Ctrl-C", async () => {
    const child = start("logs", "words", "-f", "-n", "1");
    await once(child.stdout, "data");
    child.kill("SIGINT");
    expect(await statusOf(child)).toBe(130);
  });

  test("stop, start and wait answer with the state reached", async () => {
    expect((await bulkhead("stop", "words")).stdout).toMatch(/^words: stopped/);
    expect(await bulkhead("wait", "words", "--stopped")).toMatchObject({ status: 0 });
    expect(await bulkhead("call", "words.min", "a=1", "b=2")).toMatchObject({ status: 6 });
    await bulkhead("start", "words");
    expect((await bulkhead("wait", "words", "--ready")).stdout).toMatch(/^words: serving \(pid \d+\)/);
  });

  test("wait gives up in time", async () => {
    expect(await bulkhead("wait", "words", "--stopped", "--timeout", "50ms")).toMatchObject({ status: 124 });
  });

  test("describe shows methods with their types", async () => {
    const { stdout } = await bulkhead("describe", "words");
    expect(stdout).toContain("words.text.count(text: string) -> {words: integer}  idempotent");
  });

  test("config show names the origin of each value", async () => {
    const { stdout } = await bulkhead("config", "show", "--json");
    const { entries } = json<{ entries: { key: string; origin: string }[] }>(stdout);
    expect(entries.find(({ key }) => key === "plugins.words.command")?.origin).toMatch(/bulkhead\.toml:2$/);
    expect(entries.find(({ key }) => key === "plugins.words.start")?.origin).toBe("default");
  });

  test("completion knows commands, plugins and methods", async () => {
    expect(await candidates("cr")).toEqual(["crashes"]);
    expect(await candidates("status", "w")).toEqual(["words"]);
    expect(await candidates("call", "wor")).toEqual(["words."]);
    expect(await candidates("call", "words.c")).toEqual(["words.count"]);
    expect(await candidates("config", "")).toEqual(["show", "check", "reload", "gone", "words"]);
  });

  test("down takes every process along", async () => {
    const { daemon, plugins } = json<{
      daemon: { pid: number };
      plugins: { pid: number | null; guardPid: number | null }[];
    }>((await bulkhead("ps", "--json")).stdout);
    const pids = [daemon.pid, ...plugins.flatMap(({ pid, guardPid }) => [pid, guardPid])].filter(
      (pid) => pid !== null,
    );
    expect(await bulkhead("down")).toMatchObject({ status: 0 });
    expect(pids.filter(isRunning)).toEqual([]);
    expect(await bulkhead("ps")).toMatchObject({ status: 3 });
  });
});
