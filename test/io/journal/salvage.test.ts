/** What an operator said of a plugin survives what happens to the file in which it stands. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SupervisorEvent } from "../../../protocol/state.ts";
import { Journal } from "../../../src/io/journal/journal.ts";
import { crashReport, pluginRow, stateEvent } from "../../fixtures/journal/samples.ts";

const pageBytes = 4096;

let dir: string;
let file: string;
const opened: Journal[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "journal-"));
  file = join(dir, "journal.db");
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((journal) => journal.close()));
  rmSync(dir, { recursive: true, force: true });
});

async function open() {
  const problems: string[] = [];
  const onProblem = ({ message }: { message: string }): void => void problems.push(message);
  const keeping = { keepMs: 1e12, keepBytes: 64 * 1024 * 1024 };
  const result = await Journal.open({ file, ...keeping, now: () => 0, onProblem });
  opened.push(result.journal);
  return { ...result, problems };
}

function inspect<T>(look: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file, { timeout: 5000 });
  try {
    return look(database);
  } finally {
    database.close();
  }
}

const operated = (seq: number, plugin: string, action: "disable" | "enable"): SupervisorEvent => ({
  seq,
  at: seq,
  type: "operator.action",
  plugin,
  action,
});

/** A journal with some past, in which `off` is disabled and `on` was, for a while. */
async function keep(): Promise<void> {
  const { journal } = await open();
  await journal.append([operated(1, "on", "disable"), operated(2, "off", "disable")]);
  await journal.append(Array.from({ length: 500 }, (_, n) => stateEvent(n + 3)));
  await journal.append([operated(503, "on", "enable")]);
  await journal.savePlugin(pluginRow({ id: "off", disabled: true, generation: 7 }));
  await journal.savePlugin(pluginRow({ id: "on", generation: 3 }));
  await journal.crash(crashReport({ plugin: "on" }), [], pluginRow({ id: "on", generation: 3 }));
  await journal.close();
}

function ruin(page: number, bytes = pageBytes): void {
  const damaged = openSync(file, "r+");
  writeSync(damaged, Buffer.alloc(bytes, "gone"), 0, bytes, (page - 1) * pageBytes);
  closeSync(damaged);
}

const rootOf = (table: string): number =>
  inspect((database) =>
    Number(database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(table)?.["rootpage"]),
  );

const disabled = (plugins: readonly { id: string; disabled: boolean }[]): Record<string, boolean> =>
  Object.fromEntries(plugins.map((row) => [row.id, row.disabled]));

test("a row of which another counter is damaged says it all the same", async () => {
  await keep();
  inspect((database) => database.exec("UPDATE plugins SET failures = 'never', attempt = 'x'"));
  const { plugins, journal } = await open();
  expect(plugins).toStrictEqual([
    pluginRow({ id: "off", disabled: true, generation: 7 }),
    pluginRow({ id: "on", generation: 3 }),
  ]);
  expect(journal.forgot).toBe(false);
});

test.each([
  ["its first bytes", 16],
  ["its first page", pageBytes],
])("a file without %s gives all of it", async (_what, bytes) => {
  await keep();
  ruin(1, bytes);
  const { plugins, journal, problems } = await open();
  expect(disabled(plugins)).toEqual({ off: true, on: false });
  expect(plugins[0]).toMatchObject({ generation: 7 });
  expect(await journal.crashes({})).toHaveLength(1);
  expect(journal.forgot).toBe(false);
  expect(problems).toMatchObject([expect.stringContaining("2 plugins' counters")]);
});

test("where the counters are lost, the events say what operators did last", async () => {
  await keep();
  ruin(rootOf("plugins"));
  const { plugins, journal } = await open();
  expect(disabled(plugins)).toEqual({ off: true, on: false });
  // Of others, nobody knows.
  expect(journal.forgot).toBe(true);
});

test("where the newest events are lost as well, an older word is better than none", async () => {
  await keep();
  ruin(rootOf("plugins"));
  truncateSync(file, readFileSync(file).length - 2 * pageBytes);
  const { plugins } = await open();
  expect(disabled(plugins)).toMatchObject({ off: true });
});

test.each([
  ["nothing but rubbish", () => ruin(1, readFileSync(file).length)],
  ["nothing at all", () => truncateSync(file, 0)],
])("a file with %s is known to have said something, and nobody knows what", async (_what, damage) => {
  await keep();
  damage();
  const { plugins, journal, problems } = await open();
  expect(plugins).toEqual([]);
  expect(journal.forgot).toBe(true);
  expect(problems).toHaveLength(1);
  expect(await journal.append([stateEvent(1)])).toBe(true);
});

test("a new file has forgotten nothing", async () => {
  expect((await open()).journal.forgot).toBe(false);
});

test.each([
  ["is deleted", () => rmSync(file)],
  ["is damaged", () => ruin(1, readFileSync(file).length)],
])("a file that %s while it is written is told again what it said", async (_what, damage) => {
  await keep();
  const { journal } = await open();
  damage();
  await journal.crash(crashReport({ id: "on-4-bbbb" }), [], pluginRow({ id: "on", generation: 4 }));
  await journal.close();
  const { plugins } = await open();
  expect(plugins).toStrictEqual([
    pluginRow({ id: "off", disabled: true, generation: 7 }),
    pluginRow({ id: "on", generation: 4 }),
  ]);
});
