import { mkdtempSync, openSync, renameSync, rmSync, truncateSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
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

const record = (id: string, cursor: string, params: Record<string, unknown> = {}) => ({
  id,
  createdAt: 1,
  source: "from/fixture.count",
  sink: "to/fixture.keep",
  params,
  progress: { cursor },
});
const done = { ok: true, value: null };

test("pipes and their progress are there when the journal is opened again", async () => {
  const first = await open();
  expect(await first.pipes.add(record("one", "1", { to: 7 }))).toEqual(done);
  expect(await first.pipes.add(record("two", "1"))).toEqual(done);
  expect(await first.pipes.save(record("one", "2", { to: 7 }))).toEqual(done);
  expect(await first.pipes.delete("two")).toEqual(done);
  await first.close();
  const again = await open();
  expect(await again.pipes.list()).toEqual({ ok: true, value: [record("one", "2", { to: 7 })] });
});

test("a pipe that was removed does not come back with its progress alone", async () => {
  const { pipes } = await open();
  await pipes.add(record("one", "1"));
  void pipes.save(record("one", "2"));
  await pipes.delete("one");
  expect(await pipes.list()).toEqual({ ok: true, value: [] });
});

test("a file that was deleted under it gets the whole pipe again", async () => {
  const { pipes } = await open();
  await pipes.add(record("one", "1"));
  const file = path.join(directory, "journal.db");
  for (const name of [file, `${file}-wal`, `${file}-shm`]) renameSync(name, `${name}.away`);
  expect(await pipes.save(record("one", "2"))).toEqual(done);
  expect(await pipes.list()).toEqual({ ok: true, value: [record("one", "2")] });
});

test("a file that is damaged gives its pipes to the next", async () => {
  const first = await open();
  await first.pipes.add(record("one", "1"));
  const value = JSON.stringify("x".repeat(60_000));
  for (let n = 0; n < 20; n++) await first.storage.set("one", String(100 + n), value);
  await first.close();
  const file = path.join(directory, "journal.db");
  const damaged = openSync(file, "r+");
  writeSync(damaged, Buffer.alloc(4096, 0xff), 0, 4096, 1024 * 1024);
  truncateSync(file, 1_200_000 - (1_200_000 % 4096));
  const again = await open();
  expect(await again.pipes.list()).toEqual({ ok: true, value: [record("one", "1")] });
});

test("what pipes take is not counted as the past, and does not push it out", async () => {
  const journal = await open({ keepBytes: 1024 * 1024 });
  for (let n = 0; n < 16; n++)
    await journal.pipes.add(record(`pipe-${n}`, "1", { text: "x".repeat(60_000) }));
  await journal.append([stateEvent(1), stateEvent(2)]);
  await journal.prune();
  expect(await journal.events({})).toHaveLength(2);
});
