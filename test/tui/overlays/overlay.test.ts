import { describe, expect, test } from "vitest";
import { BulkheadError } from "../../../protocol/error.ts";
import type { Answer } from "../../../src/tui/effect.ts";
import { helpLines } from "../../../src/tui/overlays/help.ts";
import { keyInOverlay, opened, overlayHints, overlaySize } from "../../../src/tui/overlays/overlay.ts";
import type { Overlay } from "../../../src/tui/overlays/overlay.ts";
import { paletteEntries } from "../../../src/tui/overlays/palette.ts";
import { widthOf } from "../../../src/tui/parts/fit.ts";
import { activeBindings } from "../../../src/tui/scene.ts";
import { screenIds } from "../../../src/tui/screen.ts";
import { initialState, update } from "../../../src/tui/state.ts";
import type { AppState } from "../../../src/tui/state.ts";
import { plain } from "../hostile.ts";
import { factsOf, pluginStatus, readOnly, serving, up } from "../samples.ts";

const start = initialState({ columns: 80, rows: 24 }, factsOf(up, serving("min", "chaos")));

function on(screen: (typeof screenIds)[number]): AppState {
  const key = { name: String(screenIds.indexOf(screen) + 1), text: "" };
  return update(start, { type: "key", key }).state;
}

describe.each(screenIds)("on the screen %s", (screen) => {
  const state = on(screen);

  test("help has every key that does something, with what it does", () => {
    const help = helpLines(state, 200).map(plain);
    for (const { binding } of activeBindings(state)) {
      const keys = binding.keys.join("  ");
      expect(help.some((line) => line.includes(keys) && line.includes(binding.label))).toBe(true);
    }
  });

  test("nothing of help is cut in 80 columns: what is longer goes on below", () => {
    const { columns } = overlaySize(state.size);
    const help = helpLines(state, columns).map(plain);
    expect(help.filter((line) => widthOf(line) > columns)).toEqual([]);
    const words = help.map((line) => line.trim()).join(" ");
    for (const { binding } of activeBindings(state)) expect(words).toContain(binding.label);
  });

  test("the palette finds everything that a key does, by its words", () => {
    for (const { binding } of activeBindings(state)) {
      if (binding.keys.includes(":")) continue;
      const found = paletteEntries(state, binding.label).map(({ label }) => label);
      expect(found).toContain(binding.label);
    }
  });

  test("no key is bound twice there", () => {
    const own = activeBindings(state).filter(({ of }) => of === "screen");
    const keys = own.flatMap(({ binding }) => binding.keys);
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  });

  test("the keys that lead everywhere are left to everybody", () => {
    const own = activeBindings(state).filter(({ of }) => of === "screen");
    const keys = own.flatMap(({ binding }) => binding.keys);
    expect(keys.filter((key) => /^[1-6]$|^[?:q]$/.test(key))).toEqual([]);
  });
});

const key = (name: string, text = "") => ({ name, text });
const palette = (state: AppState, ...names: readonly string[]) =>
  names.reduce(
    (step, name) =>
      step.overlay === null
        ? step
        : keyInOverlay(state, step.overlay, key(name, name.length === 1 ? name : "")),
    { overlay: opened("palette", state) } as ReturnType<typeof keyInOverlay>,
  );

describe("the palette", () => {
  test("has what can be done with each plugin", () => {
    const labels = paletteEntries(start, "").map(({ label }) => label);
    for (const what of ["show", "logs", "call", "crashes", "start", "stop", "restart", "enable", "disable"]) {
      expect(labels).toContain(`${what} chaos`);
    }
  });

  test("has nothing that changes something where the connection is read-only", () => {
    const looking = { ...start, facts: factsOf(up, readOnly, serving("min", "chaos")) };
    const labels = paletteEntries(looking, "").map(({ label }) => label);
    expect(labels).toEqual(expect.arrayContaining(["show chaos", "logs chaos", "crashes chaos"]));
    expect(
      labels.filter((label) => /^(?:call|start|stop|restart|enable|disable) (?:min|chaos)/.test(label)),
    ).toEqual([]);
    expect(helpLines(looking, 80).map(plain).join(" ")).toContain("The connection is read-only");
    expect(helpLines(start, 80).map(plain).join(" ")).not.toContain("read-only");
  });

  test("finds by a few letters, the best first, and enter does it", () => {
    const { overlay, chosen } = palette(start, ...Array.from("restart chaos"), "enter");
    expect(overlay).toBeNull();
    expect(chosen).toMatchObject({
      do: "effect",
      effect: { do: "control", method: "plugin.restart", params: { plugin: "chaos" } },
    });
  });

  test("tells what became of it, whether it went well or not", () => {
    const { chosen } = palette(start, ...Array.from("restart chaos"), "enter");
    const effect = chosen?.do === "effect" ? chosen.effect : undefined;
    if (effect?.do !== "control" || effect.reply === undefined) throw new Error("nobody hears of it");
    const telling = (answer: Answer<unknown>) => effect.reply?.(answer as Answer<never>);
    expect(telling({ ok: true, value: pluginStatus("chaos") })).toMatchObject({
      type: "notice",
      tone: "good",
      text: expect.stringMatching(/^chaos: serving/) as string,
    });
    const error = BulkheadError.of("daemon_unreachable", "the daemon is away");
    expect(telling({ ok: false, error })).toMatchObject({
      type: "notice",
      tone: "bad",
      text: "the daemon is away [daemon_unreachable] · try: Start it: bulkhead up -d",
    });
  });

  test("asks before an operation that would lose calls", () => {
    const calls = { inFlight: 2, waiting: 0, answered: 0, failed: 0 };
    const busy = {
      ...start,
      facts: factsOf(up, { type: "plugins", plugins: [pluginStatus("min", { calls })] }),
    };
    const { chosen } = palette(busy, ...Array.from("stop min"), "enter");
    expect(chosen).toMatchObject({ effect: { do: "confirm", yes: { method: "plugin.stop" } } });
  });

  test("chooses another entry with the arrows", () => {
    const labels = paletteEntries(start, "chaos").map(({ label }) => label);
    const { overlay } = palette(start, ...Array.from("chaos"), "down", "down", "up");
    expect(overlay).toMatchObject({ position: { cursor: 1 } });
    expect(labels.length).toBeGreaterThan(2);
  });

  test("shows what there was when it was opened, so that nothing moves under the cursor", () => {
    const before = palette(start, "down").overlay as Overlay;
    const fewer = { ...start, facts: factsOf(up) };
    const { chosen } = keyInOverlay(fewer, before, key("enter"));
    expect(chosen).toEqual(paletteEntries(start, "")[1]?.choice);
  });

  test("stays when nothing is found", () => {
    const { overlay, chosen } = palette(start, ...Array.from("zzzzzz"), "enter");
    expect(overlay).toMatchObject({ kind: "palette" });
    expect(chosen).toBeUndefined();
  });
});

test("help says which keys are typed instead while there is a text", () => {
  const typing = update(start, { type: "key", key: { name: "/", text: "/" } }).state;
  expect(helpLines(start, 80).map(plain)).toContain("Everywhere");
  expect(helpLines(typing, 80).map(plain)).toContain("Everywhere, but not while a text is typed");
});

test("help scrolls, and not beyond its end", () => {
  const small: AppState = { ...start, size: { columns: 60, rows: 10 } };
  let overlay: Overlay | null = opened("help", small);
  for (let n = 0; n < 100 && overlay !== null; n++) {
    ({ overlay } = keyInOverlay(small, overlay, { name: "j", text: "j" }));
  }
  const { columns, rows } = overlaySize(small.size);
  expect(overlay).toEqual({ kind: "help", top: helpLines(small, columns).length - rows });
});

test("each one tells its keys in the footer", () => {
  const confirm: Overlay = { kind: "confirm", question: "?", yes: { do: "quit" } };
  for (const each of [opened("help", start), opened("palette", start), confirm]) {
    expect(overlayHints(each).length).toBeGreaterThan(1);
  }
});
