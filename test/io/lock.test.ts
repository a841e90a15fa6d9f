import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { acquireLock } from "../../src/io/lock.ts";

const program = fileURLToPath(new URL("../fixtures/lock/hold.ts", import.meta.url));
let dir: string;
let file: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lock-"));
  file = join(dir, "daemon.lock");
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

/** Another process that tries for the lock, and what it says of it. */
async function contender() {
  const child = spawn(process.execPath, [program, file], { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  const [said] = await once(child.stdout, "data");
  return { child, pid: child.pid ?? 0, said: String(said).trim() };
}

it("one process has it, and the others learn who", async () => {
  const first = await contender();
  expect(first.said).toBe("held");
  expect((await contender()).said).toBe(`refused ${first.pid}`);
  expect(acquireLock(file, { pid: process.pid })).toStrictEqual({ ok: false, holder: { pid: first.pid } });
});

it("kill -9 of the holder frees it at once", async () => {
  const first = await contender();
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  const second = await contender();
  expect(second.said).toBe("held");
  expect((await contender()).said).toBe(`refused ${second.pid}`);
});

it("a holder that lets go leaves only the empty file", async () => {
  const first = await contender();
  first.child.stdin?.end();
  await once(first.child, "exit");
  expect(readdirSync(dir)).toStrictEqual(["daemon.lock"]);
  expect((await contender()).said).toBe("held");
});

it("is also exclusive within a process, released once and for all", () => {
  const lock = acquireLock(file, { pid: process.pid, socket: "/run/x" });
  expect(lock.ok).toBe(true);
  expect(acquireLock(file, { pid: 1 })).toStrictEqual({
    ok: false,
    holder: { pid: process.pid, socket: "/run/x" },
  });
  if (lock.ok) lock.release();
  const next = acquireLock(file, { pid: process.pid });
  expect(next.ok).toBe(true);
  if (lock.ok) lock.release();
  expect(acquireLock(file, { pid: process.pid }).ok).toBe(false);
  if (next.ok) next.release();
});

it("a name that was left behind by a dead process is not taken for the holder's", async () => {
  const first = await contender();
  const dead = await contender();
  dead.child.kill("SIGKILL");
  await once(dead.child, "exit");
  writeFileSync(`${file}.json`, JSON.stringify({ pid: dead.pid }));
  expect(acquireLock(file, { pid: process.pid })).toStrictEqual({ ok: false, holder: undefined });
  writeFileSync(`${file}.json`, "{");
  expect(acquireLock(file, { pid: process.pid })).toStrictEqual({ ok: false, holder: undefined });
  expect(first.child.exitCode).toBeNull();
});

const failure = (path: string, reason: string) =>
  expect.objectContaining({
    code: "state_unusable",
    message: `the lock ${path} can't be used: ${reason}`,
  });

it("a directory that is not there is an error, not a refusal", () => {
  const missing = join(dir, "missing", "daemon.lock");
  expect(() => acquireLock(missing, { pid: 1 })).toThrow(failure(missing, "its directory is missing"));
});

it("a lock file that is a directory is an error that names it", () => {
  mkdirSync(file);
  expect(() => acquireLock(file, { pid: 1 })).toThrow(failure(file, "it is a directory"));
});

it("so is one that holds something else", () => {
  writeFileSync(file, "x".repeat(10_000));
  expect(() => acquireLock(file, { pid: 1 })).toThrow(
    failure(file, "it holds something else; remove it when no daemon is running"),
  );
});

it("a name that can not be left is an error that names its file, and leaves no lock behind", () => {
  mkdirSync(`${file}.json`);
  expect(() => acquireLock(file, { pid: 1 })).toThrow(failure(`${file}.json`, "it is a directory"));
  expect(readdirSync(dir).sort()).toStrictEqual(["daemon.lock", "daemon.lock.json"]);
  rmSync(`${file}.json`, { recursive: true });
  const lock = acquireLock(file, { pid: 1 });
  expect(lock.ok).toBe(true);
  rmSync(`${file}.json`);
  mkdirSync(`${file}.json`);
  if (lock.ok) lock.release();
  rmSync(`${file}.json`, { recursive: true });
  expect(acquireLock(file, { pid: 1 }).ok).toBe(true);
});

it("one that was removed or replaced is not in place, and leaves the name of the next holder alone", async () => {
  const lock = acquireLock(file, { pid: process.pid });
  if (!lock.ok) throw new Error("somebody has it");
  expect(lock.isInPlace()).toBe(true);
  rmSync(file);
  expect(lock.isInPlace()).toBe(false);
  const next = await contender();
  expect(next.said).toBe("held");
  expect(lock.isInPlace()).toBe(false);
  lock.release();
  expect(acquireLock(file, { pid: process.pid })).toStrictEqual({ ok: false, holder: { pid: next.pid } });
});
