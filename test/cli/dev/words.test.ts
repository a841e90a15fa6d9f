import { describe, expect, test } from "vitest";
import type { Described } from "../../../protocol/caller.ts";
import type { CrashReport, EventBody, SessionState } from "../../../protocol/state.ts";
import {
  callWords,
  crashLines,
  nothingSeen,
  readyLine,
  replacedLine,
  step,
} from "../../../src/cli/dev/words.ts";
import type { News } from "../../../src/cli/dev/words.ts";

/** The news of a history, one event each 10 ms. */
function news(...bodies: EventBody[]): News[] {
  let seen = nothingSeen;
  return bodies.flatMap((body, index) => {
    const [next, told] = step(seen, { seq: index, at: index * 10, ...body });
    seen = next;
    return told;
  });
}

function session(generation: number, from: SessionState, to: SessionState, code?: number): EventBody {
  const exit = code === undefined ? {} : { exit: { code, signal: null, core: false } };
  return { type: "session.state", plugin: "p", generation, from, to, pid: 1, ...exit };
}

const started = (life: number): EventBody[] => [
  session(life, "spawning", "handshaking"),
  session(life, "handshaking", "ready"),
];

function crash(generation: number): EventBody {
  const rest = {
    report: `p-${generation}-x`,
    summary: "died",
    class: "transient",
    lostCalls: 0,
    durable: true,
  } as const;
  return { type: "session.crash", plugin: "p", generation, ...rest };
}

describe("what is told", () => {
  test("a life that is ready, with the time that it took", () => {
    expect(news(...started(1))).toEqual([{ kind: "ready", life: 1, ms: 10 }]);
  });

  test("a life that takes over, when the old one has left; its exit does not count as time to finish", () => {
    const left = [
      session(1, "ready", "draining"),
      session(1, "draining", "stopping"),
      session(1, "stopping", "gone", 0),
    ];
    expect(news(...started(1), ...started(2), ...left).slice(1)).toEqual([
      { kind: "ready", life: 2, ms: 10 },
      { kind: "replaced", life: 1, by: 2, drainedMs: 20 },
    ]);
  });

  test("a crash of a life that was leaving, as such and nothing else", () => {
    const left = [session(1, "ready", "draining"), session(1, "draining", "gone", 139), crash(1)];
    expect(news(...started(1), ...started(2), ...left).slice(2)).toEqual([
      { kind: "crash", report: "p-1-x", summary: "died", serving: 2, leaving: true },
    ]);
  });

  test("a new build that does not start, beside the one that serves", () => {
    const failed = [session(2, "spawning", "handshaking"), session(2, "handshaking", "gone", 1), crash(2)];
    expect(news(...started(1), ...failed).slice(1)).toEqual([
      { kind: "crash", report: "p-2-x", summary: "died", serving: 1, leaving: false },
    ]);
  });

  test("a crash of the one that serves, after which none does", () => {
    expect(news(...started(1), session(1, "ready", "gone", 1), crash(1)).slice(1)).toEqual([
      { kind: "crash", report: "p-1-x", summary: "died", serving: null, leaving: false },
    ]);
  });

  test("nothing of the end of it all", () => {
    const why = "stopped by the supervisor";
    const end: EventBody = { type: "plugin.state", plugin: "p", from: "serving", to: "stopped", why };
    expect(news(end, session(1, "ready", "draining"), session(1, "stopping", "gone", 0))).toEqual([]);
  });
});

const described: Described = {
  protocol: 1,
  plugin: { name: "greet", version: "0.1.0" },
  apis: [
    {
      name: "hello",
      version: "1.0.0",
      methods: [{ name: "greet", params: { type: "object", properties: { name: {} }, required: ["name"] } }],
    },
  ],
} as unknown as Described;

describe("its words", () => {
  test("of a life that is ready", () => {
    expect(readyLine("greet", 1, 12, described)).toBe("ready: greet 0.1.0, life 1, 12 ms: hello.greet");
    const many = Array.from({ length: 14 }, (_, n) => ({ name: `m${n}` }));
    const busy = { ...described, apis: [{ name: "a", version: "1.0.0", methods: many }] };
    expect(readyLine("greet", 1, 12, busy)).toMatch(/a\.m11, and 2 more$/);
  });

  test("of how to call it", () => {
    expect(callWords("greet", described)).toBe("call greet.greet name=…");
    expect(callWords("greet", { ...described, apis: [] })).toBeUndefined();
  });

  test("of a life that was replaced, honest about one that was cut off", () => {
    const replaced = { kind: "replaced", life: 1, by: 2, drainedMs: 40 } as const;
    expect(replacedLine(replaced, 5000)).toBe("rebuilt: life 2 serves, life 1 drained in 40ms");
    expect(replacedLine({ ...replaced, drainedMs: 5001 }, 5000)).toBe(
      "rebuilt: life 2 serves, life 1 was not done after 5s: its last calls are lost",
    );
  });

  const report = {
    generation: 2,
    summary: "panicked at src/main.rs:1:2: no",
    cause: { kind: "exit" },
    readyMs: 1500,
    lostCalls: [{ method: "hello.greet", settlement: "maybe_executed", ageMs: 5 }],
    lostCallCount: 2,
    decision: { action: "restart", delayMs: 500, attempt: 1, why: "" },
  } as unknown as CrashReport;

  test("of a crash", () => {
    expect(crashLines(report, { serving: null, leaving: false })).toEqual([
      "crashed: life 2, after 1s: panicked at src/main.rs:1:2: no",
      "lost: hello.greet, may have been executed",
      "and 1 call more",
      "next: again in 500ms",
    ]);
    expect(crashLines(report, { serving: 3, leaving: true })[0]).toBe(
      "life 2 crashed while it drained: panicked at src/main.rs:1:2: no; life 3 serves on",
    );
  });

  test("of a start that fails for good", () => {
    const failure = { code: "service_not_granted", message: "it needs host.storage" } as const;
    const failed = {
      ...report,
      readyMs: null,
      cause: { kind: "start_failure", failure },
      decision: { action: "give_up", code: failure.code, why: "" },
    } as const;
    expect(crashLines(failed, { serving: null, leaving: false })).toEqual([
      "does not start: it needs host.storage",
      "next: it is tried again when its file changes",
    ]);
    expect(crashLines(failed, { serving: 1, leaving: false })).toEqual([
      "the new build does not start: it needs host.storage; life 1 serves on",
    ]);
  });
});
