/** `bulkhead dev` as a real process: a script that is rebuilt under load, and all that can be wrong with a build. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { Client } from "../../src/client/client.ts";
import { dead } from "../helpers/daemon.ts";
import { Dev } from "../helpers/dev.ts";

const sdk = fileURLToPath(new URL("../../protocol/sdk/typescript/index.ts", import.meta.url));
/** Files are looked at once a second, twice before they count. */
const timeout = 90_000;
const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-dev-test-"));

/** A plugin that answers with its version after a moment, so that there are always calls under way. */
function source(version: string, answer = JSON.stringify(version)): string {
  return `#!${process.execPath}
import { plugin } from ${JSON.stringify(sdk)};
process.stderr.write("version ${version} begins\\n");
await plugin({ name: "echo", version: "${version}" })
  .api("echo", "1.0.0", (api) =>
    api.method("version", {}, async () => {
      const answer = ${answer};
      return new Promise((done) => setTimeout(done, 20, answer));
    }))
  .run();
`;
}

/** As a build tool does it: the file is whole when it appears. */
function build(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o755 });
  renameSync(`${file}.new`, file);
}

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Calls without a pause, sixteen at a time, until it is ended; the versions that answered, and what failed. */
function load(client: Client): { end(): Promise<{ answers: Set<unknown>; failures: unknown[] }> } {
  const answers = new Set<unknown>();
  const failures: unknown[] = [];
  const ended = new AbortController();
  const caller = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await client.call("echo/echo.version").then(
        (answer) => answers.add(answer),
        (error: unknown) => failures.push(error),
      );
    }
  };
  const callers = Promise.all(Array.from({ length: 16 }, caller));
  const end = async () => {
    ended.abort();
    await callers;
    return { answers, failures };
  };
  return { end };
}

test(
  "each new build takes over without a failed call, a broken one does not, and Ctrl-C leaves nothing",
  { timeout },
  async () => {
    const file = path.join(directory, "Echo.mjs");
    build(file, source("1.0.0"));
    const dev = new Dev(directory, file);
    expect(await dev.line(/^ready/)).toMatch(/^ready: echo 1\.0\.0, life 1, \d+ ms: echo\.version$/);
    expect(await dev.line(/another terminal/)).toContain(
      `bulkhead --state-dir ${await dev.stateDir()} call echo.version`,
    );
    using client = await dev.client();
    const calls = load(client);

    build(file, source("2.0.0"));
    expect(await dev.line(/^ready/)).toMatch(/^ready: echo 2\.0\.0, life 2, /);
    expect(await dev.line(/^rebuilt/)).toMatch(/^rebuilt: life 2 serves, life 1 drained in \d+ms$/);

    build(file, `#!${process.execPath}\nthrow new Error("not today");\n`);
    expect(await dev.line(/does not start/)).toMatch(
      /^the new build does not start: .*not today.*; life 2 serves on$/,
    );
    expect(await dev.line(/report/)).toMatch(/bulkhead --state-dir \S+ crashes echo-3-/);

    for (const [version, life] of [
      ["4.0.0", 4],
      ["5.0.0", 5],
    ] as const) {
      build(file, source(version));
      await dev.line(new RegExp(`^ready: echo ${version}, life ${life}, `));
      await dev.line(/^rebuilt/);
    }
    const { answers, failures } = await calls.end();
    expect(failures).toEqual([]);
    expect(answers).toEqual(new Set(["1.0.0", "2.0.0", "4.0.0", "5.0.0"]));
    expect(dev.lines).toContain("  | version 5.0.0 begins");

    const { pid } = await client.control("plugin.status", { plugin: "echo" });
    const stateDir = await dev.stateDir();
    expect(await dev.end("SIGINT")).toBe(0);
    expect(dev.stderr).toMatch(/^stopped$/m);
    expect(existsSync(stateDir)).toBe(false);
    await dead(pid ?? 0);
  },
);

test("an executable that is not there yet is waited for", async () => {
  const file = path.join(directory, "later.mjs");
  const dev = new Dev(directory, file, "--name", "echo");
  expect(await dev.line(/waiting/)).toBe(
    `waiting: ${file} does not exist; it is started as soon as it is built`,
  );
  build(file, source("1.0.0"));
  await dev.line(/^ready: echo 1\.0\.0/);
  expect(await dev.end("SIGTERM")).toBe(0);
});

test("a crash is told with what was lost, what comes next, and where the report is", async () => {
  const file = path.join(directory, "crashing.mjs");
  build(file, source("1.0.0", 'process.kill(process.pid, "SIGSEGV")'));
  const dev = new Dev(directory, file);
  await dev.line(/^ready/);
  using client = await dev.client();
  await expect(client.call("crashing/echo.version")).rejects.toMatchObject({ code: "plugin_crashed" });
  expect(await dev.line(/^crashed/)).toMatch(/^crashed: life 1, after \S+: .*SIGSEGV/);
  expect(await dev.line(/lost/)).toBe("  lost: echo.version, may have been executed");
  expect(await dev.line(/next/)).toMatch(/^ {2}next: again in \d+ms$/);
  expect(await dev.line(/report/)).toMatch(/crashes crashing-1-\w+$/);
  await dev.line(/^ready: crashing 1\.0\.0, life 2/);
});

describe("a directory with a manifest", () => {
  const folder = path.join(directory, "echo");
  const manifest = path.join(folder, "plugin.toml");
  const other = path.join(folder, "other.mjs");
  const answer = '(await import("./other.mjs")).answer';

  test(
    "is run as the manifest says; a change of it takes effect, unless it is wrong; so does one of a source",
    { timeout },
    async () => {
      mkdirSync(folder);
      mkdirSync(path.join(directory, "neighbour"));
      writeFileSync(path.join(directory, "neighbour", "plugin.toml"), "not = 'a manifest'\n");
      writeFileSync(other, "export const answer = 1;\n");
      build(path.join(folder, "main.mjs"), source("1.0.0", answer));
      // All of this is for production.
      const right = `command = "main.mjs"\nstart = "lazy"\nsha256 = "${"0".repeat(64)}"\n`;
      build(manifest, right);
      const dev = new Dev(directory, folder);
      await dev.line(/^ready: echo 1\.0\.0, life 1/);
      using client = await dev.client();
      expect(await client.plugins()).toEqual(["echo"]);
      expect(await client.call("echo/echo.version")).toBe(1);

      build(manifest, `${right}comand = "x"\n`);
      await dev.line(/^plugin\.toml is wrong, nothing changes:/);
      expect(await dev.line(/comand/)).toContain(`${manifest}:4`);
      expect(await client.call("echo/echo.version")).toBe(1);

      build(manifest, `${right}env = { LATER = "1" }\n`);
      await dev.line(/^plugin\.toml changed/);
      await dev.line(/^rebuilt: life 2/);

      build(other, "export const answer = 2;\n");
      expect(await dev.line(/^changed/)).toBe("changed: other.mjs");
      await dev.line(/^rebuilt: life 3/);
      expect(await client.call("echo/echo.version")).toBe(2);
    },
  );
});

test.each([
  [["."], /there is no .*plugin\.toml: name the executable/],
  [["./1", "--name", "One"], /the name One must be lower-case/],
  [["./1"], /choose a name with --name/],
  [["./echo.mjs", "--state-dir", "elsewhere"], /leave out --state-dir/],
])("%j is a slip", async (args, words) => {
  const dev = new Dev(directory, ...args);
  await new Promise((resolve) => dev.child.once("close", resolve));
  expect(dev.child.exitCode).toBe(2);
  expect(dev.stderr).toMatch(words);
});
