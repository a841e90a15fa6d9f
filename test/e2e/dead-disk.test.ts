/** File systems that do not answer: they keep whoever looks at a file of theirs, but not the daemon. */
import {
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CrashReport } from "../../protocol/state.ts";
import type { Client } from "../../src/client/client.ts";
import { DaemonProcess, table } from "../helpers/daemon.ts";
import { canMount, DeadDisk } from "../helpers/dead-disk.ts";
import { failure } from "../helpers/supervisor.ts";

const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-dead-"));
const gone = path.join(directory, "gone");
let disk: DeadDisk | undefined;

beforeAll(() => mkdirSync(gone));
afterEach(async () => disk?.release());
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const impatient =
  `timeouts = { handshake = "200ms" }\n` +
  `restart = { min_delay = "1ms", max_delay = "1ms", max_failures = 3 }\n`;

function lost(id: string, command = path.join(gone, id)): string {
  return `[plugins.${id}]\ncommand = ${JSON.stringify(command)}\n${impatient}`;
}

/** Of a plugin that is tried until nothing is tried any more. */
async function report(client: Client, plugin: string): Promise<CrashReport> {
  expect(await failure(client.control("plugin.wait", { plugin, until: "ready" }))).toMatchObject({
    code: "crash_loop",
  });
  const { lastCrash } = await client.control("plugin.status", { plugin });
  if (lastCrash === null || lastCrash === undefined) throw new Error(`${plugin} has no report`);
  return client.control("crash.get", { id: lastCrash.id });
}

function unresponsive(file: string) {
  const named: unknown = expect.stringContaining(file);
  return { kind: "start_failure", failure: { code: "file_unresponsive", message: named } };
}

/** Threads that wait for files, or for work. */
function threadsForFiles(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.filter((id) => readFileSync(`/proc/${pid}/task/${id}/comm`, "utf8") === "libuv-worker\n")
    .length;
}

describe.skipIf(!canMount)("on a file system that does not answer", () => {
  test("plugins fail by name, however many they are, and everything else goes on", async () => {
    disk = await DeadDisk.over(gone);
    const many = Array.from({ length: 12 }, (_, n) => `lost-${n}`);
    const cwd = table("cwd", {}, `cwd = ${JSON.stringify(gone)}\n${impatient}`);
    const signed =
      `${table("signed", {}, impatient)}signature = ${JSON.stringify(path.join(gone, "x.minisig"))}\n` +
      `signed_by = ["RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"]\n`;
    const granted = table(
      "granted",
      {},
      `sandbox = "basic"\ngrants = { read = [${JSON.stringify(gone)}] }\n${impatient}`,
    );
    const late = table("late", {}, `start = "lazy"`);
    const daemon = new DaemonProcess(
      [...many.map((id) => lost(id)), cwd, signed, granted, table("near"), late].join("\n"),
    );
    const client = await daemon.up();
    await client.control("plugin.wait", { plugin: "near", until: "ready" });
    for (const id of many)
      expect((await report(client, id)).cause).toMatchObject(unresponsive(path.join(gone, id)));
    expect((await report(client, "cwd")).cause).toMatchObject(unresponsive(gone));
    expect((await report(client, "signed")).cause).toMatchObject(unresponsive("x.minisig"));
    expect((await report(client, "granted")).cause).toMatchObject(unresponsive(gone));

    expect(await client.call("near/fixture.echo", { n: 1 })).toEqual({ n: 1 });
    expect(await client.call("late/fixture.echo", { n: 2 })).toEqual({ n: 2 });
    await client.control("plugin.restart", { plugin: "near" });
    await client.control("config.reload");
    expect(await client.control("log.read", { plugin: "near" })).not.toEqual([]);
    expect(await client.control("daemon.doctor")).toContainEqual(
      expect.objectContaining({ name: "journal", level: "ok" }),
    );
    // As many as were asked for: nobody had looked at a file before.
    expect(threadsForFiles(daemon.pid)).toBe(16);
    client.close();
    // It leaves as usual, although there are looks that have not come back.
    expect(await daemon.kill("SIGTERM")).toBe(0);
  });

  test("a plugin is started once that answers again", async () => {
    const file = path.join(gone, "back");
    writeFileSync(
      file,
      `#!/bin/sh\nexec ${[process.execPath, createRequire(import.meta.url).resolve("../fixtures/plugin/plugin.mjs")].join(" ")}\n`,
    );
    chmodSync(file, 0o755);
    disk = await DeadDisk.over(gone);
    const daemon = new DaemonProcess(lost("back"));
    const client = await daemon.up();
    await report(client, "back");
    await disk.release();
    await started(client, "back");
    expect(await client.call("back/fixture.echo", { n: 1 })).toEqual({ n: 1 });
    client.close();
    expect(await daemon.kill("SIGTERM")).toBe(0);
  });

  test("a directory of plugins is left out, by name", async () => {
    disk = await DeadDisk.over(gone);
    const daemon = new DaemonProcess(`plugin_dirs = [${JSON.stringify(gone)}]\n${table("near")}`);
    const client = await daemon.up();
    expect((await client.control("daemon.status")).configErrors).toEqual([
      expect.stringContaining(`${gone} could not be read in time`),
    ]);
    expect(await client.call("near/fixture.echo", { n: 1 })).toEqual({ n: 1 });
    client.close();
    expect(await daemon.kill("SIGTERM")).toBe(0);
  });

  test("behind links, where nobody knows of it, plugins keep others from being started, and nothing else", async () => {
    disk = await DeadDisk.over(gone);
    const ids = Array.from({ length: 10 }, (_, n) => `linked-${n}`);
    const link = path.join(directory, "link");
    symlinkSync(gone, link);
    const daemon = new DaemonProcess(
      [
        table("a"),
        ...ids.map((id) => lost(id, path.join(link, id))),
        table("late", {}, `start = "lazy"\n${impatient}`),
      ].join("\n"),
    );
    const client = await daemon.up();
    await client.control("plugin.wait", { plugin: "a", until: "ready" });
    for (const id of ids) await report(client, id);
    expect(await failure(client.call("late/fixture.echo"))).toMatchObject({ settlement: "not_sent" });
    expect((await report(client, "late")).cause).toMatchObject(unresponsive(`looks at ${link}`));
    expect(await client.call("a/fixture.echo", { n: 1 })).toEqual({ n: 1 });
    await client.control("config.reload");
    expect(await client.control("log.read", { plugin: "a" })).not.toEqual([]);
    client.close();
    expect(await daemon.kill("SIGTERM")).toBe(0);
  });
});

/** The plugin, by itself: nobody asks for it. */
async function started(client: Client, plugin: string): Promise<void> {
  const leaving = new AbortController();
  const ready = Promise.withResolvers<void>();
  const following = client.follow(
    "event.read",
    { since: 0 },
    (event) => {
      if (event.type === "session.state" && event.plugin === plugin && event.to === "ready") ready.resolve();
    },
    leaving.signal,
  );
  await Promise.race([ready.promise, following]);
  leaving.abort();
  await following.catch(() => undefined);
}
