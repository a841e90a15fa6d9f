import { describe, expect, test, vi } from "vitest";
import type { Effect } from "../../src/tui/effect.ts";
import type { News } from "../../src/tui/facts.ts";
import type { Overlay } from "../../src/tui/overlays/overlay.ts";
import { initialState, update } from "../../src/tui/state.ts";
import type { AppState, Change, Message } from "../../src/tui/state.ts";
import { factsOf, now, readOnly, serving, up } from "./samples.ts";

vi.mock("../../src/tui/screens.ts", () => import("./fake-screens.ts"));

const start = initialState({ columns: 80, rows: 24 }, factsOf(up, serving("min", "chaos")));

/** Names of keys; one of a single character types it. */
function press(state: AppState, ...names: readonly string[]): Change {
  return names.reduce<Change>(
    (change, name) => {
      const key = { name, text: name.length === 1 ? name : "" };
      const next = update(change.state, { type: "key", key });
      return { state: next.state, effects: [...change.effects, ...next.effects] };
    },
    { state, effects: [] },
  );
}

const after = (message: Message, state = start): Change => update(state, message);
const came = ({ state }: { readonly state: AppState }, id = state.screen) =>
  (state.screens[id] as { came: readonly unknown[] }).came;
const kinds = (effects: readonly Effect<Message>[]) => effects.map((effect) => effect.do);

const overlayOf = (...keys: readonly string[]): Overlay | null => press(start, ...keys).state.overlay;

describe("a key", () => {
  test("does what the screen that is shown has bound", () => {
    const change = press(start, "2", "x");
    expect(came(change)).toContain("x");
    expect(came(change, "call")).not.toContain("x");
  });

  test("that nothing is bound to changes nothing", () => {
    expect(press(start, "f9").state).toBe(start);
  });

  test("whose binding does not hold now changes nothing", () => {
    expect(came(press(start, "z"))).toEqual([]);
  });

  test("of the screen goes before the one that is everywhere", () => {
    expect(kinds(press(start, "q").effects)).toEqual(["quit"]);
    const todos = press(start, "5", "q");
    expect(came(todos)).toContain("q");
    expect(todos.effects).toEqual([]);
  });

  test("that changes something does nothing on a read-only connection, and that is said", () => {
    expect(came(press(start, "k"))).toContain("k");
    const looking = initialState({ columns: 80, rows: 24 }, factsOf(up, readOnly, serving("min")));
    const change = press(looking, "k");
    expect(came(change)).not.toContain("k");
    expect(change.state.notice).toMatchObject({
      tone: "warn",
      text: "not on a read-only connection: change it",
    });
  });

  test("ctrl+z goes back to the shell, whatever has the keys", () => {
    for (const before of [[], ["/"], [":"], ["?"], ["c"]]) {
      expect(kinds(press(start, ...before, "ctrl+z").effects)).toEqual(["suspend"]);
    }
  });

  test("ctrl+c leaves at once, whatever has the keys", () => {
    for (const before of [[], ["/"], [":"], ["?"], ["c"]]) {
      expect(kinds(press(start, ...before, "ctrl+c").effects)).toEqual(["quit"]);
    }
  });
});

test("leaving with something to lose asks first", () => {
  const asked = after({ type: "losses", losses: ["It is not saved.", "Nor is that."] }, start).state;
  expect(asked.overlay).toMatchObject({
    kind: "confirm",
    question: "Really leave? It is not saved. Nor is that.",
  });
  expect(press(asked, "n").effects).toEqual([]);
  expect(press(asked, "y").effects).toEqual([{ do: "quit", isAgreed: true }]);
});

describe("typing", () => {
  const typing = press(start, "/").state;

  test("takes the keys that are bound everywhere, and those of the screen", () => {
    const change = press(typing, "q", "1", "?", ":", "x");
    expect(came(change)).toEqual(["q", "1", "?", ":", "x"].map((name) => ["typed", name]));
    expect(change.effects).toEqual([]);
    expect(change.state.overlay).toBeNull();
  });

  test("takes the keys that edit", () => {
    expect(came(press(typing, "left", "ctrl+w"))).toEqual([
      ["typed", "left"],
      ["typed", "ctrl+w"],
    ]);
  });

  test("leaves enter to the screen's bindings", () => {
    expect(came(press(typing, "enter", "x"))).toEqual(["enter", "x"]);
  });

  test("takes a paste as a text; elsewhere a paste is ignored, as it would be a series of commands", () => {
    expect(came(after({ type: "paste", text: "q\nx" }, typing))).toEqual([["pasted", "q\nx"]]);
    expect(after({ type: "paste", text: "q\nx" }).state).toBe(start);
  });
});

describe("what stands before the screen", () => {
  test("has the keys first", () => {
    expect(came(press(start, "?", "x"))).toEqual([]);
    expect(came(press(start, ":", "x"))).toEqual([]);
    expect(came(press(start, "c", "x"))).toEqual([]);
  });

  test("goes with escape", () => {
    for (const key of ["?", ":", "c"]) expect(overlayOf(key, "esc")).toBeNull();
  });

  test("asks, does it after yes, and does not after no", () => {
    expect(press(start, "c").state.overlay).toMatchObject({ kind: "confirm", question: "Really?" });
    const yes = press(start, "c", "y");
    expect(yes.effects).toEqual([{ do: "copy", text: "yes", what: "it" }]);
    expect(yes.state.overlay).toBeNull();
    for (const no of ["n", "esc", "q"]) {
      expect(press(start, "c", no).effects).toEqual([]);
      expect(overlayOf("c", no)).toBeNull();
    }
    expect(press(start, "c", "enter").effects).toEqual([]);
    expect(overlayOf("c", "enter")).toMatchObject({ kind: "confirm" });
  });

  test("of the palette takes a paste into its text", () => {
    const palette = press(start, ":").state;
    const { state } = after({ type: "paste", text: "restart\nchaos" }, palette);
    expect(state.overlay).toMatchObject({ input: { text: "restart chaos" } });
  });
});

describe("going to another screen", () => {
  test("opens it, with an argument when somebody sent one", () => {
    expect(came(press(start, "3"))).toEqual([["open", undefined]]);
    const change = press(start, "o");
    expect(change.state.screen).toBe("call");
    expect(came(change)).toEqual([["open", { plugin: "min" }]]);
  });

  test("closes the one that was left, and keeps its state", () => {
    const opening = ["open", undefined];
    expect(came(press(start, "2", "x", "1", "2"))).toEqual([opening, "x", "close", opening]);
  });

  test("and to the same one closes nothing", () => {
    const opening = ["open", undefined];
    expect(came(press(start, "2", "2"))).toEqual([opening, opening]);
  });
});

test("what comes back goes to the screen that asked, even when another one is shown", () => {
  const asked = press(start, "2", "w", "3");
  const [effect] = asked.effects;
  if (effect?.do !== "control" || effect.reply === undefined) throw new Error("it asked nothing");
  const change = after(effect.reply({ ok: true, value: [] as never }), asked.state);
  expect(came(change, "plugin")).toContainEqual(["answer", true]);
  expect(came(change, "call")).not.toContainEqual(["answer", true]);
});

test("news go into the facts, and the screen that is shown hears of them", () => {
  const change = after({ type: "fed", news: [serving("one")] }, press(start, "2").state);
  expect(change.state.facts.plugins?.map(({ id }) => id)).toEqual(["one"]);
  expect(came(change, "plugin")).toContain("facts");
  expect(came(change, "plugins")).not.toContain("facts");
});

test("a notice does not stay for an hour because the clock was put back by one", () => {
  const { state } = after({ type: "notice", tone: "good", text: "done" });
  const back: News = { type: "time", now: now - 3_600_000 };
  expect(after({ type: "fed", news: [back] }, state).state.notice).toBeNull();
});

test("a notice goes after a while", () => {
  const { state } = after({ type: "notice", tone: "good", text: "done" });
  expect(state.notice?.text).toBe("done");
  const later = (ms: number) =>
    after({ type: "fed", news: [{ type: "time", now: now + ms }] }, state).state.notice;
  expect(later(1000)?.text).toBe("done");
  expect(later(10_000)).toBeNull();
});

test("a resize is known to the screens", () => {
  const { state } = after({ type: "resize", size: { columns: 200, rows: 60 } });
  expect(state.size).toEqual({ columns: 200, rows: 60 });
});
