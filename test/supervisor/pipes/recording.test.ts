import { setImmediate } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { newProgress } from "../../../src/core/pipe-state.ts";
import { PipeTable } from "../../../src/io/journal/pipes.ts";
import { endedCall } from "../../../src/supervisor/call.ts";
import { Pipe } from "../../../src/supervisor/pipes/pipe.ts";
import type { PipeSurroundings } from "../../../src/supervisor/pipes/pipe.ts";

/** A pipe whose source has one item, and whose journal writes what it is given when it is told to. */
function slowJournal(): { pipe: Pipe; written: (() => void)[]; handed: unknown[] } {
  const written: (() => void)[] = [];
  const handed: unknown[] = [];
  const table = new PipeTable(
    () => new Promise((resolve) => written.push(() => resolve({ ok: true, value: true } as never))),
  );
  const around: PipeSurroundings = {
    table,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is used
    events: { tell: vi.fn<() => void>() } as unknown as PipeSurroundings["events"],
    pluginOf: (target) => target,
    absence: () => null,
    route: (target, params, { onItem }) => {
      if (target === "a/a.source")
        onItem?.({ seq: 0, value: Buffer.from('"x"'), cursor: Buffer.from('"1"') });
      else handed.push(JSON.parse(String(params)));
      return endedCall;
    },
  };
  const record = {
    id: "p",
    source: "a/a.source",
    sink: "b/b.sink",
    params: {},
    createdAt: 0,
    progress: newProgress,
  };
  return { pipe: new Pipe(record, around), written, handed };
}

test("an item is not handed over before its own record is written, though one of an earlier attempt is", async () => {
  const { pipe, written, handed } = slowJournal();
  pipe.dispatch({ type: "start" });
  await setImmediate();
  pipe.dispatch({ type: "pause" });
  pipe.dispatch({ type: "resume", skip: false });
  await setImmediate();
  // In the order of their writing: the first record, the pause, the resume, and the second record.
  expect(written).toHaveLength(4);
  for (const write of written.slice(0, 3)) write();
  await setImmediate();
  expect(handed).toEqual([]);
  written[3]?.();
  await setImmediate();
  expect(handed).toEqual([{ value: "x", cursor: "1", redelivered: false }]);
});
