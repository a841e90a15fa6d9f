/** A daemon that runs and can't be reached, and several that start at once. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text as readAll } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { seeOff } from "../../src/cli/commands/down.ts";
import { startDetached } from "../../src/cli/detach.ts";
import { findPlaces } from "../../src/cli/places.ts";
import { isRunning } from "../../src/cli/running.ts";

const entry = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const holder = fileURLToPath(new URL("fixtures/holder.ts", import.meta.url));

let state: string;
let lock: string;
let socket: string;
let children: ChildProcess[];

beforeEach(async () => {
  state = await mkdtemp(path.join(tmpdir(), "bulkhead-away-"));
  lock = path.join(state, "lock");
  socket = path.join(state, "run", "bulkhead.sock");
  children = [];
});

afterEach(async () => {
  for (const child of children) {
    child.kill("SIGKILL");
    await once(child, "close");
  }
  await bulkhead("down");
  await rm(state, { recursive: true, force: true });
});

async function bulkhead(...args: string[]) {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: state,
    env: { PATH: process.env["PATH"], HOME: state, BULKHEAD_STATE_DIR: state },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const status = new Promise((resolve) => child.once("close", resolve));
  const [stdout, stderr] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
  return { status: await status, stdout, stderr };
}

async function up(): Promise<number> {
  const { stdout } = await bulkhead("up", "-d", "--json");
  const { pid }: { pid: number } = JSON.parse(stdout);
  return pid;
}

/** A process that uses the state directory. */
async function hold(...args: string[]) {
  const child = spawn(process.execPath, [holder, ...args, lock], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await once(child.stdout, "data");
  return { child, pid: child.pid ?? 0 };
}

describe("down of a daemon", () => {
  test("whose socket is gone ends it, and says so", async () => {
    const pid = await up();
    await rm(socket);
    const { status, stderr } = await bulkhead("down");
    expect(stderr).toContain(`the daemon (pid ${pid}) does not answer on its socket`);
    expect(stderr).toMatch(new RegExp(`^stopped \\(pid ${pid}\\)$`, "m"));
    expect(status).toBe(0);
    expect(isRunning(pid)).toBe(false);
  });

  test("whose socket is gone is an object with --json", async () => {
    const pid = await up();
    await rm(socket);
    expect(await bulkhead("down", "--json")).toEqual({
      status: 0,
      stdout: `{"stopped":true,"pid":${pid}}\n`,
      stderr: "",
    });
    expect(await bulkhead("down", "--json")).toEqual({
      status: 0,
      stdout: '{"stopped":false}\n',
      stderr: "",
    });
  });

  test("that has as many clients as it takes ends it", async () => {
    const pid = await up();
    const clients = await Promise.all(
      Array.from({ length: 256 }, async () => {
        const client = net.connect(socket).on("error", () => undefined);
        await once(client, "connect");
        return client;
      }),
    );
    expect(await bulkhead("down")).toMatchObject({ status: 0 });
    expect(isRunning(pid)).toBe(false);
    for (const client of clients) client.destroy();
  });

  test("that does not go exits 1 and says what ends it", async () => {
    const { pid } = await hold("up", "deaf");
    await expect(seeOff(pid, 50)).rejects.toMatchObject({
      code: "daemon_failed",
      message: expect.stringContaining(`kill -9 ${pid}`),
    });
  });

  test("leaves a program alone that has a supervisor of its own", async () => {
    const { pid } = await hold();
    const { status, stderr } = await bulkhead("down");
    expect(stderr).toContain(`used by process ${pid}, a program with a supervisor of its own`);
    expect(status).toBe(1);
    expect(isRunning(pid)).toBe(true);
  });

  test("leaves a daemon alone that may not be the one behind the socket that was named", async () => {
    const { pid } = await hold("up");
    const { status, stderr } = await bulkhead("down", "--socket", path.join(state, "other.sock"));
    expect(stderr).toContain(`bulkhead down --state-dir ${state}`);
    expect(status).toBe(1);
    expect(isRunning(pid)).toBe(true);
  });
});

test("doctor names the process that holds the state directory without answering", async () => {
  const { pid } = await hold("up");
  const { status, stdout } = await bulkhead("doctor", "--json");
  const checks: { name: string }[] = JSON.parse(stdout);
  expect(checks.find(({ name }) => name === "daemon")).toMatchObject({
    level: "fail",
    message: expect.stringContaining(`pid ${pid} holds the state directory but does not answer`),
    advice: "bulkhead down",
  });
  expect(status).toBe(1);
});

describe("up -d", () => {
  test("gives up on a daemon that does not answer, and says who that is", async () => {
    const { pid } = await hold("up");
    const previous = process.argv[1];
    process.argv[1] = entry;
    await expect(startDetached(findPlaces({ stateDir: state }, {}), 1)).rejects.toMatchObject({
      code: "already_running",
      message: expect.stringContaining(`a daemon (pid ${pid}) uses ${state}, but it does not answer`),
    });
    process.argv[1] = previous ?? "";
  });

  test("several times at once brings up one daemon, and all say so", async () => {
    const ran = await Promise.all(Array.from({ length: 6 }, () => bulkhead("up", "-d", "--json")));
    expect(ran.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      ran.map(() => ({ status: 0, stderr: "" })),
    );
    const told = ran.map(({ stdout }): { pid: number; already: boolean } => JSON.parse(stdout));
    expect(new Set(told.map(({ pid }) => pid)).size).toBe(1);
    expect(told.filter(({ already }) => !already)).toHaveLength(1);
    const outputs = (await readdir(state)).filter((name) => name.startsWith("daemon-output"));
    expect(outputs).toEqual(["daemon-output.log"]);
    expect(await readFile(path.join(state, "daemon-output.log"), "utf8")).not.toContain("already_running");
  });
});
