import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { BulkheadError } from "../../protocol/error.ts";
import { commandLine, headerLine, hintLine } from "../../src/tui/frame-lines.ts";
import { screenIds } from "../../src/tui/screen.ts";
import { initialState, update } from "../../src/tui/state.ts";
import type { AppState } from "../../src/tui/state.ts";
import type { News } from "../../src/tui/facts.ts";
import { hostileText, isHarmless, plain, shownWidth } from "./hostile.ts";
import { away, factsOf, now, pluginStatus, readOnly, serving, up } from "./samples.ts";

vi.mock("../../src/tui/screens.ts", () => import("./fake-screens.ts"));

const at = (columns: number, ...news: readonly News[]): AppState =>
  initialState({ columns, rows: 24 }, factsOf(...news));
const trouble: News = {
  type: "plugins",
  plugins: [pluginStatus("min"), pluginStatus("chaos", { state: "failed" })],
};

const header = (state: AppState): string => plain(headerLine(state));
const command = (state: AppState): string => plain(commandLine(state));
const hints = (state: AppState): string => plain(hintLine(state));

describe("the header", () => {
  test("has all screens, and how the daemon is", () => {
    expect(header(at(100, up, serving("min", "chaos")))).toMatch(
      /^ 1 plugins {2}2 plugin .* 6 events .*● 2 serving$/,
    );
    expect(header(at(100, up, trouble))).toMatch(/● 1 serving, 1 in trouble$/);
    expect(header(at(100, away))).toMatch(/daemon away for 12\S*$/);
    expect(header(at(100))).toMatch(/connecting…$/);
  });

  test.each([40, 60, 80])(
    "in %i columns, has every screen by its number and the shown one by its name",
    (columns) => {
      for (const news of [[up, trouble], [away]]) {
        const state = { ...at(columns, ...news), screen: "events" as const };
        for (const [index] of screenIds.entries()) expect(header(state)).toContain(` ${index + 1} `);
        expect(header(state)).toContain(" 6 events ");
        expect(header(state)).toMatch(/● 1 |away/);
      }
    },
  );
});

describe("the header of a read-only connection", () => {
  test("says so, whether the daemon is there or away", () => {
    expect(header(at(100, readOnly, up, serving("min")))).toMatch(/ read-only ● 1 serving$/);
    expect(header(at(100, readOnly, away))).toMatch(/ read-only daemon away for 12\S*$/);
    expect(header(at(100, up, serving("min")))).not.toContain("read-only");
  });

  test.each([40, 60, 80])("says so in %i columns, with every screen by its number", (columns) => {
    for (const news of [[up, trouble], [away]]) {
      const shown = header(at(columns, readOnly, ...news));
      expect(shown).toContain("read-only");
      for (const [index] of screenIds.entries()) expect(shown).toContain(` ${index + 1} `);
    }
  });

  test("has only keys that look among the hints", () => {
    expect(hints(at(120, readOnly, up))).not.toContain("change it");
  });
});

describe("the line below the screen", () => {
  test("is the command that does the same", () => {
    expect(command(at(80, up))).toBe("$ bulkhead show plugins");
  });

  test("is a notice for a while", () => {
    const { state } = update(at(80, up), { type: "notice", tone: "bad", text: "refused\u001B[2J" });
    expect(command(state)).toBe(String.raw`refused\u{1b}[2J`);
  });

  test("says that the daemon is away, when it is tried again, and what helps, even where it is narrow", () => {
    expect(command(at(120, away))).toContain("no daemon listens at /run/bulkhead.sock [daemon_unreachable]");
    for (const columns of [60, 80, 120]) {
      expect(command(at(columns, away))).toMatch(/trying again in 2\S* · bulkhead up -d$/);
    }
  });
});

test("a daemon that can not be understood is not to be started, and what helps comes first", () => {
  const message = `the daemon (bulkhead 9.0.0) speaks control protocol 9 to 9, ${"bulkhead tui ".repeat(9)}`;
  const error = BulkheadError.of("incompatible_client", message);
  const news: News = {
    type: "connection",
    connection: { state: "away", since: now, next: now + 2000, error },
  };
  expect(command(at(80, up, news))).toMatch(/^Use the bulkhead that belongs to .*… · trying again in 2s$/);
  expect(command(at(400, up, news))).toContain(message);
});

describe("the last line", () => {
  test("has the keys of the screen, and at the end those that are everywhere", () => {
    expect(hints(at(120, up))).toBe(
      "x do x on plugins  / type  enter take  c ask  o open the call screen  w ask the daemon  : command  ? help  q quit",
    );
  });

  test("loses the screen's keys first when it is narrow", () => {
    expect(hints(at(50, up))).toBe("x do x on plugins  : command  ? help  q quit");
    expect(hints(at(28, up))).toBe(": command  ? help  q quit");
    expect(hints(at(20, up))).toBe("? help  q quit");
    expect(hints(at(7, up))).toBe("q quit");
    expect(hints(at(2, up))).toBe("");
  });

  test("has the keys of what stands before the screen", () => {
    const key = { name: "c", text: "c" };
    expect(hints(update(at(80, up), { type: "key", key }).state)).toBe("y yes  n no");
  });

  test("does not promise keys that type", () => {
    const key = { name: "/", text: "/" };
    expect(hints(update(at(120, up), { type: "key", key }).state)).not.toContain("quit");
  });
});

test("none of them is wider than the terminal or harms it", () => {
  const news = fc.oneof(
    fc.constantFrom<News>(up, away, trouble),
    hostileText.map((text): News => ({
      type: "connection",
      connection: { state: "away", since: now, next: now, error: { code: text, message: text } as never },
    })),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 32, max: 220 }),
      fc.array(news),
      hostileText,
      fc.constantFrom(...screenIds),
      (columns, learnt, text, screen) => {
        const state: AppState = { ...at(columns, ...learnt), screen };
        const noticed = update(state, { type: "notice", tone: "good", text }).state;
        for (const each of [headerLine(state), commandLine(state), commandLine(noticed), hintLine(state)]) {
          expect(shownWidth(each)).toBeLessThanOrEqual(columns);
          expect(isHarmless(each)).toBe(true);
        }
      },
    ),
  );
});
