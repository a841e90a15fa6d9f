import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Command } from "../../../../protocol/todo.ts";
import { BulkheadError } from "../../../../protocol/error.ts";
import { apply } from "../../../../src/todo/batch.ts";
import { emptyList } from "../../../../src/todo/list.ts";
import type { TodoList } from "../../../../src/todo/list.ts";
import { todosScreen } from "../../../../src/tui/screens/todos.tsx";
import { todoLines } from "../../../../src/tui/screens/todos/lines.ts";
import { initialTodos } from "../../../../src/tui/screens/todos/state.ts";
import type { TodosMessage, TodosState } from "../../../../src/tui/screens/todos/state.ts";
import type { Scene } from "../../../../src/tui/screen.ts";
import type { DeskView } from "../../../../src/tui/todos/view.ts";
import { hostileText, isHarmless, plain, shownWidth } from "../../hostile.ts";
import { pressed, sizes } from "../samples.ts";
import { deskView, listOf, now, sceneOf } from "../../todos/samples.ts";

const title = hostileText.map((text) => `${text.replaceAll(/[\r\n]/g, " ")}.`);

const newTodo = fc.record({
  title,
  parent: fc.option(fc.nat({ max: 10 })),
  state: fc.constantFrom("open", "active", "blocked", "done", "cancelled"),
  priority: fc.constantFrom("low", "normal", "high"),
  due: fc.constantFrom(null, "2026-03-04", "2026-03-05", "2025-01-01", "2030-12-31"),
  notes: fc.option(hostileText),
  metadata: fc.dictionary(hostileText, fc.jsonValue(), { maxKeys: 2 }),
});

const commands: fc.Arbitrary<Command[]> = fc.array(newTodo, { maxLength: 25 }).map((all) =>
  all.map(({ parent, ...rest }, at) => ({
    op: "create",
    tempId: `t${at}`,
    parent: parent === null || at === 0 ? null : `t${parent % at}`,
    ...rest,
  })),
);

/** Those that fit: an empty key of metadata does not. */
const lists: fc.Arbitrary<TodoList> = commands.map((all) => {
  const result = apply(emptyList, all, "harbour");
  return result.ok ? result.list : listOf("one", "  two");
});

const desks: fc.Arbitrary<DeskView> = fc
  .record({ list: lists, text: hostileText, ask: fc.boolean(), service: fc.nat({ max: 3 }) })
  .map(({ list, text, ask, service }) => {
    const actions = [
      { id: "generate", method: "generate", description: text, key: "ctrl+g" },
      { id: "other", method: "look", key: text },
    ];
    const states = [
      { state: "provided" },
      { state: "away" },
      { state: "taken", why: text },
      { state: "failed", why: text },
    ] as const;
    return deskView({
      list,
      service: states[service] ?? { state: "opening" },
      plugins: [
        { id: "harbour", actions, mirrors: true },
        { id: text, actions, mirrors: false },
      ],
      unfit: [{ id: "old", why: text }],
      asks: ask ? [{ id: "ask 1", plugin: text, what: text, since: now, progress: { message: text } }] : [],
      activity: [
        { seq: 1, at: now, kind: "event", event: text, title: text, by: null, told: 1 },
        {
          seq: 2,
          at: now,
          kind: "batch",
          by: text,
          summary: text,
          counts: { added: 1, changed: 0, removed: 2 },
        },
        { seq: 3, at: now, kind: "problem", plugin: null, message: text },
      ],
      path: `/home/${text}/todos.md`,
      file: ask ? { state: "unsaved", why: text } : { state: "saved" },
    });
  });

/** What comes back of what the keys may have led to. */
function messages(list: TodoList, text: string, change: Command[]) {
  const setting = { key: text, type: "other", origin: text, required: true, description: text } as const;
  const settings = [
    { ...setting, value: { a: text } },
    { ...setting, type: "select", choices: [text, 1] } as const,
  ];
  const proposed = (ask: string): TodosMessage => {
    const result = apply(list, change, "harbour");
    const value = { plugin: "harbour", change: { summary: text, commands: change }, result };
    return { type: "proposed", ask, answer: { ok: true, value } };
  };
  const set: TodosMessage = {
    type: "settings",
    plugin: "harbour",
    answer: {
      ok: true,
      value: { plugin: "harbour", file: text, live: true, schema: null, settings },
    },
  };
  return { proposed, set };
}

const keys = [...Array.from("abcdehilmnpsuxyzADGHJKMS<>!+-./"), "space", "enter", "esc", "up", "down"];
const more = [
  "left",
  "right",
  "ctrl+d",
  "ctrl+g",
  "ctrl+r",
  "ctrl+s",
  "ctrl+x",
  "backspace",
  "delete",
  "tab",
];

function after(state: TodosState, scene: Scene, key: string): TodosState {
  if (todosScreen.isTyping?.(state, scene) === true && (key.length === 1 || key === "backspace")) {
    return todosScreen.type?.(state, { name: key, text: key.length === 1 ? key : "" }, scene).state ?? state;
  }
  return pressed(todosScreen, state, scene, key).state;
}

type Act = string | TodosMessage | { readonly paste: string };

/** Ways into each of the modes. */
const ways = (list: TodoList, text: string, change: Command[]): readonly (readonly Act[])[] => {
  const { proposed, set } = messages(list, text, change);
  return [
    [],
    ["m"],
    ["n", "enter", "enter", proposed("ask 1")],
    ["ctrl+g", proposed("ask 1")],
    ["S", "enter", set, "enter"],
    ["S", "enter", set, "down"],
    ["p"],
    ["p", "i"],
    ["H"],
    ["e"],
    ["M"],
    ["d"],
    ["a"],
    ["enter"],
    ["/"],
  ];
};

test("whatever is pressed, comes back, and stands in the list: no line is too wide, none too many, none acts", () => {
  const acts: fc.Arbitrary<Act[]> = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom<Act>(...keys, ...more) },
      { weight: 1, arbitrary: hostileText.map((paste): Act => ({ paste })) },
    ),
    { maxLength: 12 },
  );
  const worlds = fc.tuple(desks, sizes, hostileText, commands, fc.nat(), acts);
  const seen = new Set<string>();
  fc.assert(
    fc.property(worlds, ([desk, { columns, rows }, text, change, way, then]) => {
      const scene = sceneOf(desk, columns, rows);
      let state: TodosState = initialTodos;
      const all = ways(desk.list, text, change);
      for (const each of [...(all[way % all.length] ?? []), ...then]) {
        state = done(state, scene, each);
        seen.add(state.mode.kind);
        const lines = todoLines(state, scene);
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) {
          expect(shownWidth(line)).toBeLessThanOrEqual(columns);
          expect(isHarmless(line)).toBe(true);
        }
        todosScreen.command(state, scene);
      }
    }),
    { numRuns: 500 },
  );
  expect([...seen].toSorted()).toEqual([
    "actions",
    "activity",
    "choose",
    "details",
    "due",
    "input",
    "list",
    "notes",
    "preview",
    "settings",
    "state",
    "title",
    "waiting",
  ]);
});

function done(state: TodosState, scene: Scene, act: Act): TodosState {
  if (typeof act === "string") return after(state, scene, act);
  if (!("paste" in act)) return todosScreen.update?.(state, act, scene).state ?? state;
  const isTyping = todosScreen.isTyping?.(state, scene) === true;
  return (isTyping ? todosScreen.paste?.(state, act.paste, scene).state : undefined) ?? state;
}

function shown(list: TodoList, columns = 80, more: Partial<TodosState> = {}): string[] {
  return todoLines({ ...initialTodos, ...more }, sceneOf(deskView({ list }), columns))
    .slice(1, 1 + list.todos.size)
    .map((line) => plain(line).trimEnd());
}

describe("a row", () => {
  const rich = (() => {
    const result = apply(
      emptyList,
      [
        { op: "create", tempId: "a", title: "Paint", priority: "high", due: "2026-03-01", notes: "blue" },
        { op: "create", tempId: "b", parent: "a", title: "Buy paint", state: "done", metadata: { shop: 1 } },
      ],
      "harbour",
    );
    return result.ok ? result.list : emptyList;
  })();

  test("tells state, priority, day, notes, metadata and origin without colours", () => {
    expect(shown(rich)).toEqual([
      expect.stringMatching(/^ ▾ \[ \] ! Paint +@≡ {3}late 2026-03-01$/),
      expect.stringMatching(/^ {5}\[x\] Buy paint +@ ◇$/),
    ]);
  });

  test("names the plugin where there is room for it", () => {
    expect(shown(rich, 120)[1]).toMatch(/Buy paint +◇ {2}harbour$/);
  });

  test("a parent that is folded tells how much is in it", () => {
    const look = { ...initialTodos.look, folded: new Set(["1"]) };
    expect(shown(rich, 80, { look })[0]).toMatch(/^ ▸ \[ \] ! Paint +\+1/);
  });
});

test("where there is no list, the screen says why, and what can be done", () => {
  const failure = BulkheadError.of("usage", "todos.md is not UTF-8");
  const lines = todoLines({ ...initialTodos, failure }, sceneOf(null)).map(plain);
  expect(lines).toEqual([
    "The todo list can not be opened: todos.md is not UTF-8 [usage]",
    "",
    "r tries again",
  ]);
});
