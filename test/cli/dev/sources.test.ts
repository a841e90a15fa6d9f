import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { watchSources } from "../../../src/cli/dev/sources.ts";

/** A script with one source beside it, and a way to let the watcher look `times` times. */
function watched(): {
  script: string;
  source: string;
  told: (readonly string[])[];
  look: (times: number) => Promise<void>;
} {
  const root = mkdtempSync(path.join(tmpdir(), "bulkhead-sources-"));
  const [script, source] = [path.join(root, "plugin.py"), path.join(root, "words.py")];
  writeFileSync(script, "#!/usr/bin/env python3\n");
  chmodSync(script, 0o755);
  writeFileSync(source, "x = 1\n");
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const told: (readonly string[])[] = [];
  const scriptNow = vi.fn<() => string>(() => script);
  const watch = watchSources(root, scriptNow, (files) => told.push(files));
  onTestFinished(() => {
    watch.close();
    vi.useRealTimers();
    rmSync(root, { recursive: true });
  });
  /** A look begins when the one before is over. */
  const look = async (times: number): Promise<void> => {
    const end = scriptNow.mock.calls.length + times + 1;
    while (scriptNow.mock.calls.length < end) {
      vi.advanceTimersByTime(1000);
      await setImmediate();
    }
  };
  return { script, source, told, look };
}

test("a source that changed is told", async () => {
  const { source, told, look } = watched();
  await look(2);
  writeFileSync(source, "x = 1234\n");
  await look(3);
  expect(told).toEqual([[source]]);
});

test("a script that is broken or away for a while does not make its sources changed", async () => {
  const { script, source, told, look } = watched();
  await look(2);
  writeFileSync(script, "half of it\n");
  await look(3);
  rmSync(script);
  await look(3);
  writeFileSync(script, "#!/usr/bin/env python3\n");
  await look(3);
  expect(told).toEqual([]);
  writeFileSync(source, "x = 1234\n");
  await look(3);
  expect(told).toEqual([[source]]);
});
