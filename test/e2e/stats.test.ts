/** `bulkhead stats` as a process, against a real daemon with a real plugin. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { exit } from "../../src/cli/exit.ts";
import type { PluginStats } from "../../protocol/control-results.ts";
import { DaemonProcess, table } from "../helpers/daemon.ts";

const entry = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const daemon = new DaemonProcess(table("one") + table("two", {}, `start = "lazy"`));

function stats(...args: string[]) {
  const env = { PATH: process.env["PATH"], HOME: daemon.directory, BULKHEAD_SOCKET: daemon.socket };
  const child = spawn(process.execPath, [entry, "stats", ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, ended, stdout: child.stdout, stderr: child.stderr };
}

beforeAll(async () => {
  const client = await daemon.up();
  await client.control("plugin.wait", { plugin: "one", until: "ready" });
  for (const n of [1, 2, 3]) await client.call("one/fixture.echo", { n });
  client.close();
});

describe("bulkhead stats", () => {
  test("has a line for each plugin, with its share of CPU at once", async () => {
    const { stdout, ended } = stats();
    const [header, one, two] = (await text(stdout)).split("\n").map((line) => line.split(/ {2,}/));
    expect(await ended).toBe(exit.ok);
    expect(header).toEqual(["NAME", "STATE", "CALLS/S", "P50", "P99", "ERRORS", "MEMORY", "CPU"]);
    expect(one?.slice(0, 2)).toEqual(["one", "serving"]);
    expect(one?.[3]).toMatch(/s$/);
    if (process.platform === "linux") expect(one?.[7]).toMatch(/^\d+%$/);
    expect(two).toEqual(["two", "idle", "0", "-", "-", "0", "-", "-"]);
  });

  test("of one plugin, in JSON, is one object", async () => {
    const { stdout, ended } = stats("one", "--json");
    const found: PluginStats = JSON.parse(await text(stdout));
    expect(await ended).toBe(exit.ok);
    expect(found).toMatchObject({ plugin: "one", recent: { calls: 3, errors: 0 } });
    expect(found.perSecond).toHaveLength(60);
  });

  test("-f goes on until it is interrupted", async () => {
    const { child, stdout, ended } = stats("one", "-f", "--json");
    const seen: string[] = [];
    for await (const line of createInterface({ input: stdout })) {
      seen.push(line);
      if (seen.length === 2) child.kill("SIGINT");
    }
    expect(await ended).toBe(exit.interrupted);
    expect(seen.length).toBeGreaterThanOrEqual(2);
  });

  test("of a plugin that there is not says which one was meant", async () => {
    const { stderr, ended } = stats("ome");
    expect(await text(stderr)).toContain("did you mean one?");
    expect(await ended).toBe(exit.notFound);
  });
});
