/** A process of its own: what is tested is how it ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canMount, DeadDisk } from "../helpers/dead-disk.ts";

const leave = JSON.stringify(new URL("../../src/cli/leave.ts", import.meta.url).href);
const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-leave-"));
let disk: DeadDisk | undefined;

beforeAll(async () => {
  if (canMount) disk = await DeadDisk.over(directory);
});
afterAll(async () => {
  await disk?.release();
  rmSync(directory, { recursive: true, force: true });
});

/** Status, or signal, of a program that looks at this file and then does what it is told. */
async function ends(file: string, then: string): Promise<[number | null, string | null]> {
  const program =
    `import { stat } from "node:fs/promises"; import { leave, leaveNow } from ${leave};` +
    `stat(${JSON.stringify(file)}).catch(() => undefined); ${then}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "inherit" });
  const [code, signal]: unknown[] = await once(child, "exit");
  return [code as number | null, signal as string | null];
}

describe.each([
  ["answers", "/", true],
  ["does not answer", directory, canMount],
])("a process that looks at a file system which %s", (_, file, isPossible) => {
  test.runIf(isPossible)("ends with its status when all is done", async () => {
    expect(await ends(path.join(file, "x"), "process.exitCode = 5; leave();")).toEqual([5, null]);
  });

  test.runIf(isPossible)("ends at once with its status when it is told to", async () => {
    const then = 'process.on("exit", leaveNow); setImmediate(() => process.exit(7));';
    expect(await ends(path.join(file, "x"), then)).toEqual([7, null]);
  });
});
