/** Pipes of a real daemon that is killed in their midst, and over its command line. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text as readAll } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { PipeStatus } from "../../protocol/pipe.ts";
import type { SupervisorEvent } from "../../protocol/state.ts";
import type { Client } from "../../src/client/client.ts";
import { DaemonProcess, dead, table } from "../helpers/daemon.ts";
import { account, keptIn, upTo } from "../helpers/pipes.ts";

const entry = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const quick = `restart = { min_delay = "10ms" }`;
const configuration = (file: string, modes: Record<string, string> = {}): string =>
  table("from", {}, quick) + table("to", { keep: file, ...modes }, quick);
const ends = { source: "from/fixture.count", sink: "to/fixture.keep" };

/** The sink's log says so, or has. */
async function kept(client: Client, n: number): Promise<void> {
  const found = new AbortController();
  const look = ({ text }: { text: string }): void => {
    if (text === `kept ${n}`) found.abort();
  };
  await client.follow("log.read", { plugin: "to", lines: 100_000 }, look, found.signal);
}

async function event(client: Client, fits: (event: SupervisorEvent) => boolean): Promise<void> {
  const found = new AbortController();
  const look = (each: SupervisorEvent): void => {
    if (fits(each)) found.abort();
  };
  await client.follow("event.read", { since: 0, limit: 10_000 }, look, found.signal);
}

const isDone = (each: SupervisorEvent): boolean => each.type === "pipe.state" && each.to === "done";

describe("a daemon that is killed in the midst of a pipe", () => {
  test("goes on when it is there again: nothing is missing, and what came twice is marked", async () => {
    const file = path.join(directory, "killed.jsonl");
    const daemon = new DaemonProcess(configuration(file));
    let client = await daemon.up();
    await client.control("pipe.create", { ...ends, params: { to: 3000 } });
    for (const n of [100, 400, 900]) {
      await kept(client, n);
      const plugins = await client.control("plugin.list");
      await daemon.kill("SIGKILL");
      client.close();
      // The old sink may still write what it has: it is not the pipe that keeps two apart.
      await Promise.all(plugins.map(({ pid }) => dead(pid ?? 0)));
      client = await daemon.up();
    }
    await event(client, isDone);
    const all = keptIn(file);
    expect(account(all)).toEqual({ numbers: upTo(3000), unmarked: [] });
    const [pipe] = await client.control("pipe.list");
    expect(pipe).toMatchObject({ id: "from-to", state: "done", cursor: "3000", dispatched: null });
    const marked = all.filter(({ redelivered }) => redelivered).length;
    expect(pipe?.redelivered).toBe(marked);
    // One at a time: each kill leaves one item in doubt at most.
    expect(marked).toBeLessThanOrEqual(3);
    client.close();
  });
});

describe("bulkhead pipe", () => {
  const file = path.join(directory, "line.jsonl");
  const daemon = new DaemonProcess(configuration(file, { reject: "4" }));

  async function bulkhead(...args: string[]) {
    const env = { PATH: process.env["PATH"], HOME: directory, BULKHEAD_SOCKET: daemon.socket };
    const child = spawn(process.execPath, [entry, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    const status = new Promise<number | null>((resolve) => child.once("close", resolve));
    const [stdout, stderr] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
    return { status: await status, stdout, stderr };
  }

  async function statusOf(name: string): Promise<PipeStatus> {
    const status: PipeStatus = JSON.parse((await bulkhead("pipe", "status", name, "--json")).stdout);
    return status;
  }

  test("makes, lists, resumes past an item, and removes", async () => {
    const client = await daemon.up();
    const made = await bulkhead("pipe", "from.count", "to.fixture.keep", "to:=6", "hang:=true");
    expect(made).toMatchObject({ status: 0, stdout: expect.stringMatching(/^from-to: running/), stderr: "" });
    await event(client, (each) => each.type === "pipe.state" && each.to === "failed");

    const list = (await bulkhead("pipe", "list")).stdout.split("\n");
    expect(list[0]).toMatch(/^NAME +SOURCE +SINK +STATE +DELIVERED +REDELIVERED +CURSOR +LAST ERROR$/);
    expect(list[1]).toMatch(
      /^from-to +from\.fixture\.count +to\.fixture\.keep +failed +3 +0 +3 +sink: it was told to reject it \[own_code\]$/,
    );
    const page = (await bulkhead("pipe", "status", "from-to")).stdout;
    expect(page).toMatch(/^try +bulkhead pipe resume from-to; or past the item: --skip$/m);
    expect(await statusOf("from-to")).toMatchObject({ state: "failed", error: { cursor: "4" } });

    const last = kept(client, 5);
    expect((await bulkhead("pipe", "resume", "from-to", "--skip")).status).toBe(0);
    await last;
    expect(account(keptIn(file)).numbers).toEqual([0, 1, 2, 4, 5]);
    expect((await bulkhead("pipe", "pause", "from-to")).stdout).toMatch(/^from-to: paused/);

    expect((await bulkhead("pipe", "remove", "from-to")).stdout).toMatch(/^from-to: removed/);
    expect(JSON.parse((await bulkhead("pipe", "list", "--json")).stdout)).toEqual([]);
    const log = (await bulkhead("events")).stdout;
    expect(log).toMatch(/bulkhead {2}pipe from-to: running -> failed: it was told to reject it$/m);
    client.close();
  });

  test("says at once when its items do not outlive the daemon", async () => {
    const made = await bulkhead("pipe", "from.count", "to.keep", "to:=1", "bare:=true", "--name", "bare");
    expect(made.status).toBe(0);
    const client = await daemon.client();
    await event(client, (each) => isDone(each) && "pipe" in each && each.pipe === "bare");
    client.close();
    const resumed = await bulkhead("pipe", "resume", "bare");
    expect(resumed.stderr).toMatch(/^not durable:/);
    expect((await bulkhead("pipe", "status", "bare")).stdout).toMatch(/^durable +no/m);
  });

  test.each([
    [["pipe", "from.count", "nobody.keep"], 4, "there is no plugin nobody"],
    [["pipe", "from.counts", "to.keep"], 4, "did you mean"],
    [["pipe", "from.echo", "to.keep"], 2, "is no stream"],
    [["pipe", "from.count", "to.keep", "--name", "bare"], 2, "there is a pipe bare already"],
    [["pipe", "from.count"], 2, "missing required argument"],
    [["pipe", "pause", "nothing"], 4, "there is no pipe"],
    [["pipe", "status", "bar"], 4, "did you mean bare?"],
    [["pipe", "resume", "bare", "--skip"], 2, "no item is in the way"],
  ])("%#: tells what is wrong", async (args, status, words) => {
    expect(await bulkhead(...args)).toMatchObject({
      status,
      stdout: "",
      stderr: expect.stringContaining(words),
    });
  });
});
