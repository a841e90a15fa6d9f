/** Of one process with the usual number of threads for files, as a program has it that embeds the supervisor. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { noTrust } from "../../../protocol/config.ts";
import { findGuard, spawnProcess } from "../../../src/io/process/process.ts";
import type { ProcessSpec, SpawnResult } from "../../../src/io/process/plugin-process.ts";
import { fingerprint } from "../../../src/io/watch.ts";
import { canMount, DeadDisk } from "../../helpers/dead-disk.ts";

const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-dead-"));
const gone = path.join(directory, "gone");
mkdirSync(gone);
const script = path.join(gone, "plugin.sh");
writeFileSync(script, "#!/bin/sh\n");
chmodSync(script, 0o755);
let disk: DeadDisk | undefined;

afterEach(async () => disk?.release());
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function started(more: Partial<ProcessSpec>, ms = 50) {
  const signal = AbortSignal.timeout(ms);
  return spawnProcess({
    command: "/bin/true",
    args: [],
    cwd: "/",
    env: {},
    guard: findGuard(),
    signal,
    ...more,
  });
}

async function ends(result: SpawnResult): Promise<void> {
  if (!result.ok) throw new Error(result.failure.message);
  result.process.stdout.resume();
  expect(await result.process.exited).toMatchObject({ code: 0 });
}

const signature = { file: path.join(gone, "plugin.minisig"), keys: [] };

describe.skipIf(!canMount)("on a file system that does not answer", () => {
  test.each<[what: string, file: string, Partial<ProcessSpec>]>([
    ["an executable", script, { command: script }],
    ["a pinned executable", script, { command: script, sha256: "0".repeat(64) }],
    ["a working directory", gone, { cwd: gone }],
    ["a signature", signature.file, { trust: { ...noTrust, signature } }],
  ])("%s is named", async (_, file, spec) => {
    disk = await DeadDisk.over(gone);
    expect(await started(spec)).toMatchObject({
      ok: false,
      failure: { code: "file_unresponsive", detail: { file }, transient: true },
    });
  });

  test("starts that are tried again and again leave threads for everything else, other starts among it", async () => {
    disk = await DeadDisk.over(gone);
    const spec = { command: script, cwd: gone };
    const tried = await Promise.all(Array.from({ length: 20 }, () => started(spec)));
    expect(tried.filter(({ ok }) => ok)).toEqual([]);
    void fingerprint(script);
    expect((await stat("/")).isDirectory()).toBe(true);
    await ends(await started({ guard: undefined }, 10_000));
  });

  test("what comes back after all is closed again, and the next start succeeds", async () => {
    disk = await DeadDisk.over(gone);
    const state = fingerprint(script);
    expect(await started({ command: script })).toMatchObject({ ok: false });
    await disk.release();
    await state;
    const result = await started({ command: script, guard: undefined }, 10_000);
    await ends(result);
  });
});
