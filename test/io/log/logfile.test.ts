import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LogLine } from "../../../protocol/state.ts";
import { formatLine, parseLine } from "../../../src/io/log/format.ts";
import { readLog } from "../../../src/io/log/read.ts";
import type { LogQuery } from "../../../src/io/log/read.ts";
import { PluginLog } from "../../../src/io/log/logfile.ts";
import type { PluginLogOptions } from "../../../src/io/log/logfile.ts";

const start = Date.parse("2026-11-20T08:30:00.123Z");

let dir: string;
let now: number;
const open: PluginLog[] = [];

beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), "logs-")), "logs");
  now = start;
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((log) => log.close()));
  rmSync(join(dir, ".."), { recursive: true, force: true });
});

function pluginLog(options: Partial<PluginLogOptions> = {}): PluginLog {
  const log = new PluginLog({
    dir,
    plugin: "min",
    maxBytes: 1024 * 1024,
    files: 3,
    lineBytes: 64 * 1024,
    now: () => now,
    ...options,
  });
  open.push(log);
  return log;
}

const texts = (lines: readonly LogLine[]) => lines.map(({ text }) => text);
const stored = () => readFileSync(join(dir, "min.log"), "utf8");

describe("lines", () => {
  it("stand in a file that a person can read, between the borders of their life", async () => {
    const log = pluginLog();
    log.begin(7, 123);
    log.write(7, Buffer.from('hello\r\n{"level":"warn","msg":"nearly full","free":3}\n'));
    log.note(7, "stray output on stdout: x");
    log.end(7, "killed by SIGSEGV");
    await log.close();
    expect(stored()).toBe(
      [
        "2026-11-20T08:30:00.123Z 7 = ──── life 7 · pid 123 · started 2026-11-20T08:30:00.123Z ────",
        "2026-11-20T08:30:00.123Z 7 - hello",
        '2026-11-20T08:30:00.123Z 7 warn nearly full {"free":3}',
        "2026-11-20T08:30:00.123Z 7 note stray output on stdout: x",
        "2026-11-20T08:30:00.123Z 7 = ──── life 7 ended · killed by SIGSEGV ────",
        "",
      ].join("\n"),
    );
  });

  it("come back from the file as the follower saw them", async () => {
    const seen: LogLine[] = [];
    const log = pluginLog({ onLine: (line) => seen.push(line) });
    log.begin(1, 123);
    log.write(1, Buffer.from("größer \u001b[31mred\u001b[0m\rover\u0000\n\n = - x\n"));
    now += 5;
    log.write(1, Buffer.from('{"level":50,"msg":"two\\nlines","time":1}\nno end'));
    log.end(1, "exit 0");
    expect(await log.read({})).toStrictEqual(seen);
    expect(texts(seen).slice(1, -1)).toStrictEqual([
      "größer \u001b[31mred\u001b[0m\rover\u0000",
      "",
      " = - x",
      "two",
      "lines",
      "no end",
    ]);
    expect(seen.map(({ level }) => level)).toContain("error");
  });

  it("that look like JSON but say nothing of a level are text", async () => {
    const log = pluginLog();
    const odd = [
      '{"level":"warn"}',
      '{"level":"no such thing","msg":"x"}',
      '{"level":"warn","msg":',
      '{"level":1,"msg":"x"}',
    ];
    log.write(1, Buffer.from(`${odd.join("\n")}\n`));
    expect((await log.read({})).map(({ text, level }) => [text, level])).toStrictEqual(
      odd.map((text) => [text, undefined]),
    );
  });

  it("survive being cut anywhere, byte by byte", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" })),
        fc.integer({ min: 1, max: 7 }),
        (lines, step) => {
          const whole = lines.map((line) => line.replaceAll(/[\r\n]/g, ""));
          const seen: string[] = [];
          const log = pluginLog({
            dir: undefined,
            onLine: ({ kind, text }) => kind === "line" && seen.push(text),
          });
          const bytes = Buffer.from(whole.map((line) => `${line}\n`).join(""));
          for (let at = 0; at < bytes.length; at += step) log.write(1, bytes.subarray(at, at + step));
          expect(seen).toStrictEqual(whole);
        },
      ),
    );
  });

  it("of any content are parsed as they were formatted", () => {
    const line = fc.record(
      {
        plugin: fc.constant("min"),
        generation: fc.nat(),
        at: fc.integer({ min: 0, max: 4e12 }),
        kind: fc.constantFrom("line" as const, "border" as const),
        text: fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", "")),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(line, (value) => {
        expect(parseLine("min", formatLine(value))).toStrictEqual(value);
      }),
    );
  });

  it("longer than the bound are cut between two characters, and say so", () => {
    const log = pluginLog({ dir: undefined, lineBytes: 10 });
    log.write(1, Buffer.from("ääää"));
    log.write(1, Buffer.from("ääää\nshort\n0123456789\n"));
    log.write(1, Buffer.from(`x${"ä".repeat(50)}\nunfinished line`));
    expect(log.tail(1, 10)).toStrictEqual([
      "äääää … [6 bytes cut]",
      "short",
      "0123456789",
      "xääää … [91 bytes cut]",
      "unfinished … [5 bytes cut]",
    ]);
  });

  it("of invalid UTF-8 are kept with replacement characters", () => {
    const log = pluginLog({ dir: undefined });
    log.write(1, Buffer.from([0x61, 0xff, 0xc3, 0x0a]));
    expect(log.tail(1, 1)).toStrictEqual(["a\uFFFD\uFFFD"]);
  });
});

describe("the tail in memory", () => {
  it("is of one life, bounded, and has the line that did not end", () => {
    const log = pluginLog({ dir: undefined });
    log.begin(1, 10);
    log.write(1, Buffer.from("old\n"));
    log.begin(2, 11);
    log.write(2, Buffer.from(Array.from({ length: 300 }, (_, n) => `line ${n}\n`).join("")));
    log.write(2, Buffer.from("thread 'main' panicked"));
    expect(log.tail(2, 2)).toStrictEqual(["line 299", "thread 'main' panicked"]);
    expect(log.tail(2, 1000)).toHaveLength(201);
    expect(log.tail(1, 10)).toStrictEqual(["old"]);
    expect(log.tail(9, 10)).toStrictEqual([]);
    log.end(2, "exit 101");
    expect(log.tail(2, 1)).toStrictEqual(["thread 'main' panicked"]);
  });

  it("is bounded in bytes as well", () => {
    const log = pluginLog({ dir: undefined });
    log.write(1, Buffer.from(`${"x".repeat(60_000)}\n`.repeat(50)));
    expect(log.tail(1, 1000)).toHaveLength(4);
  });

  it("of a number that is used again does not show the earlier life", () => {
    const log = pluginLog({ dir: undefined });
    log.begin(1, 10);
    log.write(1, Buffer.from("before\n"));
    log.begin(1, 11);
    expect(log.tail(1, 10)).toStrictEqual([]);
  });

  it("stands in for the files where there is no directory", async () => {
    const log = pluginLog({ dir: undefined });
    for (const generation of [1, 2]) {
      log.begin(generation, 10);
      log.write(generation, Buffer.from(`in ${generation}\n`));
    }
    expect(texts(await log.read({ previous: 1 }))).toContain("in 1");
    expect(texts(await log.read({ lines: 1 }))).toStrictEqual(["in 2"]);
  });
});

describe("files", () => {
  it("are rotated at their size, and no more of them are kept than were asked for", async () => {
    const log = pluginLog({ maxBytes: 1000, files: 3 });
    log.begin(1, 10);
    for (let n = 0; n < 200; n += 1) log.write(1, Buffer.from(`line ${n}\n`));
    await log.close();
    expect(readdirSync(dir).sort()).toStrictEqual(["min.log", "min.log.1", "min.log.2"]);
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(1000);
    const lines = texts(await readLog(dir, "min"));
    expect(lines.at(-1)).toBe("line 199");
    expect(lines.length).toBeGreaterThan(40);
    expect(lines).toStrictEqual(lines.map((_, index) => `line ${200 - lines.length + index}`));
    expect(texts(await readLog(dir, "min", { lines: 2 }))).toStrictEqual(["line 198", "line 199"]);
  });

  it("take a line that is larger than a file", async () => {
    const log = pluginLog({ maxBytes: 100, files: 1 });
    log.write(1, Buffer.from(`${"x".repeat(500)}\nlast\n`));
    await log.close();
    expect(readdirSync(dir)).toStrictEqual(["min.log"]);
    expect(texts(await readLog(dir, "min"))).toStrictEqual(["last"]);
  });

  it("are continued after a restart, also within a line that a kill tore", async () => {
    const before = pluginLog();
    before.begin(1, 10);
    await before.close();
    writeFileSync(join(dir, "min.log"), `${stored()}2026-11-20T08:30:00.1`);
    const log = pluginLog();
    log.begin(2, 11);
    expect((await log.read({})).map(({ generation }) => generation)).toStrictEqual([1, 2]);
  });

  it("may be read while they are rotated", async () => {
    const log = pluginLog({ maxBytes: 2000, files: 3 });
    const readings: Promise<LogLine[]>[] = [];
    for (let n = 0; n < 2000; n += 1) {
      log.write(1, Buffer.from(`${n}\n`));
      if (n % 50 === 0) {
        readings.push(readLog(dir, "min"));
        await new Promise(setImmediate);
      }
    }
    for (const lines of await Promise.all(readings)) {
      const numbers = texts(lines).map(Number);
      expect(numbers).toStrictEqual([...new Set(numbers)].sort((a, b) => a - b));
    }
  });

  it("tell the current life from the one before, whatever their numbers", async () => {
    const log = pluginLog();
    for (const [generation, text] of [
      [8, "first"],
      [1, "second"],
      [1, "third"],
    ] as const) {
      log.begin(generation, 10);
      log.write(generation, Buffer.from(`${text}\n`));
      log.end(generation, "exit 0");
    }
    const life = async (previous: number) => texts(await log.read({ previous })).slice(1, -1);
    expect(await life(0)).toStrictEqual(["third"]);
    expect(await life(1)).toStrictEqual(["second"]);
    expect(await life(2)).toStrictEqual(["first"]);
    expect(await life(3)).toStrictEqual([]);
    expect(await readLog(dir, "nobody")).toStrictEqual([]);
    expect(await readLog(dir, "min", { lines: 0 })).toStrictEqual([]);
  });

  it("keep two lives apart that overlap in a reload", async () => {
    const log = pluginLog();
    log.begin(1, 10);
    log.begin(2, 11);
    log.write(1, Buffer.from("half of "));
    log.write(2, Buffer.from("of two\n"));
    log.write(1, Buffer.from("one\n"));
    expect(texts(await log.read({ previous: 0 })).slice(1)).toStrictEqual(["of two"]);
    expect(texts(await log.read({ previous: 1 })).slice(1)).toStrictEqual(["half of one"]);
  });
});

const time = "2026-11-20T08:30:00.123Z";
const begins = (life: number) => `${time} ${life} = ──── life ${life} · pid 1 · started ${time} ────`;
const ends = (life: number) => `${time} ${life} = ──── life ${life} ended · never ran ────`;
const store = (...lines: string[]) => {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "min.log"), lines.map((line) => `${line}\n`).join(""));
};
const life = async (previous: number) => texts(await readLog(dir, "min", { previous }));

/** Counted by the kernel for this process, which reads nothing else meanwhile (proc_pid_io(5)). */
async function bytesRead(query: LogQuery): Promise<number> {
  const before = readSoFar();
  await readLog(dir, "min", query);
  return readSoFar() - before;
}

const readSoFar = () => Number(/^rchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);

describe("reading back", () => {
  it("is whole wherever the blocks begin", async () => {
    const line = fc.record({
      repeat: fc.integer({ min: 0, max: 150_000 }),
      char: fc.constantFrom("x", "ä", "🙂"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (shapes) => {
        const written = shapes.map(({ repeat, char }) => char.repeat(repeat));
        store(...written.map((text) => `${time} 1 - ${text}`));
        expect(texts(await readLog(dir, "min"))).toStrictEqual(written);
      }),
      { numRuns: 30 },
    );
  });

  it("gives at most 8 MiB, and the newest lines are in it", async () => {
    store(...Array.from({ length: 100 }, (_, n) => `${time} 1 - ${n} ${"x".repeat(200_000)}`));
    for (const query of [{}, { previous: 0 }]) {
      const lines = texts(await readLog(dir, "min", query));
      const bytes = lines.reduce((sum, text) => sum + text.length, 0);
      expect(bytes).toBeGreaterThan(8 * 1024 ** 2 - 400_000);
      expect(bytes).toBeLessThanOrEqual(8 * 1024 ** 2);
      expect(lines.map((text) => Number.parseInt(text, 10))).toStrictEqual(
        lines.map((_, index) => 100 - lines.length + index),
      );
    }
  });

  it("ends at a line that is longer than any answer", async () => {
    store(`${time} 1 - before`, `${time} 1 - ${"x".repeat(9 * 1024 ** 2)}`, `${time} 1 - after`);
    expect(texts(await readLog(dir, "min"))).toStrictEqual(["after"]);
  });

  it("gives at most 100,000 lines", async () => {
    store(...Array.from({ length: 100_010 }, (_, n) => `${time} 1 - ${n}`));
    const lines = texts(await readLog(dir, "min"));
    expect([lines.length, lines[0], lines.at(-1)]).toStrictEqual([100_000, "10", "100009"]);
  });

  it.runIf(process.platform === "linux")(
    "reads no further than to the lines or the life that is asked for",
    async () => {
      const old = Array.from({ length: 100_000 }, (_, n) => `${time} 1 - ${n} ${"x".repeat(100)}`);
      store(begins(1), ...old, begins(2), `${time} 2 - new`);
      expect(await bytesRead({ lines: 2 })).toBeLessThan(1024 ** 2);
      expect(await bytesRead({ previous: 0 })).toBeLessThan(1024 ** 2);
      expect(await bytesRead({ previous: 1 })).toBeGreaterThan(10 * 1024 ** 2);
    },
  );

  it("counts lives that never ran, and those whose beginning is kept no longer", async () => {
    store(`${time} 3 - rest`, ends(3), begins(4), `${time} 4 - ran`, ends(4), ends(5), ends(6));
    expect(await life(0)).toStrictEqual([expect.stringContaining("life 6 ended")]);
    expect(await life(1)).toStrictEqual([expect.stringContaining("life 5 ended")]);
    expect((await life(2))[1]).toBe("ran");
    expect((await life(3))[0]).toBe("rest");
    expect(await life(4)).toStrictEqual([]);
  });

  it("does not take the end of an earlier life for a later one", async () => {
    store(begins(4), begins(5), `${time} 5 - new`, `${time} 4 - old`, ends(4));
    expect((await life(0)).slice(1)).toStrictEqual(["new"]);
    expect((await life(1)).slice(1, -1)).toStrictEqual(["old"]);
  });

  it("passes over what is no file", async () => {
    mkdirSync(dir);
    execFileSync("mkfifo", [join(dir, "min.log")]);
    writeFileSync(join(dir, "min.log.1"), `${time} 1 - older\n`);
    expect(texts(await readLog(dir, "min"))).toStrictEqual(["older"]);
  });
});

const problemsOf = () => {
  const problems: string[] = [];
  const log = pluginLog({ onProblem: ({ message, ok }) => problems.push(`${ok} ${message}`) });
  return { log, problems };
};

describe("trouble", () => {
  it("a directory that is removed meanwhile is made again for the next life, and that is told once", async () => {
    const { log, problems } = problemsOf();
    log.begin(1, 10);
    await log.read({});
    rmSync(dir, { recursive: true });
    log.begin(2, 11);
    log.write(2, Buffer.from("heard\n"));
    expect(texts(await log.read({})).at(-1)).toBe("heard");
    expect(problems).toStrictEqual([
      expect.stringMatching(/^false log of min: it was removed or moved/),
      "true log of min: it is written again",
    ]);
  });

  it("a file that is removed or moved during a life is begun again after some seconds", async () => {
    const { log, problems } = problemsOf();
    log.begin(1, 10);
    await log.read({});
    unlinkSync(join(dir, "min.log"));
    for (const text of ["a\n", "b\n", "c\n"]) {
      now += 2000;
      log.write(1, Buffer.from(text));
      await log.read({});
    }
    expect(texts(await readLog(dir, "min"))).toStrictEqual(["b", "c"]);
    expect(problems).toHaveLength(2);
    renameSync(join(dir, "min.log"), join(dir, "elsewhere"));
    now += 5000;
    log.write(1, Buffer.from("d\n"));
    expect(texts(await log.read({}))).toStrictEqual(["d"]);
  });

  it("a flood is cut off at the buffer's bound, and how much is written in its place", async () => {
    const log = pluginLog({ maxBytes: 100 * 1024 * 1024 });
    const line = Buffer.from(`${"x".repeat(1000)}\n`);
    for (let n = 0; n < 10_000; n += 1) log.write(1, line);
    const lines = await log.read({});
    const dropped = Number(/^(\d+) lines dropped$/.exec(lines.at(-1)?.text ?? "")?.[1]);
    expect(dropped).toBeGreaterThan(5000);
    expect(lines.length - 1 + dropped).toBe(10_000);
    log.write(1, Buffer.from("after\n"));
    expect(texts(await log.read({ lines: 1 }))).toStrictEqual(["after"]);
  });

  it("a full disk is reported once, memory goes on, and so does the file when there is room again", async () => {
    const problems: string[] = [];
    mkdirSync(dir);
    symlinkSync("/dev/full", join(dir, "min.log"));
    const log = pluginLog({ onProblem: ({ message, ok }) => problems.push(`${ok} ${message}`) });
    for (const text of ["a\n", "b\n", "c\n"]) {
      log.write(1, Buffer.from(text));
      await log.read({});
      now += 2000;
    }
    expect(problems).toStrictEqual([expect.stringMatching(/^false log of min: ENOSPC/)]);
    expect(log.tail(1, 5)).toStrictEqual(["a", "b", "c"]);

    unlinkSync(join(dir, "min.log"));
    log.write(1, Buffer.from("d\n"));
    expect(texts(await log.read({}))).toStrictEqual(["4 lines dropped"]);
    log.write(1, Buffer.from("e\n"));
    expect(texts(await log.read({}))).toStrictEqual(["4 lines dropped", "e"]);
    expect(problems[1]).toMatch(/^true/);
  });
});
