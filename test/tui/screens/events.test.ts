import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SupervisorEvent } from "../../../protocol/state.ts";
import { eventsScreen } from "../../../src/tui/screens/events.tsx";
import { eventsLines } from "../../../src/tui/screens/events/lines.ts";
import { hostileText, isHarmless, plain, shownWidth } from "../hostile.ts";
import { away, factsOf, happened, up } from "../samples.ts";
import { pressed, sceneAt } from "./samples.ts";

const { initial } = eventsScreen;

const crash = (seq: number, summary: string): SupervisorEvent =>
  happened(seq, {
    type: "session.crash",
    plugin: "chaos",
    generation: 1,
    report: "chaos-1-k3f9",
    summary,
    class: "transient",
    lostCalls: 1,
    durable: true,
  });

const started = happened(1, { type: "supervisor.started", version: "1.0.0", pid: 1 });
const long = crash(2, "panicked at chaos/src/api.rs:84:13: the hull is breached, and the pumps do not hold");
const sceneOf = (events: readonly SupervisorEvent[], columns = 80, rows = 21) =>
  sceneAt(factsOf(up, { type: "events", events }), columns, rows);

describe("the selected event", () => {
  test.each([
    ["80x24", 80, 21],
    ["60x15", 60, 12],
  ])("is there without a cut, in %s too", (_, columns, rows) => {
    const lines = eventsLines(initial, sceneOf([started, long], columns, rows)).map(plain);
    const below = lines.slice(lines.findIndex((line) => line.startsWith("──")) + 1).join(" ");
    expect(below).toContain("the hull is breached, and the pumps do not hold");
    expect(below).toContain("chaos-1-k3f9");
  });

  test("goes to the pager as JSON, and enter opens the report of a crash", () => {
    const scene = sceneOf([started, long]);
    expect(pressed(eventsScreen, initial, scene, "e").effects).toMatchObject([
      { do: "pager", text: expect.stringContaining('"type": "session.crash"') },
    ]);
    expect(pressed(eventsScreen, initial, scene, "enter").effects).toEqual([
      { do: "go", screen: "crashes", arg: { report: "chaos-1-k3f9" } },
    ]);
  });
});

test("a filter says how many of all it leaves", () => {
  const filter = { input: { text: "chaos", cursor: 5 }, isTyping: false };
  const [top = ""] = eventsLines({ ...initial, filter }, sceneOf([started, long]));
  expect(plain(top)).toMatch(/^\/ chaos +1 of 2$/);
});

test("nothing has happened, or nobody knows: the daemon is away", () => {
  expect(eventsLines(initial, sceneOf([])).map(plain)[1]).toBe("Nothing has happened yet.");
  expect(eventsLines(initial, sceneAt(factsOf(away))).map(plain)[1]).toContain("no event is known");
});

test("whatever plugins say, there are no more lines than rows, none is too wide, and none acts", () => {
  fc.assert(
    fc.property(
      fc.array(hostileText, { maxLength: 30 }),
      fc.integer({ min: 20, max: 220 }),
      fc.integer({ min: 2, max: 70 }),
      (texts, columns, rows) => {
        const scene = sceneOf(
          texts.map((text, at) => crash(at + 1, text)),
          columns,
          rows,
        );
        const lines = eventsLines(initial, scene);
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) {
          expect(shownWidth(line)).toBeLessThanOrEqual(columns);
          expect(isHarmless(line)).toBe(true);
        }
      },
    ),
  );
});
