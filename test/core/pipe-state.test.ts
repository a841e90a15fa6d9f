import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BulkheadError } from "../../protocol/error.ts";
import { failureOf } from "../../src/core/pipe-failure.ts";
import type { PipeProgress } from "../../protocol/pipe.ts";
import type { PipeFailure } from "../../src/core/pipe-failure.ts";
import { canSkip, newProgress, pipeOf, pipeStep, progressOf } from "../../src/core/pipe-state.ts";
import type { Pipe, PipeEffect, PipeEvent } from "../../src/core/pipe-state.ts";

import { simple, World } from "./pipe-state.world.ts";
import type { Action } from "./pipe-state.world.ts";

const item = (n: number): PipeEvent => ({ type: "item", item: { value: n, cursor: String(n) } });
const bare = (n: number): PipeEvent => ({ type: "item", item: { value: n, cursor: null } });
const failure = (kind: PipeFailure["kind"], sent: boolean, message = "no"): PipeFailure => ({
  kind,
  sent,
  code: "own_code",
  message,
});
const sinkFailed = (kind: PipeFailure["kind"], sent: boolean): PipeEvent => ({
  type: "sink_failed",
  failure: failure(kind, sent),
});
const sourceFailed = (kind: PipeFailure["kind"]): PipeEvent => ({
  type: "source_failed",
  failure: failure(kind, true),
});
const [start, recorded, accepted, retry, pause, close] = (
  ["start", "recorded", "accepted", "retry", "pause", "close"] as const
).map((type) => ({ type })) as [PipeEvent, PipeEvent, PipeEvent, PipeEvent, PipeEvent, PipeEvent];
const resume = (skip = false): PipeEvent => ({ type: "resume", skip });

/** The state after these events, and what each of them caused. */
function run(events: readonly PipeEvent[], progress: PipeProgress = newProgress) {
  let pipe: Pipe = pipeOf(progress);
  const effects: PipeEffect[][] = [];
  for (const event of events) {
    const [after, caused] = pipeStep(pipe, event);
    pipe = after;
    effects.push([...caused]);
  }
  const types = (effects.at(-1) ?? []).map(({ type }) => type);
  const handed = effects.flat().flatMap((effect) => (effect.type === "hand" ? [effect] : []));
  const rests = effects.flat().flatMap((effect) => (effect.type === "rest" ? [effect.delayMs] : []));
  return { pipe, effects, types, handed, rests };
}

const one = [start, item(1), recorded] as const;

describe("a pipe", () => {
  test("writes an item's cursor before it is handed over, and commits it when it is answered", () => {
    const asked = run([start, item(1)]);
    expect(asked.types).toEqual(["record"]);
    expect(progressOf(asked.pipe)).toMatchObject({ cursor: null, dispatched: "1" });
    expect(run(one).types).toEqual(["hand"]);
    const committed = run([...one, accepted]);
    expect(committed.types).toEqual(["save", "fetch"]);
    expect(progressOf(committed.pipe)).toMatchObject({ cursor: "1", dispatched: null, delivered: 1 });
  });

  test("has one item at the sink at a time", () => {
    const { handed } = run([...one, item(2), recorded, accepted, item(2), recorded]);
    expect(handed.map((each) => each.item.value)).toEqual([1, 2]);
  });

  test("is done with the source's answer", () => {
    const { pipe, types } = run([...one, accepted, { type: "ended" }]);
    expect([pipe.state, types]).toEqual(["done", ["save"]]);
  });

  test("goes on with an item that may have been delivered, and says so", () => {
    const { handed, pipe, effects } = run([...one, sinkFailed("away", true), retry, recorded, accepted]);
    expect(handed.map(({ redelivered }) => redelivered)).toEqual([false, true]);
    expect(pipe).toMatchObject({ delivered: 1, redelivered: 1 });
    expect(effects.flat()).toContainEqual({ type: "redelivered", cursor: "1" });
  });

  test("does not mark what was never sent, until it may have been", () => {
    const unsent = [sinkFailed("away", false), retry, recorded];
    expect(run([...one, ...unsent]).handed.map((each) => each.redelivered)).toEqual([false, false]);
    expect(progressOf(run([...one, sinkFailed("away", false)]).pipe).dispatched).toBeNull();
    const sent = [...one, sinkFailed("away", true), retry, recorded, ...unsent];
    const { handed, pipe } = run(sent);
    expect(handed.map((each) => each.redelivered)).toEqual([false, true, true]);
    expect([pipe.dispatched, pipe.redelivered]).toEqual(["1", 0]);
  });

  test("knows after a crash of the daemon which item may have been delivered", () => {
    const progress = { ...newProgress, cursor: "1", dispatched: "2" };
    const { effects, handed } = run([start, item(2), recorded, accepted, item(3), recorded], progress);
    expect(effects[0]).toEqual([{ type: "open", cursor: "1" }, { type: "fetch" }]);
    expect(handed.map(({ redelivered }) => redelivered)).toEqual([true, false]);
    // The source has something else there now.
    expect(run([start, item(9), recorded], progress).handed[0]?.redelivered).toBe(false);
  });

  test("opens the source again from the committed cursor", () => {
    const { pipe, effects } = run([...one, accepted, sourceFailed("away"), retry]);
    expect(pipe.state).toBe("running");
    expect(effects.at(-1)).toEqual([{ type: "open", cursor: "1" }, { type: "fetch" }]);
  });

  test("waits for an end that is away for ever, longer each time, and afresh after progress", () => {
    const again = [sinkFailed("away", true), retry, recorded];
    const many = Array.from({ length: 12 }, () => again).flat();
    const { rests, pipe } = run([...one, ...many, accepted, item(2), recorded, sinkFailed("away", true)]);
    expect(rests.slice(0, 3)).toEqual([100, 200, 400]);
    expect(Math.max(...rests)).toBe(30_000);
    expect(rests.at(-1)).toBe(100);
    expect(pipe.state).toBe("waiting");
  });

  test("tries other errors that may pass three times more", () => {
    const again = [sinkFailed("again", true), retry, recorded];
    expect(run([...one, ...again, ...again, ...again]).pipe.state).toBe("running");
    const { pipe } = run([...one, ...again, ...again, ...again, sinkFailed("again", true)]);
    expect([pipe.state, pipe.error?.end]).toEqual(["failed", "sink"]);
  });

  test("fails at the first refusal of the sink, and tries the same item when resumed", () => {
    const failed = run([...one, accepted, item(2), recorded, sinkFailed("refused", true)]);
    expect(failed.types).toEqual(["leave", "save"]);
    expect(failed.pipe).toMatchObject({
      state: "failed",
      cursor: "1",
      error: { end: "sink", code: "own_code", message: "no", cursor: "2" },
    });
    const resumed = run([resume(), item(2), recorded], progressOf(failed.pipe));
    expect(resumed.effects[0]).toContainEqual({ type: "open", cursor: "1" });
    // It has seen it.
    expect(resumed.handed[0]?.redelivered).toBe(true);
    expect(resumed.pipe.error).toBeNull();
  });

  test("leaves the refused item out when it is told to, also after a restart", () => {
    const failed = run([...one, accepted, item(2), recorded, sinkFailed("refused", true)]).pipe;
    for (const begun of [failed, pipeOf(progressOf(failed))]) {
      expect(canSkip(begun)).toBe(true);
      const [after, effects] = pipeStep(begun, resume(true));
      expect(effects).toContainEqual({ type: "open", cursor: "2" });
      expect(progressOf(after)).toMatchObject({ cursor: "2", dispatched: null, delivered: 1, error: null });
    }
  });

  test("leaves an item out whose sink does not come back, and keeps the stream", () => {
    const waiting = run([...one, sinkFailed("away", true)]).pipe;
    expect(canSkip(waiting)).toBe(true);
    const [after, effects] = pipeStep(waiting, resume(true));
    expect(effects.map(({ type }) => type)).toEqual(["save", "fetch"]);
    expect(after.cursor).toBe("1");
  });

  test("has nothing to leave out where nothing is in its way", () => {
    for (const events of [[start], [start, pause], [start, sourceFailed("away")], [...one], [...one, pause]])
      expect(canSkip(run(events).pipe)).toBe(false);
  });

  test("fails when the source refuses several times without progress between", () => {
    const again = [sourceFailed("refused"), retry];
    const progress = [item(1), recorded, accepted];
    expect(run([start, ...again, ...again, ...progress, ...again, ...again, ...again]).pipe.state).toBe(
      "running",
    );
    const { pipe } = run([start, ...again, ...again, ...again, sourceFailed("refused")]);
    expect(pipe).toMatchObject({ state: "failed", error: { end: "source", cursor: null } });
  });

  test("leaves the source when it is paused, and settles what the sink has", () => {
    const paused = run([...one, pause]);
    expect(paused.types).toEqual(["leave", "save"]);
    expect(run([...one, pause, accepted]).pipe).toMatchObject({
      state: "paused",
      activity: "none",
      cursor: "1",
    });
    const resumed = run([...one, pause, accepted, resume()]);
    expect(resumed.types).toEqual(["save", "open", "fetch"]);
    // Before it was handed over, it does not count as delivered.
    expect(run([start, item(1), pause, recorded]).pipe).toMatchObject({ activity: "none", dispatched: null });
  });

  test("begins nothing any more when the daemon stops, and is what it was when that is there again", () => {
    const { pipe, types } = run([...one, close, accepted]);
    expect(types).toEqual(["save"]);
    expect(progressOf(pipe)).toMatchObject({ state: "running", cursor: "1", dispatched: null });
    expect(run([start], progressOf(pipe)).types).toEqual(["open", "fetch"]);
    const paused = progressOf(run([start, pause, close]).pipe);
    expect(run([start], paused).types).toEqual([]);
  });

  test("waits when the journal can not be written: what is not recorded is not handed over", () => {
    const { pipe, types } = run([start, item(1), { type: "record_failed", message: "disk full" }]);
    expect(types).toEqual(["save", "rest"]);
    expect(pipe).toMatchObject({ state: "waiting", dispatched: null });
    expect(run([start, item(1), { type: "record_failed", message: "" }, retry, recorded]).types).toEqual([
      "hand",
    ]);
  });

  test("says that items without cursors do not outlive the daemon, and keeps the one that is in its way", () => {
    const handed = run([start, bare(1)]);
    expect([handed.types, handed.pipe.durable]).toEqual([["hand"], false]);
    const failed = run([start, bare(1), sinkFailed("refused", true)]).pipe;
    expect(pipeStep(failed, resume())[1]).toContainEqual({
      type: "hand",
      item: { value: 1, cursor: null },
      redelivered: true,
    });
    expect(pipeStep(failed, resume(true))[1].map(({ type }) => type)).toEqual(["save", "open", "fetch"]);
  });
});

describe("what a failed call means", () => {
  test.each([
    [BulkheadError.of("plugin_crashed", "", { settlement: "maybe_executed" }), "away", true],
    [BulkheadError.of("plugin_unavailable", ""), "away", false],
    [BulkheadError.of("plugin_busy", ""), "away", false],
    [BulkheadError.of("timeout", "", { settlement: "maybe_executed" }), "again", true],
    [BulkheadError.of("too_large", ""), "refused", false],
    [BulkheadError.of("plugin_error", "", { settlement: "answered" }), "refused", true],
    [BulkheadError.from({ code: 7, message: "", data: { code: "own" } }), "refused", true],
    // A plugin can not pass for the supervisor.
    [BulkheadError.from({ code: 7, message: "", data: { settlement: "not_sent" } }), "refused", true],
    [BulkheadError.from({ code: 7, message: "", data: { code: "plugin_crashed" } }), "refused", true],
  ])("%#", (error, kind, sent) => {
    expect(failureOf(error)).toMatchObject({ kind, sent });
  });
});

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom<Action>(
      { type: "source" },
      { type: "disk" },
      { type: "sink answers" },
      { type: "retry" },
      { type: "resume" },
    ),
  },
  { weight: 12, arbitrary: fc.constantFrom(...simple).map((type): Action => ({ type })) },
  { weight: 1, arbitrary: fc.nat({ max: 4 }).map((written): Action => ({ type: "daemon dies", written })) },
);

describe("whoever dies, and whenever", () => {
  test("nothing is missing, everything is in order, and what comes twice is marked the second time", () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 200, size: "max" }),
        fc.integer({ min: 1, max: 12 }),
        (actions, length) => {
          const world = new World(length);
          for (const each of actions) world.act(each);
          // From here on all is well.
          const isDone = (): boolean => world.state === "done";
          for (let n = 0; !isDone() && n < 1000; n++)
            for (const type of ["retry", "resume", "source", "disk", "sink answers"] as const)
              if (!isDone()) world.act({ type });
          expect(world.state).toBe("done");
          const seen = new Set<number>();
          for (const { n, redelivered } of world.kept) {
            // The next new one, or the last one again.
            if (seen.has(n)) expect([n, redelivered]).toEqual([seen.size, true]);
            else expect(n).toBe(seen.size + 1);
            seen.add(n);
          }
          expect(seen.size).toBe(length);
          expect(world.pipe).toMatchObject({ cursor: String(length), dispatched: null });
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("without a crash, no item is marked and each comes once", () => {
    const kinds = [
      "source",
      "disk",
      "sink gets it",
      "sink answers",
      "sink is away",
      "retry",
      "pause",
      "resume",
    ];
    const calm = fc.constantFrom(...kinds).map((type) => ({ type }) as Action);
    fc.assert(
      fc.property(fc.array(calm, { maxLength: 200, size: "max" }), (actions) => {
        const world = new World(20);
        for (const each of actions) world.act(each);
        expect(world.kept.map(({ n }) => n)).toEqual(world.kept.map((_, index) => index + 1));
        expect(world.kept.some(({ redelivered }) => redelivered)).toBe(false);
        expect(world.redeliveries).toEqual([]);
      }),
    );
  });
});
