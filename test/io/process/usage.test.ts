import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { mostProcesses, processUsage } from "../../../src/io/process/usage.ts";

const family = fileURLToPath(new URL("../../fixtures/process/family.mjs", import.meta.url));
const MiB = 1024 * 1024;
const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-usage-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe.skipIf(process.platform !== "linux")("of a real process and two generations below it", () => {
  test("memory and CPU time are those of all three, and time stays when one has ended", async () => {
    const child = spawn(process.execPath, [family, "64", "200", "2"], { stdio: ["pipe", "pipe", "inherit"] });
    const root = { plugin: child.pid ?? 0 };
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("ready");

    const all = await processUsage(root);
    expect(all).toMatchObject({ count: 3 });
    expect(all?.memoryBytes).toBeGreaterThan(3 * 64 * MiB);
    expect(all?.memoryBytes).toBeLessThan(3 * (64 + 256) * MiB);
    // Each counts in steps of 10 ms.
    expect(all?.cpuMicros).toBeGreaterThan(3 * 180_000);

    // Seen as a guard, it has the two of them, and not itself.
    const below = await processUsage({ guard: root.plugin });
    expect(below).toMatchObject({ count: 2 });
    expect(below?.cpuMicros).toBeLessThanOrEqual((all?.cpuMicros ?? 0) - 180_000);

    child.stdin.write("end");
    expect((await lines.next()).value).toBe("ended");
    const left = await processUsage(root);
    expect(left).toMatchObject({ count: 2 });
    expect(left?.cpuMicros).toBeGreaterThanOrEqual(all?.cpuMicros ?? Infinity);

    child.stdin.end();
    await once(child, "exit");
    expect(await processUsage(root)).toBeNull();
  });
});

/** What the kernel would tell of processes that there are not. */
function fakeProc(
  processes: readonly { pid: number; parent: number; name?: string; state?: string; children?: number[] }[],
): string {
  const proc = mkdtempSync(path.join(directory, "proc-"));
  const listing = processes.some(({ children }) => children !== undefined);
  if (listing) {
    mkdirSync(path.join(proc, "thread-self"));
    writeFileSync(path.join(proc, "thread-self/children"), "");
  }
  for (const { pid, parent, name = "some", state = "S", children = [] } of processes) {
    const own = path.join(proc, String(pid));
    mkdirSync(path.join(own, `task/${pid}`), { recursive: true });
    if (listing)
      writeFileSync(path.join(own, `task/${pid}/children`), children.map((each) => `${each} `).join(""));
    // Fields 14 to 17 are times in hundredths of a second, 24 is pages.
    const times = "10 1 100 10";
    const stat = `${pid} (${name}) ${state} ${parent} 0 0 0 0 0 0 0 0 0 ${times} 0 0 1 0 0 0 5 0\n`;
    writeFileSync(path.join(own, "stat"), stat);
  }
  return proc;
}

describe("as the kernel tells it", () => {
  test("a name may have anything in it", async () => {
    const proc = fakeProc([{ pid: 5, parent: 1, name: "a) Z 7 (b" }]);
    expect(await processUsage({ plugin: 5 }, proc)).toEqual({
      count: 1,
      memoryBytes: 5 * 4096,
      cpuMicros: 1_210_000,
    });
  });

  test("a kernel that lists no children is asked for parents", async () => {
    const chain = [
      { pid: 5, parent: 1 },
      { pid: 6, parent: 5 },
      { pid: 7, parent: 6 },
      { pid: 8, parent: 1 },
    ];
    expect(await processUsage({ plugin: 5 }, fakeProc(chain))).toMatchObject({ count: 3 });
  });

  test("of a guard, only the time of what it waited for counts", async () => {
    const proc = fakeProc([
      { pid: 5, parent: 1 },
      { pid: 6, parent: 5 },
    ]);
    expect(await processUsage({ guard: 5 }, proc)).toMatchObject({ count: 1, cpuMicros: 2_310_000 });
  });

  test("what vanishes while it is looked at is left out", async () => {
    const proc = fakeProc([
      { pid: 5, parent: 1, children: [6, 7] },
      { pid: 7, parent: 5, children: [8] },
    ]);
    expect(await processUsage({ plugin: 5 }, proc)).toMatchObject({ count: 2 });
  });

  test("a zombie has used time, and takes no memory", async () => {
    const proc = fakeProc([
      { pid: 5, parent: 1, children: [6] },
      { pid: 6, parent: 5, state: "Z" },
    ]);
    expect(await processUsage({ plugin: 5 }, proc)).toEqual({
      count: 1,
      memoryBytes: 5 * 4096,
      cpuMicros: 2_420_000,
    });
  });

  test("no more than the bound is counted, however many there are", async () => {
    const many = Array.from({ length: mostProcesses + 200 }, (_, index) => ({ pid: 10 + index, parent: 5 }));
    const proc = fakeProc([{ pid: 5, parent: 1 }, ...many]);
    expect(await processUsage({ plugin: 5 }, proc)).toMatchObject({ count: mostProcesses });
    expect(await processUsage({ guard: 5 }, proc)).toMatchObject({ count: mostProcesses });
  });

  test("nothing is known without /proc, or of no process", async () => {
    expect(await processUsage({ plugin: 5 }, path.join(directory, "none"))).toBeNull();
    expect(await processUsage({ guard: 5 }, fakeProc([{ pid: 5, parent: 1 }]))).toBeNull();
  });
});
