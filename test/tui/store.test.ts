import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Effect } from "../../src/tui/effect.ts";
import { initialState } from "../../src/tui/state.ts";
import type { Message } from "../../src/tui/state.ts";
import { Store } from "../../src/tui/store.ts";
import { factsOf, published } from "./samples.ts";

vi.mock("../../src/tui/screens.ts", () => import("./fake-screens.ts"));
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const fed = (seq: number): Message => ({ type: "fed", news: [{ type: "events", events: [published(seq)] }] });
const key = (name: string): Message => ({ type: "key", key: { name, text: name } });

function setup() {
  const effects: Effect<Message>[] = [];
  const store = new Store(
    initialState({ columns: 80, rows: 24 }, factsOf()),
    (effect) => void effects.push(effect),
  );
  let pictures = 0;
  const unsubscribe = store.subscribe(() => void (pictures += 1));
  return { store, effects, unsubscribe, pictures: () => pictures };
}

test("a flood of news is shown at a bounded rate, and the last of it is", () => {
  const { store, pictures } = setup();
  for (let seq = 1; seq <= 2000; seq++) {
    store.dispatch(fed(seq));
    if (seq % 2 === 0) vi.advanceTimersByTime(1);
  }
  expect(pictures()).toBeLessThanOrEqual(20);
  expect(pictures()).toBeGreaterThanOrEqual(19);
  vi.runAllTimers();
  expect(store.shown().facts.events.at(-1)?.seq).toBe(2000);
});

test("a key is shown at once, with the news that waited", () => {
  const { store, pictures } = setup();
  store.dispatch(fed(7));
  expect(pictures()).toBe(0);
  store.dispatch(key("?"));
  expect(pictures()).toBe(1);
  expect(store.shown().overlay).toMatchObject({ kind: "help" });
  expect(store.shown().facts.events.at(-1)?.seq).toBe(7);
  vi.runAllTimers();
  expect(pictures()).toBe(1);
});

test("what is known before the first picture is on it", () => {
  const { store, unsubscribe } = setup();
  unsubscribe();
  store.dispatch(fed(7));
  expect(store.shown().facts.events.at(-1)?.seq).toBe(7);
});

test("what changes nothing is not shown", () => {
  const { store, pictures } = setup();
  store.dispatch(key("f9"));
  expect(pictures()).toBe(0);
});

test("effects are run, each once, in their order", () => {
  const { store, effects } = setup();
  store.dispatch(key("w"));
  store.dispatch(key("q"));
  expect(effects.map((effect) => effect.do)).toEqual(["control", "quit"]);
});

test("whoever has left hears nothing, and neither does anybody after the end", () => {
  const { store, unsubscribe, pictures } = setup();
  unsubscribe();
  store.dispatch(key("?"));
  expect(pictures()).toBe(0);
  const other = setup();
  other.store.dispatch(fed(1));
  other.store.close();
  vi.runAllTimers();
  expect(other.pictures()).toBe(0);
});
