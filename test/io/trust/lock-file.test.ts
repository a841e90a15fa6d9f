import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatProblem } from "../../../src/io/config/config.ts";
import { changeLock, lockFileOf, lockText, readLock } from "../../../src/io/trust/lock-file.ts";
import type { Lock } from "../../../src/io/trust/lock-file.ts";

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "bulkhead-lock-"));
  file = lockFileOf(path.join(dir, "bulkhead.toml"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const entry = { sha256: "a".repeat(64), version: "1.2.0", trusted: "2026-11-20T17:00:00.000Z" };

async function locked(): Promise<Lock> {
  const read = await readLock(file);
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join("\n"));
  return read.lock;
}

async function problems(text: string): Promise<string> {
  writeFileSync(file, text);
  const read = await readLock(file);
  return read.ok ? "" : read.problems.map(formatProblem).join("\n").replaceAll(`${dir}/`, "");
}

test("stands beside the configuration, under its name", () => {
  expect(path.basename(file)).toBe("bulkhead.lock");
  expect(lockFileOf("/etc/bulkhead/other.toml")).toBe("/etc/bulkhead/other.lock");
});

test("that is not there accepts nothing and refuses nothing", async () => {
  expect(await readLock(file)).toEqual({ ok: true, lock: new Map(), exists: false });
});

test("that is a link which leads nowhere is an error, because what it said is not known", async () => {
  symlinkSync(path.join(dir, "unmounted/bulkhead.lock"), file);
  expect(await readLock(file)).toMatchObject({ ok: false });
  await expect(changeLock(file, "one", entry)).rejects.toMatchObject({ code: "invalid_config" });
});

test("is read as it was written, whatever a plugin calls its version", async () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]*$/);
  const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
  const date = fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true });
  const version = fc.option(
    fc.string({ unit: "grapheme" }).filter((text) => text.isWellFormed()),
    { nil: undefined },
  );
  const entries = fc.array(fc.tuple(name, digest, version, date));
  await fc.assert(
    fc.asyncProperty(entries, async (all) => {
      const lock = new Map(
        all.map(([id, sha256, said, at]) => [
          id,
          { sha256, ...(said === undefined ? {} : { version: said }), trusted: at.toISOString() },
        ]),
      );
      writeFileSync(file, lockText(lock));
      expect(await locked()).toEqual(lock);
    }),
  );
});

describe("changing one entry", () => {
  test("leaves the others as they stand in the file by then", async () => {
    await changeLock(file, "one", entry);
    await changeLock(file, "two", { ...entry, sha256: "b".repeat(64) });
    await changeLock(file, "one", undefined);
    expect(await locked()).toEqual(new Map([["two", { ...entry, sha256: "b".repeat(64) }]]));
  });

  test("replaces what a link leads to, and not the link", async () => {
    mkdirSync(path.join(dir, "shared"));
    const target = path.join(dir, "shared/real.lock");
    writeFileSync(target, lockText(new Map()));
    symlinkSync(target, file);
    await changeLock(file, "one", entry);
    expect(readlinkSync(file)).toBe(target);
    expect(readFileSync(target, "utf8")).toContain("[plugins.one]");
  });

  test("of a file that is wrong changes nothing", async () => {
    writeFileSync(file, "lock = 1\n[plugins.one]\nsha256 = 'x'\n");
    await expect(changeLock(file, "two", entry)).rejects.toMatchObject({ code: "invalid_config" });
    expect(readFileSync(file, "utf8")).not.toContain("two");
  });

  test("where there is no place for it says so", async () => {
    await expect(changeLock(path.join(dir, "no/where.lock"), "one", entry)).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringContaining("can not be written"),
    });
  });
});

test.each([
  ["text that is no TOML", "lock =", /^bulkhead\.lock:1:\d+: is not valid TOML/],
  ["no format", "", /^bulkhead\.lock: lock: is missing, must be 1$/],
  ["a format of later", "lock = 2", /^bulkhead\.lock:1: lock: found 2, must be 1$/],
  [
    "half a hash",
    `lock = 1\n[plugins.p]\nsha256 = "abc"\ntrusted = 2026-01-01T00:00:00Z`,
    /^bulkhead\.lock:3: plugins\.p\.sha256: found "abc", must be 64 hexadecimal digits$/,
  ],
  [
    "a key that means nothing",
    `lock = 1\n[plugins.p]\nsha256 = "${"a".repeat(64)}"\ntrusted = 2026-01-01T00:00:00Z\nany = true`,
    /^bulkhead\.lock:5: plugins\.p\.any: unknown key/,
  ],
])("%s is an error with its line, and not an empty lock", async (_what, text, message) => {
  expect(await problems(text)).toMatch(message);
});
