import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Journal } from "../../../src/io/journal/journal.ts";
import type { JournalOptions, JournalProblem } from "../../../src/io/journal/journal.ts";
import { crashEvent, crashReport, pluginRow, stateEvent } from "../../fixtures/journal/samples.ts";

const day = 24 * 60 * 60 * 1000;

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

async function open(options: Partial<JournalOptions> = {}) {
  const problems: JournalProblem[] = [];
  const waiting: (() => void)[] = [];
  const result = await Journal.open({
    file,
    keepMs: 1000 * day,
    keepBytes: 64 * 1024 * 1024,
    now: () => 0,
    onProblem(problem) {
      problems.push(problem);
      for (const wake of waiting.splice(0)) wake();
    },
    ...options,
  });
  opened.push(result.journal);
  const until = async (wanted: (problem: JournalProblem) => boolean): Promise<void> => {
    while (!problems.some(wanted)) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { ...result, problems, until };
}

/** A second connection, as a curious operator would have it. */
function inspect<T>(look: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file, { timeout: 5000 });
  try {
    return look(database);
  } finally {
    database.close();
  }
}

const aside = () =>
  readdirSync(dir).filter((name) => name.startsWith("journal.db.corrupt-") && !name.endsWith("-wal"));
const seqs = (events: readonly { seq: number }[]) => events.map(({ seq }) => seq);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("events", () => {
  it("come back as they went in, the newest of them, in their order", async () => {
    const { journal, lastSeq } = await open();
    expect(lastSeq).toBe(0);
    const events = [stateEvent(1), stateEvent(2, { plugin: "chaos", why: "„größer“ \u0000" }), stateEvent(3)];
    expect(await journal.append(events)).toBe(true);
    expect(await journal.events({})).toStrictEqual(events);
    expect(await journal.events({ limit: 2 })).toStrictEqual(events.slice(1));
    expect(await journal.events({ plugin: "min" })).toStrictEqual([events[0], events[2]]);
    expect(await journal.events({ since: 2 })).toStrictEqual([events[2]]);
  });

  it("of one tick are one transaction", async () => {
    const { journal } = await open();
    const written = [journal.append([stateEvent(1)]), journal.append([stateEvent(2)])];
    expect(written[0]).toBe(written[1]);
    expect(await Promise.all(written)).toStrictEqual([true, true]);
    expect(seqs(await journal.events({}))).toStrictEqual([1, 2]);
  });

  it("are seen by a question asked right after them", async () => {
    const { journal } = await open();
    void journal.append([stateEvent(1)]);
    expect(seqs(await journal.events({}))).toStrictEqual([1]);
  });

  it("without a position are not kept", async () => {
    const { journal } = await open();
    expect(await journal.append([stateEvent(0)])).toBe(true);
    expect(await journal.events({})).toStrictEqual([]);
  });

  it("that are no JSON are refused, and nothing else is", async () => {
    const { journal, problems } = await open();
    const cyclic = { ...stateEvent(1), cycle: {} };
    cyclic.cycle = cyclic;
    expect(await journal.append([cyclic])).toBe(false);
    expect(problems).toMatchObject([{ ok: true, message: expect.stringContaining("JSON") }]);
    expect(await journal.append([stateEvent(2)])).toBe(true);
  });
});

describe("a crash", () => {
  it("brings its report, its events and the counters, and is durable", async () => {
    const { journal } = await open();
    const row = pluginRow({ restarts: 3, failures: [1, 2, 3], attempt: 2 });
    expect(await journal.crash(crashReport(), [crashEvent(1, "min-1-aaaa"), stateEvent(2)], row)).toBe(true);
    expect(await journal.crashes({})).toStrictEqual([crashReport({ durable: true })]);
    expect(await journal.events({})).toMatchObject([{ type: "session.crash", durable: true }, { seq: 2 }]);
    await journal.close();
    const again = await open();
    expect(again.plugins).toStrictEqual([row]);
    expect(again.lastSeq).toBe(2);
  });

  it("is found by its id or by any beginning of it", async () => {
    const { journal } = await open();
    const ids = ["min-1-aaaa", "min-1-aaaab", "min-2-cccc", "chaos-1-%_*?"];
    for (const [index, id] of ids.entries()) {
      await journal.crash(crashReport({ id, at: index, plugin: id.split("-")[0] ?? "" }), [], pluginRow());
    }
    const found = async (prefix: string) => (await journal.findCrash(prefix)).map(({ id }) => id);
    expect(await found("min-2")).toStrictEqual(["min-2-cccc"]);
    expect(await found("min-1-aaaa")).toStrictEqual(["min-1-aaaa"]);
    expect(await found("min-")).toStrictEqual(["min-2-cccc", "min-1-aaaab", "min-1-aaaa"]);
    expect(await found("chaos-1-%")).toStrictEqual(["chaos-1-%_*?"]);
    expect(await found("%")).toStrictEqual([]);
    expect(await found("")).toStrictEqual([]);
    expect((await journal.crashes({ plugin: "min", limit: 2 })).map(({ at }) => at)).toStrictEqual([2, 1]);
  });

  it("in memory is kept but never durable", async () => {
    const { journal } = await open({ file: ":memory:" });
    expect(await journal.crash(crashReport(), [crashEvent(1, "min-1-aaaa")], pluginRow())).toBe(false);
    expect(await journal.crashes({})).toStrictEqual([crashReport()]);
    expect(await journal.events({})).toMatchObject([{ durable: false }]);
    expect(journal.ok).toBe(true);
  });
});

describe("counters and descriptions", () => {
  it("survive a reopening", async () => {
    const { journal } = await open();
    const rows = [
      pluginRow({ id: "a", disabled: true, generation: 7 }),
      pluginRow({ id: "b", failures: [5] }),
    ];
    for (const row of rows) expect(await journal.savePlugin(row)).toBe(true);
    const description = { plugin: { name: "größer" }, apis: [] };
    expect(await journal.saveDescription("00ff", description)).toBe(true);
    await journal.close();
    const again = await open();
    expect(again.plugins).toStrictEqual(rows);
    expect(await again.journal.description("00ff")).toStrictEqual(description);
    expect(await again.journal.description("1111")).toBeUndefined();
  });

  it("of one tick are written together with its events, the newest of a plugin", async () => {
    const { journal } = await open();
    const written = [
      journal.savePlugin(pluginRow({ generation: 1 })),
      journal.append([stateEvent(1)]),
      journal.savePlugin(pluginRow({ generation: 2 })),
    ];
    expect(await Promise.all(written)).toStrictEqual([true, true, true]);
    expect(inspect((database) => database.prepare("SELECT count(*) AS n FROM events").get())).toMatchObject({
      n: 1,
    });
    await journal.close();
    expect((await open()).plugins).toStrictEqual([pluginRow({ generation: 2 })]);
  });

  it("that waited do not come after those of a crash in the same tick", async () => {
    const { journal } = await open();
    const saved = journal.savePlugin(pluginRow({ attempt: 1 }));
    expect(await journal.crash(crashReport(), [], pluginRow({ attempt: 2 }))).toBe(true);
    expect(await saved).toBe(true);
    await journal.close();
    expect((await open()).plugins).toStrictEqual([pluginRow({ attempt: 2 })]);
  });

  it("are written when the journal is closed in the same tick", async () => {
    const { journal } = await open();
    const saved = journal.savePlugin(pluginRow({ generation: 3 }));
    await journal.close();
    expect(await saved).toBe(true);
    expect((await open()).plugins).toStrictEqual([pluginRow({ generation: 3 })]);
  });

  it("keep only the newest two hundred descriptions", async () => {
    const { journal } = await open();
    for (const index of range(1, 201)) await journal.saveDescription(`hash-${index}`, index);
    expect(await journal.description("hash-1")).toBeUndefined();
    expect(await journal.description("hash-2")).toBe(2);
    expect(await journal.description("hash-201")).toBe(201);
  });
});

describe("retention", () => {
  it("deletes what is too old, and gives its positions to nobody else", async () => {
    let now = 0;
    const { journal } = await open({ keepMs: 10 * day, now: () => now });
    await journal.append(
      range(1, 2000).map((seq) => stateEvent(seq, { at: seq <= 700 ? 1 * day : 9 * day })),
    );
    for (const n of range(1, 20)) {
      await journal.crash(crashReport({ id: `old-${n}`, at: 1 * day }), [], pluginRow());
    }
    for (const n of range(1, 100)) {
      await journal.crash(crashReport({ id: `new-${n}`, at: 9 * day }), [], pluginRow());
    }
    now = 12 * day;
    await journal.prune();
    expect(seqs(await journal.events({ limit: 10_000 }))).toStrictEqual(range(701, 2000));
    const ids = (await journal.crashes({ limit: 1000 })).map(({ id }) => id);
    expect(ids).toHaveLength(100);
    expect(ids.filter((id) => id.startsWith("old"))).toStrictEqual([]);
    await journal.close();
    expect((await open()).lastSeq).toBe(2000);
  });

  it("keeps the newest events and reports, however far the clock is set forward", async () => {
    let now = 0;
    const { journal } = await open({ keepMs: 10 * day, now: () => now });
    await journal.append(range(1, 1500).map((seq) => stateEvent(seq, { at: 0 })));
    for (const n of range(1, 120)) {
      await journal.crash(crashReport({ id: `min-${n}`, at: n }), [], pluginRow());
    }
    now = 10_000 * day;
    await journal.prune();
    expect(seqs(await journal.events({ limit: 10_000 }))).toStrictEqual(range(501, 1500));
    const ids = (await journal.crashes({ limit: 1000 })).map(({ id }) => id);
    expect(ids).toStrictEqual(
      range(21, 120)
        .map((n) => `min-${n}`)
        .toReversed(),
    );
  });

  it("keeps what is written after the clock was set back, and goes on in the order in which it came", async () => {
    let now = 100 * day;
    const { journal } = await open({ keepMs: 10 * day, now: () => now });
    await journal.append(range(1, 10).map((seq) => stateEvent(seq, { at: now })));
    now = 1 * day;
    await journal.append(range(11, 20).map((seq) => stateEvent(seq, { at: now })));
    await journal.prune();
    expect(seqs(await journal.events({}))).toStrictEqual(range(1, 20));
    expect(seqs(await journal.events({ since: 5 }))).toStrictEqual(range(6, 20));
  });

  it("keeps the file and its log below the size, and the newest crashes before any event", async () => {
    const keepBytes = 1024 * 1024;
    const { journal } = await open({ keepBytes });
    let largest = 0;
    for (const batch of range(0, 99)) {
      const id = `min-${batch}`;
      if (batch < 20) await journal.crash(crashReport({ id, at: batch }), [], pluginRow());
      await journal.append(range(1, 50).map((n) => stateEvent(batch * 50 + n, { why: "x".repeat(300) })));
      const bytes = readdirSync(dir)
        .filter((name) => !name.endsWith("-shm"))
        .map((name) => statSync(join(dir, name)).size);
      largest = Math.max(
        largest,
        bytes.reduce((sum, size) => sum + size, 0),
      );
    }
    await journal.prune();
    expect(largest).toBeLessThan(keepBytes);
    expect(await journal.crashes({})).toHaveLength(20);
    const kept = seqs(await journal.events({ limit: 10_000 }));
    expect(kept.at(-1)).toBe(5000);
    expect(kept.length).toBeGreaterThan(1000);
    expect(kept).toStrictEqual(range(kept[0] ?? 0, 5000));
  });

  it("shrinks a file that is larger than a size that was lowered", async () => {
    const before = await open();
    await before.journal.append(range(1, 5000).map((seq) => stateEvent(seq, { why: "x".repeat(300) })));
    await before.journal.crash(crashReport(), [], pluginRow());
    await before.journal.close();
    expect(statSync(file).size).toBeGreaterThan(1024 * 1024);
    const { journal } = await open({ keepBytes: 256 * 1024 });
    await journal.prune();
    await journal.close();
    expect(statSync(file).size).toBeLessThan(256 * 1024);
    const again = await open();
    expect(await again.journal.crashes({})).toHaveLength(1);
    expect(again.lastSeq).toBe(5000);
  });

  it("deletes crashes when they are all there is, and never the last", async () => {
    const { journal } = await open({ keepBytes: 256 * 1024 });
    for (const n of range(1, 60)) {
      const stderrTail = ["x".repeat(20_000)];
      await journal.crash(crashReport({ id: `min-${n}`, at: n, stderrTail }), [], pluginRow());
    }
    await journal.prune();
    const kept = await journal.crashes({});
    expect(kept[0]?.id).toBe("min-60");
    expect(kept.length).toBeLessThan(15);
  });
});

describe("a damaged file", () => {
  it("that is no database is moved aside, said, and replaced", async () => {
    writeFileSync(file, "this was never a database ".repeat(1000));
    const { journal, problems, plugins } = await open({ now: () => 86_400_000 });
    expect(problems).toMatchObject([{ ok: true, message: expect.stringContaining("moved to") }]);
    expect(aside()).toStrictEqual(["journal.db.corrupt-1970-01-02T000000.000Z"]);
    expect(plugins).toStrictEqual([]);
    expect(await journal.crash(crashReport(), [], pluginRow())).toBe(true);
    expect(journal.ok).toBe(true);
  });

  it("gives its counters and reports to the new one where they can still be read", async () => {
    const before = await open();
    await before.journal.append(range(1, 3000).map((seq) => stateEvent(seq, { why: "x".repeat(100) })));
    await before.journal.crash(crashReport(), [], pluginRow({ restarts: 5 }));
    await before.journal.close();
    truncateSync(file, statSync(file).size - 5 * 4096);
    const { journal, problems, plugins, lastSeq } = await open();
    expect(problems).toHaveLength(1);
    expect(plugins).toStrictEqual([pluginRow({ restarts: 5 })]);
    expect(lastSeq).toBe(3000);
    expect(await journal.append([stateEvent(3001)])).toBe(true);
    expect(seqs(await journal.events({}))).toStrictEqual([3001]);
  });

  it("that turns up later is replaced without losing the write that met it", async () => {
    const { journal, problems, until } = await open();
    await journal.append([stateEvent(1)]);
    await journal.prune();
    inspect((database) => {
      database.enableDefensive(false);
      database.exec(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'rubbish' WHERE name = 'events'",
      );
      database.exec("PRAGMA schema_version = 1000");
    });
    expect(await journal.crash(crashReport(), [stateEvent(2)], pluginRow())).toBe(true);
    await until(({ message }) => message.includes("moved to"));
    expect(problems.every(({ ok }) => ok)).toBe(true);
    expect(await journal.crashes({})).toHaveLength(1);
  });

  it("is kept three times at most", async () => {
    for (const time of range(1, 5)) {
      writeFileSync(file, "no database ".repeat(1000));
      const { journal } = await open({ now: () => time });
      await journal.close();
    }
    expect(aside().map((name) => name.slice(-4))).toStrictEqual(["003Z", "004Z", "005Z"]);
  });

  it("of a later version is left to that version", async () => {
    const before = await open();
    await before.journal.close();
    inspect((database) => database.exec("PRAGMA user_version = 99"));
    const { journal, problems } = await open();
    expect(problems).toMatchObject([{ ok: true, message: expect.stringContaining("schema version 99") }]);
    expect(await journal.append([stateEvent(1)])).toBe(true);
  });

  it("with single bad rows is read without them, and they are counted", async () => {
    const { journal, problems } = await open();
    await journal.append(range(1, 4).map((seq) => stateEvent(seq)));
    await journal.crash(crashReport({ id: "a" }), [], pluginRow({ id: "a" }));
    await journal.crash(crashReport({ id: "b" }), [], pluginRow({ id: "b" }));
    inspect((database) => {
      database.exec(
        "UPDATE events SET body = '{\"type\":' WHERE seq = 1; UPDATE events SET body = '[]' WHERE seq = 2",
      );
      database.exec("UPDATE events SET type = 'other' WHERE seq = 3");
      database.exec("UPDATE crashes SET body = '{}' WHERE id = 'a'");
      database.exec("UPDATE plugins SET disabled = 'perhaps' WHERE id = 'a'");
    });
    expect(seqs(await journal.events({}))).toStrictEqual([4]);
    expect((await journal.crashes({})).map(({ id }) => id)).toStrictEqual(["b"]);
    expect(journal.skippedRows).toBe(4);
    expect(problems).toHaveLength(1);
    await journal.close();
    expect((await open()).plugins.map(({ id }) => id)).toStrictEqual(["b"]);
  });
});

describe("a disk that does not take it", () => {
  it("from the beginning: the journal is degraded, shows what it could not write, and writes it later", async () => {
    file = join(dir, "not-there-yet", "journal.db");
    const { journal, lastSeq, problems, until } = await open({ retryMs: 1 });
    expect(lastSeq).toBe(0);
    expect(journal.ok).toBe(false);
    expect(journal.problem).toContain("ENOENT");
    expect(await journal.append([stateEvent(1)])).toBe(false);
    expect(
      await journal.crash(crashReport(), [crashEvent(2, "min-1-aaaa")], pluginRow({ restarts: 1 })),
    ).toBe(false);
    expect(await journal.savePlugin(pluginRow({ restarts: 2 }))).toBe(false);
    expect(await journal.crashes({})).toStrictEqual([crashReport()]);
    expect(await journal.findCrash("min-1")).toStrictEqual([crashReport()]);
    expect(await journal.events({})).toMatchObject([{ seq: 1 }, { seq: 2, durable: false }]);
    expect(problems).toHaveLength(1);

    mkdirSync(join(dir, "not-there-yet"));
    await until(({ ok }) => ok);
    expect(journal.ok).toBe(true);
    expect(journal.problem).toBeNull();
    expect(await journal.crashes({})).toStrictEqual([crashReport({ durable: true })]);
    expect(await journal.events({})).toMatchObject([{ seq: 1 }, { seq: 2, durable: true }]);
    await journal.close();
    expect((await open()).plugins).toStrictEqual([pluginRow({ restarts: 2 })]);
  });

  it("because it is full: what was there stays readable, what comes is kept in memory until there is room", async () => {
    const { journal, until } = await open({ maxPages: 64, retryMs: 1 });
    let seq = 0;
    const more = () =>
      journal.append(range(1, 50).map(() => stateEvent((seq += 1), { why: "x".repeat(300) })));
    while (await more());
    expect(journal.problem).toContain("full");
    const report = crashReport({ stderrTail: ["x".repeat(40_000)] });
    expect(await journal.crash(report, [], pluginRow())).toBe(false);
    expect(await journal.crashes({})).toStrictEqual([report]);
    expect(seqs(await journal.events({ limit: 10_000 }))).toStrictEqual(range(1, seq));

    inspect((database) => database.exec("DELETE FROM events WHERE seq <= 200"));
    await until(({ ok }) => ok);
    expect(await journal.crashes({})).toStrictEqual([{ ...report, durable: true }]);
    expect(seqs(await journal.events({ limit: 10_000 }))).toStrictEqual(range(201, seq));
    expect(inspect((database) => database.prepare("PRAGMA integrity_check").get())).toMatchObject({
      integrity_check: "ok",
    });
  });

  it("keeps the newest hundred unsaved reports and says how much was lost", async () => {
    file = join(dir, "not-there-yet", "journal.db");
    const { journal, problems, until } = await open({ retryMs: 1 });
    for (const n of range(1, 105))
      await journal.crash(crashReport({ id: `min-${n}`, at: n }), [], pluginRow());
    expect(await journal.crashes({ limit: 1000 })).toHaveLength(100);
    mkdirSync(join(dir, "not-there-yet"));
    await until(({ ok }) => ok);
    expect(problems.at(-1)?.message).toContain("5 rows were lost");
    expect((await journal.crashes({ limit: 1000 })).at(-1)?.id).toBe("min-6");
  });

  it("because somebody deleted the file: a report goes into a new one, not into the void", async () => {
    const { journal } = await open();
    await journal.append([stateEvent(1)]);
    for (const name of readdirSync(dir)) rmSync(join(dir, name));
    expect(await journal.crash(crashReport(), [], pluginRow())).toBe(true);
    expect(inspect((database) => database.prepare("SELECT count(*) AS n FROM crashes").get())).toMatchObject({
      n: 1,
    });
  });

  it("in time: whoever waits for a crash is told that it is not durable yet", async () => {
    const { journal } = await open({ crashWaitMs: 20 });
    const slow = new DatabaseSync(file, { timeout: 5000 });
    slow.exec("BEGIN IMMEDIATE");
    expect(await journal.crash(crashReport(), [], pluginRow())).toBe(false);
    slow.close();
    expect(await journal.crashes({})).toStrictEqual([crashReport({ durable: true })]);
  });
});

it("the death of its thread costs neither the journal nor a report", async () => {
  const post = vi.spyOn(Worker.prototype, "postMessage");
  const { journal, until } = await open({ retryMs: 1 });
  await journal.append([stateEvent(1)]);
  const thread = post.mock.contexts.find((context) => context instanceof Worker);
  post.mockRestore();
  const durable = journal.crash(crashReport(), [stateEvent(2)], pluginRow());
  await thread?.terminate();
  await until(({ ok }) => !ok);
  await durable;
  await until(({ ok }) => ok);
  expect(await journal.crashes({})).toStrictEqual([crashReport({ durable: true })]);
  expect(seqs(await journal.events({}))).toStrictEqual([1, 2]);
});

it("closing writes what still waits, and afterwards nothing is taken", async () => {
  const { journal } = await open();
  const written = journal.append([stateEvent(1)]);
  await journal.close();
  expect(await written).toBe(true);
  expect(await journal.append([stateEvent(2)])).toBe(false);
  expect(await journal.crash(crashReport(), [], pluginRow())).toBe(false);
  expect(readdirSync(dir)).toStrictEqual(["journal.db"]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await open()).lastSeq).toBe(1);
});
