/** Daemons in bad places: each has a named error, or goes on and says in `doctor` and `status` what is lost. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import net from "node:net";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { Client } from "../../src/client/client.ts";
import { alive, DaemonProcess, dead, table } from "../helpers/daemon.ts";
import { failure } from "../helpers/supervisor.ts";

const quick = `restart = { min_delay = "1ms", max_delay = "1ms", max_failures = 1000 }`;
const isRoot = process.getuid?.() === 0;

const clients: Client[] = [];
const mounts: string[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

// Before the directories are removed.
afterAll(() => {
  for (const directory of mounts) spawnSync("umount", ["-l", directory]);
});

async function up(daemon: DaemonProcess, ...under: readonly string[]): Promise<Client> {
  const client = await daemon.up(...under);
  clients.push(client);
  return client;
}

/** Nobody tells when a disk has room again, so it is looked at, until the test's own time is over. */
async function until<T>(look: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function check(client: Client, name: string) {
  const checks = await client.control("daemon.doctor");
  return checks.find((each) => each.name === name);
}

const served = (client: Client) => client.control("plugin.wait", { plugin: "one", until: "ready" });

/** Ends the plugin, and returns the report of that. */
async function crash(client: Client) {
  const { pid, lastCrash } = await served(client);
  process.kill(pid ?? 0, "SIGKILL");
  const status = () => client.control("plugin.status", { plugin: "one" });
  const after = await until(status, (each) => each.lastCrash !== null && each.lastCrash.id !== lastCrash?.id);
  return client.control("crash.get", { id: after.lastCrash?.id ?? "" });
}

/** It has to be taken off before the directory can go. */
function mount(directory: string, ...args: readonly string[]): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  execFileSync("mount", [...args, directory]);
  mounts.push(directory);
}

const canMount =
  isRoot &&
  process.platform === "linux" &&
  spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

/** Fills what is left of a file system. */
function fill(file: string): void {
  spawnSync("dd", ["if=/dev/zero", `of=${file}`, "bs=4k"], { stdio: "ignore" });
}

describe("a journal that can not be written", () => {
  test("because files may not grow: reports are kept in memory, said so, and nothing dies of it", async () => {
    const daemon = new DaemonProcess(table("one", {}, quick));
    const client = await up(daemon, "sh", "-c", 'ulimit -f 200; exec "$@"', "sh");
    const reports = await until(
      () => crash(client),
      ({ durable }) => !durable,
    );
    expect(reports.summary).toContain("SIGKILL");
    expect(await check(client, "journal")).toMatchObject({ level: "fail", advice: expect.any(String) });
    expect((await client.control("daemon.status")).journal.ok).toBe(false);
    await served(client);
    expect(await client.call("one/fixture.echo", { n: 1 })).toEqual({ n: 1 });
    expect(alive(daemon.pid)).toBe(true);
  });

  test.skipIf(!canMount)("because the disk is full: as before, until there is room again", async () => {
    const daemon = new DaemonProcess(table("one", {}, quick));
    mount(daemon.stateDir, "-t", "tmpfs", "-o", "size=1m,mode=700", "none");
    const client = await up(daemon);
    await served(client);
    const filler = path.join(daemon.stateDir, "filler");
    fill(filler);
    const lost = await until(
      () => crash(client),
      ({ durable }) => !durable,
    );
    expect(await check(client, "journal")).toMatchObject({
      level: "fail",
      message: expect.stringMatching(/full/),
    });
    expect(await check(client, "surroundings")).toMatchObject({ level: "warn" });
    await served(client);
    expect(await client.call("one/fixture.echo", { n: 1 })).toEqual({ n: 1 });
    rmSync(filler);
    const status = () => client.control("daemon.status");
    await until(status, ({ journal }) => journal.ok);
    expect(await client.control("crash.get", { id: lost.id })).toMatchObject({ durable: true });
  });

  test.skipIf(!canMount)("because the disk is full at the start: it starts all the same", async () => {
    const daemon = new DaemonProcess(table("one", {}, quick));
    mount(daemon.stateDir, "-t", "tmpfs", "-o", "size=1m,mode=700", "none");
    const before = await up(daemon);
    const { id } = await crash(before);
    await daemon.kill("SIGKILL");
    fill(path.join(daemon.stateDir, "filler"));
    const client = await up(daemon);
    await served(client);
    expect(await client.call("one/fixture.echo", { n: 1 })).toEqual({ n: 1 });
    expect((await client.control("plugin.status", { plugin: "one" })).restarts).toBeGreaterThan(0);
    expect(id).not.toBe("");
  });
});

/** What a daemon says that does not come up. */
async function refusal(daemon: DaemonProcess, ...under: readonly string[]): Promise<string> {
  const error: unknown = await daemon.up(...under).then(
    (client) => client.close(),
    (reason: unknown) => reason,
  );
  if (error instanceof Error) return error.message;
  throw new Error("it came up");
}

describe("a state directory that can not be used is an error that names it", () => {
  test.skipIf(!canMount)("because it is on a read-only file system", async () => {
    const daemon = new DaemonProcess(table("one"));
    mount(daemon.stateDir, "-t", "tmpfs", "-o", "ro,mode=700", "none");
    expect(await refusal(daemon)).toMatch(/EROFS[^]*state_unusable/);
  });

  test.skipIf(!isRoot)("because it belongs to another user", async () => {
    const daemon = new DaemonProcess("");
    mkdirSync(daemon.stateDir, { mode: 0o700 });
    chownSync(daemon.stateDir, 65534, 65534);
    expect(await refusal(daemon)).toMatch(/belongs to user 65534[^]*state_unusable/);
  });

  test.each([
    ["everybody", 0o777],
    ["the group", 0o770],
  ])("because %s may write to it", async (_, mode) => {
    const daemon = new DaemonProcess("");
    mkdirSync(daemon.stateDir, { mode: 0o700 });
    writeFileSync(path.join(daemon.stateDir, "something"), "");
    chmodSync(daemon.stateDir, mode);
    expect(await refusal(daemon)).toMatch(/others can look into it[^]*chmod 700[^]*state_unusable/);
  });

  test("because it is a file, or a link", async () => {
    const file = new DaemonProcess("");
    writeFileSync(file.stateDir, "");
    expect(await refusal(file)).toMatch(/EEXIST[^]*state_unusable/);
    const link = new DaemonProcess("");
    symlinkSync(link.directory, link.stateDir);
    expect(await refusal(link)).toMatch(/symbolic link[^]*state_unusable/);
  });

  test("because the lock holds something else", async () => {
    const daemon = new DaemonProcess("");
    mkdirSync(daemon.stateDir, { mode: 0o700 });
    writeFileSync(path.join(daemon.stateDir, "lock"), "this is no lock ".repeat(1000));
    expect(await refusal(daemon)).toMatch(/lock[^]*holds something else; remove it[^]*state_unusable/);
  });

  test("because the socket's name is taken by something else", async () => {
    const daemon = new DaemonProcess("");
    mkdirSync(path.dirname(daemon.socket), { recursive: true, mode: 0o700 });
    chmodSync(daemon.stateDir, 0o700);
    writeFileSync(daemon.socket, "");
    expect(await refusal(daemon)).toMatch(/is not a socket[^]*state_unusable/);
  });

  test("because the name of the socket that was asked for is too long", async () => {
    const daemon = new DaemonProcess("");
    const long = `BULKHEAD_SOCKET=${path.join(daemon.directory, "s".repeat(120))}`;
    expect(await refusal(daemon, "env", long)).toMatch(/too long for a socket[^]*usage/);
  });
});

test("a state directory with a long name has its socket elsewhere", async () => {
  const daemon = new DaemonProcess(table("one"), "d".repeat(150));
  const client = await up(daemon);
  await served(client);
  expect(path.dirname(daemon.socket)).not.toContain(daemon.stateDir);
  expect((await client.control("daemon.status")).stateDir).toBe(daemon.stateDir);
});

const journalOf = (daemon: DaemonProcess): string => path.join(daemon.stateDir, "journal.db");

/** A daemon whose journal has a report, and that has been stopped. */
async function stopped() {
  const daemon = new DaemonProcess(table("one", {}, quick));
  const client = await up(daemon);
  const report = await crash(client);
  await daemon.kill("SIGTERM");
  return { daemon, report };
}

function overwrite(file: string, from: number): void {
  const bytes = readFileSync(file);
  bytes.fill(0x5a, from, from + 8192);
  writeFileSync(file, bytes);
}

describe("a journal that is not what was written", () => {
  test.each([
    ["overwritten at its beginning", (file: string) => overwrite(file, 0)],
    ["overwritten further in", (file: string) => overwrite(file, 4096)],
    ["cut short", (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2))],
    ["no database", (file: string) => writeFileSync(file, "no database ".repeat(5000))],
    [
      "of a later version",
      (file: string) => {
        const database = new DatabaseSync(file);
        database.exec("PRAGMA user_version = 1000");
        database.close();
      },
    ],
  ])("%s: it is put aside, a new one begun, and that is shown", async (_, spoil) => {
    const { daemon } = await stopped();
    spoil(journalOf(daemon));
    const client = await up(daemon);
    await served(client);
    expect(await check(client, "surroundings")).toMatchObject({
      message: expect.stringMatching(/journal could not be used[^]*moved to[^]*\.corrupt-/),
    });
    expect(readdirSync(daemon.stateDir).some((name) => name.startsWith("journal.db.corrupt-"))).toBe(true);
    expect(await check(client, "journal")).toMatchObject({ level: "ok" });
    expect(await crash(client)).toMatchObject({ durable: true });
  });

  test("while the daemon runs: the next report goes into a new one", async () => {
    const daemon = new DaemonProcess(table("one", {}, quick));
    const client = await up(daemon);
    await crash(client);
    renameSync(journalOf(daemon), `${journalOf(daemon)}.old`);
    expect(await crash(client)).toMatchObject({ durable: true });
    expect(existsSync(journalOf(daemon))).toBe(true);
  });
});

/** What others look for. */
const wanted = (daemon: DaemonProcess): string[] => [
  path.join(daemon.stateDir, "lock"),
  path.join(daemon.stateDir, "lock.json"),
  daemon.socket,
];

describe("what is removed under a running daemon", () => {
  test("a second daemon does not take over the journal of one whose lock and socket are gone", async () => {
    const daemon = new DaemonProcess(table("one"));
    const client = await up(daemon);
    const { pid } = await served(client);
    for (const file of wanted(daemon)) rmSync(file);
    const second = new DaemonProcess(table("one"));
    Object.defineProperty(second, "stateDir", { value: daemon.stateDir });
    expect(await refusal(second)).toMatch(
      new RegExp(`journal.db is written by process ${daemon.pid}[^]*already_running`),
    );
    expect((await client.control("plugin.status", { plugin: "one" })).pid).toBe(pid);
  });

  test("its lock and socket are made again, and that is shown", async () => {
    const daemon = new DaemonProcess(table("one"));
    const client = await up(daemon);
    for (const file of wanted(daemon)) rmSync(file);
    daemon.signal("SIGHUP");
    await until(
      async () => wanted(daemon).filter(existsSync),
      (found) => found.length === 3,
    );
    const another = await daemon.client();
    clients.push(another);
    expect(await check(another, "surroundings")).toMatchObject({
      level: "warn",
      message: expect.stringContaining("removed the daemon's lock and socket; made again"),
    });
    const second = new DaemonProcess("");
    Object.defineProperty(second, "stateDir", { value: daemon.stateDir });
    expect(await refusal(second)).toMatch(new RegExp(`pid ${daemon.pid}[^]*already_running`));
    await client.control("plugin.list");
  });

  test("its whole state directory is made again: it can be reached, and reports are kept", async () => {
    const daemon = new DaemonProcess(table("one", {}, quick));
    const client = await up(daemon);
    await served(client);
    rmSync(daemon.stateDir, { recursive: true });
    daemon.signal("SIGHUP");
    await until(
      async () => wanted(daemon).filter(existsSync),
      (found) => found.length === 3,
    );
    clients.push(await daemon.client());
    await until(
      () => crash(client),
      ({ durable }) => durable,
    );
    expect(statSync(daemon.stateDir).mode & 0o777).toBe(0o700);
    expect(await check(client, "journal")).toMatchObject({ level: "ok" });
    expect(existsSync(path.join(daemon.stateDir, "daemon.log"))).toBe(true);
  });

  test("it leaves when another daemon has taken the place meanwhile, with its plugins", async () => {
    const daemon = new DaemonProcess(table("one"));
    const client = await up(daemon);
    const { pid } = await served(client);
    rmSync(daemon.stateDir, { recursive: true });
    const second = new DaemonProcess(table("one"));
    Object.defineProperty(second, "stateDir", { value: daemon.stateDir });
    Object.defineProperty(second, "socket", { value: daemon.socket });
    const theirs = await up(second);
    const left = dead(daemon.pid);
    daemon.signal("SIGHUP");
    await left;
    expect(alive(pid ?? 0)).toBe(false);
    expect(daemon.stderr).toMatch(new RegExp(`pid ${second.pid}[^]*already_running`));
    await served(theirs);
    clients.push(await second.client());
  });
});

describe("a daemon without descriptors", () => {
  test("refuses clients and starts by name, goes on with what it has, and recovers", async () => {
    const daemon = new DaemonProcess(table("one") + table("two", {}, `start = "lazy"`));
    const client = await up(daemon, "sh", "-c", 'ulimit -n 64; exec "$@"', "sh");
    await served(client);
    expect(await check(client, "descriptors")).toMatchObject({ level: "ok" });
    // As many as there are: what one look at its health takes for a moment is taken the next time.
    const idle: net.Socket[] = [];
    const full = await until(
      () => {
        for (let n = 0; n < 60; n++) idle.push(net.connect(daemon.socket).on("error", () => undefined));
        return check(client, "descriptors");
      },
      (found) => found?.level === "fail",
    );
    expect(full?.message).toContain("EMFILE");
    expect(await failure(client.call("two/fixture.echo"))).toMatchObject({ settlement: "not_sent" });
    const status = () => client.control("plugin.status", { plugin: "two" });
    expect((await status()).lastCrash?.summary).toContain("EMFILE");
    expect(await client.call("one/fixture.echo", { n: 1 })).toEqual({ n: 1 });
    for (const socket of idle) socket.destroy();
    await until(status, ({ state }) => state === "serving");
    expect(await check(client, "descriptors")).toMatchObject({ level: "ok" });
    expect(await client.call("two/fixture.echo", { n: 2 })).toEqual({ n: 2 });
    clients.push(await daemon.client());
  });
});
