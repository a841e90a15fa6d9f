/**
 * A plugin of which every process forks as long as it lives. `limits.processes` is the kernel's limit for all processes of the
 * user, from which root is exempt: as root, the daemon is run as somebody else.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Client } from "../../src/client/client.ts";
import { compile } from "../fixtures/process/compile.ts";
import { alive, DaemonProcess } from "../helpers/daemon.ts";
import { Neighbour } from "./neighbour.ts";
import { marked, marker, vanished } from "./processes.ts";
import { withoutTools } from "./suite.ts";

/** Threads of the daemon are among them. */
const most = 150;
/** Nobody: of whom there are no other processes to be counted. */
const stranger = 65_534;
const asStranger =
  process.getuid?.() === 0
    ? ["setpriv", `--reuid=${stranger}`, `--regid=${stranger}`, "--clear-groups", "--"]
    : [];
const entry = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The stranger has to be able to read all of this. */
function canRun(): boolean {
  const [program, ...rest] = [...asStranger, process.execPath, entry, "--version"] as const;
  return process.platform === "linux" && spawnSync(program ?? "", rest, { env: {} }).status === 0;
}

function entryOf(id: string, command: string, mark: string, more: string): string {
  return (
    `[plugins.${id}]\ncommand = ${JSON.stringify(command)}\nenv = { ${marker} = ${JSON.stringify(mark)} }\n` +
    `timeouts = { drain = "200ms", terminate = "200ms" }\n${more}\n`
  );
}

interface World {
  readonly daemon: DaemonProcess;
  readonly client: Client;
  readonly neighbour: Neighbour;
  readonly mark: string;
}

/** A daemon in which the bomb has gone off, and met its limit. */
async function exploded(): Promise<World> {
  const daemon = new DaemonProcess("");
  const { directory } = daemon;
  const hostile = compile(source("../fixtures/hostile/hostile.c"), path.join(directory, "bomb"));
  const good = compile(
    source("../../sample-plugins/wordcount/wordcount.c"),
    path.join(directory, "neighbour"),
  );
  const mark = path.basename(directory);
  const bomb = `args = ["hostile.act", "bomb", "answer"]\nlimits = { processes = ${most} }\nrestart = { when = "never" }`;
  daemon.configure(entryOf("bomb", hostile, mark, bomb) + entryOf("neighbour", good, "neighbour", ""));
  if (asStranger.length > 0) {
    chmodSync(directory, 0o700);
    chownSync(directory, stranger, stranger);
  }
  const client = await daemon.up(...asStranger);
  await client.control("plugin.wait", { plugin: "neighbour", until: "ready" });
  await client.control("plugin.wait", { plugin: "bomb", until: "ready" });
  const neighbour = new Neighbour(await daemon.client());
  expect(await client.call("bomb/hostile.act")).toEqual({ worked: true });
  return { daemon, client, neighbour, mark };
}

describe.skipIf(withoutTools || !canRun())("a plugin that forks without end", () => {
  test("gets as many processes as it may, its neighbour is served, and a stop leaves nothing of it", async () => {
    const { daemon, client, neighbour, mark } = await exploded();
    await neighbour.next();
    expect(marked(mark).length).toBeLessThanOrEqual(most);
    await client.control("plugin.stop", { plugin: "bomb" });
    await vanished(mark);
    await neighbour.next();
    await neighbour.stop();
    expect(neighbour.failures).toEqual([]);
    client.close();
    expect(await daemon.kill("SIGTERM")).toBe(0);
  });

  test("leaves nothing behind when the daemon is killed", async () => {
    const { daemon, client, neighbour, mark } = await exploded();
    const { pid } = daemon;
    await daemon.kill("SIGKILL");
    client.close();
    await neighbour.stop();
    await vanished(mark);
    expect(alive(pid)).toBe(false);
  });
});
