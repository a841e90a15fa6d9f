import { stripVTControlCharacters } from "node:util";
import * as fc from "fast-check";
import { render } from "ink-testing-library";
import { createElement } from "react";
import { describe, expect, test } from "vitest";
import { BulkheadError } from "../../../protocol/error.ts";
import { widthOf } from "../../../src/tui/parts/fit.ts";
import { sceneOf } from "../../../src/tui/scene.ts";
import { callScreen, draftLines } from "../../../src/tui/screens/call.tsx";
import { historyLines } from "../../../src/tui/screens/call/history-lines.ts";
import { formSize, resultSize } from "../../../src/tui/screens/call/layout.ts";
import { pickerLines } from "../../../src/tui/screens/call/picker-lines.ts";
import { resultLines } from "../../../src/tui/screens/call/result-lines.ts";
import { mostHistory, mostItems } from "../../../src/tui/screens/call/state.ts";
import { json, schema, size, text } from "../form/arbitrary.ts";
import { described, min, object, Person, plugin } from "./call/world.ts";

/** What is on the screen. */
function shown(person: Person): string {
  const scene = sceneOf(person.state);
  const { part, draft, call } = person.call;
  const lines = {
    picker: () => pickerLines(person.call, scene),
    form: () => (draft === null ? [] : draftLines(draft, formSize(scene), true)),
    result: () => (call === null ? [] : resultLines(call, scene, resultSize(scene))),
    history: () => historyLines(person.call, scene),
  }[part]();
  return lines.map(stripVTControlCharacters).join("\n");
}

const footer = (person: Person): string => callScreen.command(person.call, sceneOf(person.state));

const filled = (): Person => new Person().presses("nummin", "enter", "3", "enter", "4");
const streaming = (): Person => new Person().presses("beats", "enter", "ctrl+s");
const called = (): Person =>
  new Person()
    .presses("nummin", "enter", "3", "enter", "4", "ctrl+s")
    .isTold({ answer: { ok: true, value: 3 } });

describe("choosing a method", () => {
  test("all methods of plugins that say what they have, and the others as a question", () => {
    expect(shown(new Person())).toContain("min.min");
    expect(shown(new Person())).toMatch(/lazy +not started yet: enter asks it/);
  });

  test("typing narrows it, the best first", () => {
    const person = new Person().presses("bea");
    expect(shown(person)).toContain("min.beats");
    expect(shown(person)).not.toContain("min.min");
    expect(footer(person)).toBe("call min.beats");
  });

  test("when nothing is found, who was not asked yet is named", () => {
    const person = new Person().presses("zzzz");
    expect(shown(person)).toContain("No known method is called like that. Not asked yet: lazy");
    expect(footer(person)).toBe("ps");
  });

  test("esc in the form leads to the list, where keys are keys", () => {
    const person = new Person().presses("nummin", "enter", "esc");
    expect(person.call.part).toBe("picker");
    expect(person.presses("4").state.screen).toBe("crashes");
  });

  test("a word of the description finds it too", () => {
    expect(shown(new Person().presses("lesser"))).toContain("min.min");
  });

  test("enter opens its form", () => {
    const person = new Person().presses("nummin", "enter");
    expect(person.call.part).toBe("form");
    expect(shown(person)).toMatch(/a\*.*required: integer/);
  });

  test("a name with the api in it finds it too", () => {
    const person = new Person().presses("min.numbers.be");
    expect(shown(person)).toMatch(/▸ min\.beats/);
    expect(footer(person)).toBe("call min.beats");
  });

  test("two apis with a method of one name are told apart", () => {
    const value = described("words", [{ name: "min" }]);
    const apis = [...min.apis, ...value.apis];
    const both = { ...min, apis, agreed: [...min.agreed, ...value.agreed] };
    const person = new Person().hears({
      type: "described",
      plugin: "min",
      described: { ok: true, value: both },
    });
    expect(shown(person)).toMatch(/min\.numbers\.min[^]*min\.beats[^]*min\.words\.min/);
  });

  test("a plugin that was chosen shows what it has as soon as it has said so", () => {
    const value = { ...min, apis: [{ name: "numbers", version: "1.0.0", methods: [{ name: "only" }] }] };
    const lazy = (): Person => new Person().presses("laz", "enter");
    const several = lazy().hears({ type: "described", plugin: "lazy", described: { ok: true, value: min } });
    expect(shown(several)).toMatch(/^call lazy\. *\n▸ lazy\.min .*\n +lazy\.beats/);
    const single = lazy().hears({ type: "described", plugin: "lazy", described: { ok: true, value } });
    expect(single.call.draft?.target).toMatchObject({ plugin: "lazy", method: "numbers.only" });
    const busy = lazy().presses("y");
    busy.hears({ type: "described", plugin: "lazy", described: { ok: true, value } });
    expect(busy.call.part).toBe("picker");
  });

  test("a plugin that never ran is asked only when it is chosen or named", () => {
    expect(new Person().does()).not.toContain("describe lazy");
    const chosen = new Person().presses("down", "down", "enter");
    expect(chosen.effects).toEqual([{ do: "describe", plugin: "lazy" }]);
    expect(shown(chosen)).toContain("is being asked");
    expect(new Person().presses("lazy").effects).toEqual([]);
    expect(new Person().presses("lazy.").effects).toEqual([{ do: "describe", plugin: "lazy" }]);
  });

  test("why a plugin can not say what it has", () => {
    const error = BulkheadError.of("plugin_unavailable", "lazy is disabled");
    const person = new Person().hears({ type: "described", plugin: "lazy", described: { ok: false, error } });
    expect(shown(person)).toContain("lazy is disabled");
  });

  test("what starts is asked by itself, and so is another life of what ran", () => {
    const person = new Person();
    person.hears({ type: "plugins", plugins: [plugin("min"), plugin("lazy")] });
    expect(person.effects).toEqual([{ do: "describe", plugin: "lazy" }]);
    person.hears({ type: "described", plugin: "lazy", described: { ok: true, value: min } });
    person.hears({ type: "plugins", plugins: [plugin("min", "serving", { generation: 2 }), plugin("lazy")] });
    expect(person.effects).toEqual([{ do: "describe", plugin: "min" }]);
  });

  test("the tabs' keys and help stay what they are: no name begins like that", () => {
    expect(new Person().presses("6").state.screen).toBe("events");
    expect(new Person().presses("?").state.overlay?.kind).toBe("help");
  });

  test("esc lets letters be keys again", () => {
    expect(new Person().presses("esc", "q").does()).toEqual(["quit"]);
    expect(new Person().presses("q").does()).toEqual([]);
  });
});

describe("coming with something to call", () => {
  test("a method with its params", () => {
    const person = new Person().goes({ plugin: "min", method: "numbers.min", params: { a: 1, b: 2 } });
    expect(person.call.part).toBe("form");
    expect(footer(person)).toBe("call min.min a=1 b=2");
  });

  test("a method that is not known yet opens when it is", () => {
    const person = new Person().goes({ plugin: "lazy", method: "numbers.min" });
    expect(person.effects).toContainEqual({ do: "describe", plugin: "lazy" });
    expect(person.call.part).toBe("picker");
    person.hears({ type: "described", plugin: "lazy", described: { ok: true, value: min } });
    expect(person.call.draft?.target).toMatchObject({ plugin: "lazy", method: "numbers.min" });
  });

  test("a method that does not exist is told", () => {
    const person = new Person().goes({ plugin: "lazy", method: "numbers.max" });
    person.hears({ type: "described", plugin: "lazy", described: { ok: true, value: min } });
    expect(person.state.notice?.text).toBe("lazy has no method numbers.max");
  });

  test("a plugin shows what it has", () => {
    expect(shown(new Person().goes({ plugin: "min" }))).toContain("min.min");
  });
});

describe("calling", () => {
  test("ctrl+s calls, and so does enter on the last row", () => {
    const target = { target: "min/numbers.min", params: { a: 3, b: 4 }, isStream: false };
    expect(filled().presses("ctrl+s").called.call).toMatchObject(target);
    expect(filled().presses("enter", "enter").called.call).toMatchObject(target);
  });

  test("what the plugin would refuse is called when it is asked for twice", () => {
    const person = new Person().presses("nummin", "enter", "x", "ctrl+s");
    expect(person.effects).toEqual([]);
    expect(shown(person)).toContain("Call it anyway?");
    expect(person.presses("ctrl+s").called.call.params).toEqual({ a: "x" });
  });

  test("another thought takes the warning back", () => {
    const person = new Person().presses("nummin", "enter", "x", "ctrl+s", "y");
    expect(shown(person)).not.toContain("Call it anyway?");
  });

  test("the answer is drawn, with the time it took", () => {
    const person = filled()
      .presses("ctrl+s")
      .isTold({ answer: { ok: true, value: 3 } });
    expect(shown(person)).toMatch(/answered in 12ms/);
    expect(shown(person)).toContain("3");
  });

  test("progress is a bar with its words", () => {
    const person = filled()
      .presses("ctrl+s")
      .isTold({ progress: { done: 3, total: 10, message: "reading src" } });
    expect(shown(person)).toMatch(/█+░+ 3\/10 \(30 %\) reading src/);
  });

  test("esc cancels what is under way, and leads back when it is over", () => {
    const person = filled().presses("ctrl+s", "esc");
    expect(person.effects).toEqual([{ do: "cancel", id: person.call.call?.id }]);
    person.fails(
      BulkheadError.of("cancelled", "min/numbers.min was cancelled", { settlement: "maybe_executed" }),
    );
    expect(shown(person)).toContain("may have been executed");
    expect(person.presses("esc").call.part).toBe("form");
  });

  test("one call at a time", () => {
    const person = filled().presses("ctrl+s", "tab", "ctrl+s");
    expect(person.effects).toEqual([]);
    expect(person.state.notice?.text).toContain("under way");
  });

  test("a refusal marks the row that it is about", () => {
    const person = filled().presses("ctrl+s");
    person.fails(new BulkheadError("invalid_params", "b is odd", -32602, { path: "/b" }, "answered"));
    expect(shown(person.presses("esc"))).toMatch(/▸ b\* .*✗ b is odd/);
  });

  test("enter on a crash leads to its report", () => {
    const person = filled().presses("ctrl+s");
    person.fails(
      BulkheadError.of("plugin_crashed", "min crashed", {
        report: "min-1-abcd",
        settlement: "maybe_executed",
      }),
    );
    expect(shown(person)).toContain("min-1-abcd");
    expect(person.presses("enter").state.screen).toBe("crashes");
  });

  test("copies are the answer as JSON, and the command", () => {
    const person = filled()
      .presses("ctrl+s")
      .isTold({ answer: { ok: true, value: { low: 3 } } });
    expect(person.presses("y").effects).toMatchObject([{ do: "copy", text: '{\n  "low": 3\n}' }]);
    expect(person.presses("Y").effects).toMatchObject([
      { do: "copy", text: "bulkhead call min.min a=3 b=4" },
    ]);
  });

  test("v looks at it in other ways and comes back to the first", () => {
    const person = filled()
      .presses("ctrl+s")
      .isTold({ answer: { ok: true, value: { a: { b: 1 } } } });
    const first = shown(person);
    expect(shown(person.presses("v"))).not.toBe(first);
    for (let at = 0; at < 10 && shown(person) !== first; at++) person.presses("v");
    expect(shown(person)).toBe(first);
  });
});

describe("a stream", () => {
  test("f is there only where it does something: among the items", () => {
    const person = streaming().isTold({ items: [1] });
    const keys = (): readonly string[] =>
      callScreen
        .bindings(person.call, sceneOf(person.state))
        .filter(({ when }) => when?.(person.call, sceneOf(person.state)) ?? true)
        .flatMap((each) => each.keys);
    expect(keys()).toContain("f");
    expect(shown(person)).toContain("◌ running · 1 item · as items");
    person.presses("v");
    expect(keys()).not.toContain("f");
  });

  test("shows its items as they come, and stays at the end", () => {
    const person = streaming().isTold({ items: Array.from({ length: 50 }, (_, at) => ({ beat: at })) });
    expect(shown(person)).toContain('{"beat": 49}');
    expect(shown(person)).not.toContain('{"beat": 0}');
    expect(shown(person.presses("g"))).toContain('{"beat": 0}');
  });

  test("keeps the last ones and the count", () => {
    const person = streaming();
    for (let at = 0; at < 5; at++) person.isTold({ items: Array.from({ length: 1000 }, () => at) });
    expect(person.call.call?.items.length).toBe(mostItems);
    expect(shown(person)).toContain("5000 items");
  });

  test("leaves its items when it fails", () => {
    const person = streaming().isTold({ items: [1, 2] });
    person.fails(BulkheadError.of("plugin_crashed", "min crashed", { settlement: "maybe_executed" }));
    expect(shown(person)).toContain("min crashed");
    expect(shown(person)).toMatch(/^2 2$/m);
    expect(person.call.history[0]?.outcome?.words).toBe("2 items, plugin_crashed");
  });
});

describe("the calls of the session", () => {
  test("are a list with what became of them", () => {
    expect(shown(called().presses("h"))).toMatch(/min\.min +\{"a": 3, "b": 4\} +answered +12ms/);
  });

  test("enter brings the params back into the form", () => {
    const person = called().presses("h", "enter");
    expect(person.call.part).toBe("form");
    expect(person.call.draft?.form.value).toEqual({ a: 3, b: 4 });
  });

  test("r calls again at once", () => {
    expect(called().presses("h", "r").called.call.params).toEqual({ a: 3, b: 4 });
  });

  test("are so many and no more", () => {
    const person = called();
    for (let at = 0; at < mostHistory + 5; at++)
      person.presses("r").isTold({ answer: { ok: true, value: at } });
    expect(person.call.history.length).toBe(mostHistory);
  });
});

test("a method that is described in another way gets another form, with the same values", () => {
  const person = new Person().presses("nummin", "enter", "3");
  const value = described("numbers", [
    { name: "min", params: object({ a: { type: "integer" }, c: { type: "string" } }, "a", "c") },
  ]);
  person.hears({ type: "described", plugin: "min", described: { ok: true, value } });
  expect(person.call.draft?.form.value).toEqual({ a: 3 });
  expect(shown(person)).toMatch(/c\*.*required: string/);
});

test("a View plugin is given the place that its drawing will have", () => {
  const value = described("view", [
    { name: "render", params: object({ width: { type: "integer" }, rows: { type: "integer" } }) },
  ]);
  const person = new Person().hears({ type: "described", plugin: "lazy", described: { ok: true, value } });
  person.presses("lazy", "enter");
  expect(person.call.draft?.form.value).toEqual({ width: 80, rows: 19 });
});

test("in a wide terminal form and answer stand side by side", () => {
  const person = new Person({ columns: 160, rows: 40 }).presses(
    "nummin",
    "enter",
    "3",
    "enter",
    "4",
    "ctrl+s",
  );
  person.isTold({ answer: { ok: true, value: 3 } });
  const scene = sceneOf(person.state);
  const { lastFrame } = render(createElement(callScreen.View, { state: person.call, scene }));
  expect(lastFrame()).toMatch(/min\.min.*│/);
});

test("in a narrow one, one after the other", () => {
  const person = new Person().presses("nummin", "enter", "3", "enter", "4");
  const { lastFrame } = render(
    createElement(callScreen.View, { state: person.call, scene: sceneOf(person.state) }),
  );
  expect(lastFrame()).toContain("[ Call ]");
});

test("whatever a plugin says, the lines fit and hold nothing dangerous", () => {
  const names = fc.constantFrom("r", "v", "j", "G", "esc", "h", "tab");
  fc.assert(
    fc.property(
      size,
      schema,
      text,
      fc.array(json, { maxLength: 5 }),
      json,
      text,
      fc.array(names, { maxLength: 6 }),
      (at, made, about, items, value, message, pressed) => {
        const person = new Person(at);
        const methods = [
          {
            name: "odd",
            description: about,
            params: made,
            item: made,
            errors: [{ code: "odd", description: about }],
          },
        ];
        person.hears({
          type: "described",
          plugin: "lazy",
          described: { ok: true, value: described("odd", methods) },
        });
        const seen = [shown(person)];
        person.presses("lazy", "enter");
        seen.push(shown(person));
        person.presses("ctrl+s", "ctrl+s").isTold({ items, progress: value });
        seen.push(shown(person));
        person.fails(new BulkheadError("odd", message, 1, { path: message }, "answered"));
        seen.push(shown(person));
        for (const each of pressed) {
          person.presses(each);
          seen.push(shown(person));
        }
        seen.push(shown(person.presses("alt+h")));
        for (const screen of seen) {
          const lines = screen.split("\n");
          expect(lines.length).toBeLessThanOrEqual(sceneOf(person.state).size.rows);
          for (const line of lines) {
            expect(widthOf(line)).toBeLessThanOrEqual(at.columns);
            expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});
