/** `bulkhead check` as it is typed. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text as readAll } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checks } from "../../src/check/checks.ts";

const entry = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const plugin = fileURLToPath(new URL("../fixtures/check/plugin.mjs", import.meta.url));

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "bulkhead-check-cli-"));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

function start(...args: string[]) {
  const env = { PATH: process.env["PATH"], HOME: directory, NO_COLOR: "1" };
  return spawn(process.execPath, [entry, "check", ...args], { env, cwd: directory, stdio: "pipe" });
}

async function check(...args: string[]): Promise<{ status: unknown; stdout: string; stderr: string }> {
  const child = start(...args);
  child.stdin.end();
  const status = new Promise((resolve) => child.once("close", resolve));
  const [stdout, stderr] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
  return { status: await status, stdout, stderr };
}

function lines(text: string): unknown[] {
  return text
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

describe("bulkhead check", () => {
  test("tells what passed, by group, and exits 0", async () => {
    const { status, stdout } = await check(plugin, "--only", "ping", "--only", "batch");
    expect(status).toBe(0);
    expect(stdout.replaceAll(/\d+ ms/g, "N ms")).toBe(
      [
        "Messages",
        "  ✓ answers ping with {}  N ms",
        "",
        "Framing",
        "  ✓ refuses a batch with -32600 and the id null  N ms",
        "",
        "2 passed, 0 failed, 0 skipped",
        "",
      ].join("\n"),
    );
  });

  test("tells what failed, why, and what to do, and exits 5", async () => {
    const { status, stdout } = await check(plugin, "result", "--only", "valid-calls");
    expect(status).toBe(5);
    expect(stdout).toContain("✗ answers valid calls with what it has described");
    expect(stdout).toContain('good.echo with {"text":"sample"} was answered with 5');
    expect(stdout).toContain("fix: Bring the result");
    expect(stdout).toContain("last message:");
    expect(stdout).toContain("0 passed, 1 failed, 0 skipped");
  });

  test("a warning is told and fails nothing", async () => {
    const { status, stdout } = await check(plugin, "terminal", "--only", "terminal");
    expect(status).toBe(0);
    expect(stdout).toContain("! says what it is when it is started in a terminal");
    expect(stdout).toContain("0 passed, 0 failed, 1 warning, 0 skipped");
  });

  test("what is no plugin fails at once, and the rest is skipped for one reason", async () => {
    const { status, stdout } = await check("true");
    expect(status).toBe(5);
    expect(stdout).toContain("✗ starts, and answers initialize");
    expect(stdout).toContain("no answer to initialize: the process ended (exit status 0)");
    expect(stdout).toContain(`${checks.length - 1} more checks: it did not answer initialize`);
  });

  test("prints one object for each check, and then the summary", async () => {
    const { status, stdout } = await check(
      "--json",
      plugin,
      "lax",
      "--only",
      "wrong-params",
      "--only",
      "ping",
    );
    expect(status).toBe(5);
    expect(lines(stdout)).toEqual([
      {
        id: "ping",
        title: expect.any(String),
        group: "Messages",
        severity: "error",
        ms: expect.any(Number),
        status: "passed",
      },
      {
        id: "wrong-params",
        title: expect.any(String),
        group: "Calls",
        severity: "error",
        ms: expect.any(Number),
        status: "failed",
        reason: expect.stringContaining("good.echo"),
        fix: expect.any(String),
        evidence: { received: expect.any(String) },
      },
      { summary: { passed: 1, failed: 1, warnings: 0, skipped: 0 } },
    ]);
  });

  test("lists the checks without running any", async () => {
    const { status, stdout } = await check("--list", "--json");
    expect(status).toBe(0);
    expect(lines(stdout)).toEqual(
      checks.map(({ id, title, group, severity }) => ({ id, title, group, severity })),
    );
    const { stdout: told } = await check("--list");
    for (const { id, title } of checks) expect(told).toMatch(new RegExp(`^  ${id} +${escaped(title)}`, "m"));
  });

  test("gives the plugin the configuration", async () => {
    const wrong = await check(plugin, "--only", "activate", "--set", "label:=5");
    expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining("label") });
    const right = await check(plugin, "--only", "activate", "--config-json", '{"label":"x"}');
    expect(right.status).toBe(0);
    const typed = await check(plugin, "--only", "activate", "--set", "label=5");
    expect(typed.status).toBe(0);
  });

  test("calls methods with the params that were given", async () => {
    const good = await check(plugin, "--only", "valid-calls", "--call", 'good.echo={"text":"é"}');
    expect(good.status).toBe(0);
    const unknown = await check(plugin, "--only", "valid-calls", "--call", "good.eco={}");
    expect(unknown).toMatchObject({ status: 2, stderr: expect.stringContaining("did you mean good.echo?") });
  });

  test.each<[what: string, args: string[], said: string]>([
    ["an executable that is not there", ["./nothing"], "does not exist [executable_not_found]"],
    ["what can not be executed", [entry], "has no execute permission [not_executable]"],
    ["a directory", ["/"], "[not_a_file]"],
    ["no executable", [], "missing required argument"],
    ["a check that there is not", [plugin, "--only", "pign"], "did you mean ping?"],
    ["a call that is none", [plugin, "--call", "good.echo"], "--call takes api.method=JSON"],
    ["a configuration that is none", [plugin, "--config-json", "[]"], "takes a JSON object"],
  ])("%s: exits 2 and says so", async (_what, args, said) => {
    const { status, stdout, stderr } = await check(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(said);
  });

  test("Ctrl-C ends it, and the processes that it started", async () => {
    const child = start("--json", plugin);
    let seen = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      seen += text;
      // Once: a second one would end it there and then, whatever is left behind.
      if (!child.killed && seen.includes('"id":"activate"')) child.kill("SIGINT");
    });
    const status = await new Promise((resolve) => child.once("close", resolve));
    expect(status).toBe(130);
    expect(seen).not.toContain("summary");
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
