import { mkdtempSync, openSync, rmSync, truncateSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Journal } from "../../../src/io/journal/journal.ts";
import type { JournalOptions } from "../../../src/io/journal/journal.ts";
import { stateEvent } from "../../fixtures/journal/samples.ts";

let directory = "";
const opened: Journal[] = [];

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((journal) => journal.close()));
  rmSync(directory, { recursive: true, force: true });
});

async function open(more: Partial<JournalOptions> = {}): Promise<Journal> {
  const options = { file: path.join(directory, "journal.db"), keepMs: 1e13, keepBytes: 64 * 1024 * 1024 };
  const { journal } = await Journal.open({ ...options, ...more });
  opened.push(journal);
  return journal;
}

const kibibytes = (n: number): string => JSON.stringify("x".repeat(n * 1024 - 2));

describe("the limits of one plugin", () => {
  test("are 16 MiB in all: what makes it less is still taken", async () => {
    const { storage } = await open();
    // Keys of four bytes: 16 MiB are not reached with 255 values of 64 KiB.
    for (let n = 0; n < 255; n++) {
      expect(await storage.set("one", String(1000 + n), kibibytes(64))).toEqual({ ok: true, value: null });
    }
    expect(await storage.set("one", "last", kibibytes(60))).toEqual({ ok: true, value: null });
    const full = { ok: true, value: expect.stringContaining("16777216 bytes") };
    expect(await storage.set("one", "more", kibibytes(4))).toEqual(full);
    expect(await storage.set("one", "last", kibibytes(64))).toEqual(full);
    expect(await storage.get("one", "last")).toEqual({ ok: true, value: kibibytes(60) });
    expect(await storage.set("two", "more", kibibytes(64))).toEqual({ ok: true, value: null });
    expect(await storage.set("one", "1000", kibibytes(1))).toEqual({ ok: true, value: null });
    expect(await storage.set("one", "more", kibibytes(4))).toEqual({ ok: true, value: null });
    expect(await storage.delete("one", "1001")).toEqual({ ok: true, value: true });
    expect(await storage.set("one", "last", kibibytes(64))).toEqual({ ok: true, value: null });
  });

  test("are 10 000 keys", async () => {
    const { storage } = await open({ file: ":memory:" });
    const written = await Promise.all(
      Array.from({ length: 10_000 }, (_, n) => storage.set("one", String(n), "1")),
    );
    expect(written.every((answer) => answer.ok && answer.value === null)).toBe(true);
    expect(await storage.set("one", "more", "1")).toEqual({
      ok: true,
      value: expect.stringContaining("10000 keys"),
    });
    expect(await storage.set("one", "7", "2")).toEqual({ ok: true, value: null });
    await storage.delete("one", "8");
    expect(await storage.set("one", "more", "1")).toEqual({ ok: true, value: null });
  });
});

test("a key may hold any character", async () => {
  const { storage } = await open();
  const keys = ["a\0b", "a", "\u{10ffff}", "' OR 1=1 --", "%"];
  for (const key of keys) await storage.set("one", key, JSON.stringify(key));
  for (const key of keys)
    expect(await storage.get("one", key)).toEqual({ ok: true, value: JSON.stringify(key) });
  expect(await storage.list("one", "\u{10ffff}", "", 10)).toEqual({ ok: true, value: ["\u{10ffff}"] });
});

test("what plugins store is not counted as the past, and does not push it out", async () => {
  const journal = await open({ keepBytes: 1024 * 1024 });
  for (let n = 0; n < 40; n++) await journal.storage.set("one", String(n), kibibytes(64));
  await journal.append([stateEvent(1), stateEvent(2)]);
  await journal.prune();
  expect(await journal.events({})).toHaveLength(2);
  expect(await journal.storage.list("one", "", "", 100)).toMatchObject({ value: { length: 40 } });
});

test("a file that is damaged gives what it can to the next", async () => {
  const first = await open();
  for (let n = 0; n < 20; n++) await first.storage.set("one", String(100 + n), kibibytes(64));
  await first.close();
  const file = path.join(directory, "journal.db");
  const damaged = openSync(file, "r+");
  writeSync(damaged, Buffer.alloc(4096, 0xff), 0, 4096, 1024 * 1024);
  truncateSync(file, 1_200_000 - (1_200_000 % 4096));
  const again = await open();
  const { value } = (await again.storage.list("one", "", "", 100)) as { value: string[] };
  expect(value.length).toBeGreaterThan(5);
  for (const key of value)
    expect(await again.storage.get("one", key)).toEqual({ ok: true, value: kibibytes(64) });
  expect(await again.storage.set("one", "more", "1")).toEqual({ ok: true, value: null });
});
