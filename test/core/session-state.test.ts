import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newSession, sessionStep } from "../../src/core/session-state.ts";
import type { Session, SessionEffect, SessionEvent } from "../../src/core/session-state.ts";

function run(...events: SessionEvent[]): {
  session: Session;
  effects: SessionEffect[];
  last: readonly SessionEffect[];
} {
  let session = newSession;
  let last: readonly SessionEffect[] = [];
  const effects: SessionEffect[] = [];
  for (const event of events) {
    [session, last] = sessionStep(session, event);
    effects.push(...last);
  }
  return { session, effects, last };
}

const toReady: SessionEvent[] = [{ type: "spawned" }, { type: "initialized" }, { type: "activated" }];
const stop: SessionEvent = { type: "stop", by: "operator" };
const failed: SessionEvent = { type: "start_failed", failure: { code: "bad_description", message: "no" } };
const left = (clean: boolean): SessionEvent[] => [{ type: "exited", clean }, { type: "read_out" }];

const anyEvent: fc.Arbitrary<SessionEvent> = fc.constantFrom<SessionEvent[]>(
  { type: "spawned" },
  failed,
  { type: "initialized" },
  { type: "activated" },
  stop,
  { type: "drained" },
  { type: "hung", detail: "" },
  { type: "violation", reason: "bad_json", detail: "" },
  { type: "stream_ended", stream: "stdout" },
  { type: "timer", timer: "handshake" },
  { type: "timer", timer: "drain" },
  { type: "timer", timer: "closed" },
  { type: "timer", timer: "terminated" },
  { type: "timer", timer: "stream_end" },
  { type: "exited", clean: false },
  { type: "exited", clean: true },
  { type: "read_out" },
);

describe("any order of events", () => {
  test("ends at most once, and nothing happens after that", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        const { effects } = run(...events);
        const ends = effects.flatMap((effect, index) => (effect.type === "gone" ? [index] : []));
        expect(ends.length).toBeLessThanOrEqual(1);
        if (ends.length === 1) expect(ends[0]).toBe(effects.length - 1);
      }),
      { numRuns: 2000 },
    );
  });

  test("is ready only after both answers, and only once", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        let session = newSession;
        const seen: string[] = [];
        for (const event of events) {
          const [next, effects] = sessionStep(session, event);
          if (effects.some(({ type }) => type === "ready")) {
            expect(session.step).toBe("activate");
            expect(event.type).toBe("activated");
            seen.push("ready");
          }
          session = next;
        }
        expect(seen.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });

  test("always comes to an end when its timers fire and the kill works", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        let { session } = run({ type: "spawned" }, ...events, stop);
        for (const event of [
          { type: "timer", timer: "drain" },
          { type: "timer", timer: "closed" },
          { type: "timer", timer: "terminated" },
        ] as const) {
          [session] = sessionStep(session, event);
        }
        if (session.state !== "gone") expect(["killed", "exited"]).toContain(session.force);
        for (const event of left(false)) [session] = sessionStep(session, event);
        expect(session.state).toBe("gone");
      }),
    );
  });

  test("the first cause stays the cause", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        const { session } = run({ type: "spawned" }, failed, ...events, ...left(false));
        expect(session.cause).toEqual({
          kind: "start_failure",
          failure: { code: "bad_description", message: "no" },
        });
      }),
    );
  });
});

test("the way to ready: initialize, activate, nothing else sent", () => {
  const { session, effects } = run(...toReady);
  expect(session.state).toBe("ready");
  expect(effects.filter(({ type }) => type === "send")).toEqual([
    { type: "send", message: "initialize" },
    { type: "send", message: "activate" },
  ]);
});

test("the way out: shutdown, exit and a closed stdin, SIGTERM, SIGKILL", () => {
  const asked = run(...toReady, stop);
  expect(asked.last).toEqual([
    { type: "send", message: "shutdown" },
    { type: "set_timer", timer: "drain" },
  ]);
  const timers: SessionEvent[] = [
    { type: "timer", timer: "drain" },
    { type: "timer", timer: "closed" },
    { type: "timer", timer: "terminated" },
  ];
  const { effects } = run(...toReady, stop, ...timers);
  const acts = effects.map((effect) => (effect.type === "send" ? effect.message : effect.type));
  expect(acts.filter((act) => ["shutdown", "exit", "terminate", "kill"].includes(act))).toEqual([
    "shutdown",
    "exit",
    "terminate",
    "kill",
  ]);
  expect(acts.indexOf("close_stdin")).toBe(acts.indexOf("exit") + 1);
});

test("a crash while draining is a crash", () => {
  expect(run(...toReady, stop, ...left(false)).session.cause).toEqual({ kind: "exit" });
  expect(run(...toReady, stop, ...left(true)).session.cause).toEqual({ kind: "requested", by: "operator" });
});

test("a stop before the process exists is remembered until it does", () => {
  const { session, last } = run(stop, { type: "spawned" });
  expect(session.state).toBe("stopping");
  expect(last).toContainEqual({ type: "kill" });
});

test("a stop before the process exists stays the cause when there never is one", () => {
  const { session } = run(stop, failed);
  expect(session).toMatchObject({ state: "gone", cause: { kind: "requested" } });
});

test("an exit during the handshake names the answer that was awaited", () => {
  const { session } = run({ type: "spawned" }, { type: "initialized" }, ...left(true));
  expect(session.cause).toMatchObject({ kind: "start_failure", failure: { code: "exited_in_handshake" } });
  expect(JSON.stringify(session.cause)).toContain("activate");
});

test("a closed stdout waits a moment for the exit that explains it", () => {
  const closed = run(...toReady, { type: "stream_ended", stream: "stdout" });
  expect(closed.session.state).toBe("ready");
  expect(closed.last).toEqual([{ type: "set_timer", timer: "stream_end" }]);
  const { session } = run(
    ...toReady,
    { type: "stream_ended", stream: "stdout" },
    { type: "timer", timer: "stream_end" },
  );
  expect(session.cause).toMatchObject({ kind: "violation", reason: "stdout_closed" });
});
