import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { Journal } from "../../../src/io/journal/journal.ts";

const program = fileURLToPath(new URL("../../fixtures/journal/append.ts", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "journal-kill-"));
const file = join(dir, "journal.db");
const rounds = 20;

afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** Lets it write until it has acknowledged so many rows, kills it wherever it is by then, and returns all it said. */
async function writeAndKill(round: number, enough: number): Promise<string[]> {
  const child = spawn(process.execPath, [program, file, String(round)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === enough) child.kill("SIGKILL");
  }
  expect(await closed).toStrictEqual([null, "SIGKILL"]);
  return said;
}

it("kill -9 at any moment loses nothing that was acknowledged", { timeout: 120_000 }, async () => {
  const events: number[] = [];
  const crashes: string[] = [];
  let restarts = 0;
  for (let round = 1; round <= rounds; round += 1) {
    // From the very opening to well into the work.
    const enough = round === 1 ? 1 : Math.ceil(Math.random() * 400);
    for (const line of await writeAndKill(round, enough)) {
      const [what, name = "", count] = line.split(" ");
      if (what === "event") events.push(Number(name));
      if (what === "crash") crashes.push(name);
      if (what === "crash") restarts = Number(count);
    }
    const { journal, lastSeq, plugins } = await Journal.open({
      file,
      keepMs: 1e15,
      keepBytes: 1e9,
      onProblem: ({ message }) => expect.unreachable(message),
    });
    try {
      const stored = new Set((await journal.events({ limit: 1_000_000 })).map(({ seq }) => seq));
      expect(events.filter((seq) => !stored.has(seq))).toStrictEqual([]);
      expect(lastSeq).toBeGreaterThanOrEqual(events.at(-1) ?? 0);
      const reports = await journal.crashes({ limit: 1_000_000 });
      expect(reports.every(({ durable }) => durable)).toBe(true);
      const ids = new Set(reports.map(({ id }) => id));
      expect(crashes.filter((id) => !ids.has(id))).toStrictEqual([]);
      // The one after the last acknowledged one may have been written before the kill.
      expect(plugins[0]?.restarts ?? 0).toBeGreaterThanOrEqual(restarts);
    } finally {
      await journal.close();
    }
    const database = new DatabaseSync(file);
    expect(database.prepare("PRAGMA integrity_check").get()).toMatchObject({ integrity_check: "ok" });
    database.close();
  }
  expect(events.length + crashes.length).toBeGreaterThan(rounds);
});
