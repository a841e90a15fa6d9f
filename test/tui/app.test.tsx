import * as fc from "fast-check";
import { renderToString } from "ink";
import { render } from "ink-testing-library";
import { expect, test, vi } from "vitest";
import { App, Frame } from "../../src/tui/app.tsx";
import { initialState, update } from "../../src/tui/state.ts";
import type { AppState, Message } from "../../src/tui/state.ts";
import { Store } from "../../src/tui/store.ts";
import { plain, shownWidth } from "./hostile.ts";
import { away, crashReport, factsOf, happened, now, pluginStatus, up } from "./samples.ts";

const facts = factsOf(
  up,
  {
    type: "plugins",
    plugins: [
      pluginStatus("min"),
      pluginStatus("chaos", {
        state: "backoff",
        pid: null,
        readySince: null,
        retryAt: now + 4000,
        restarts: 3,
        lastCrash: { id: "chaos-1-abcd", at: now, summary: "panicked at src/main.rs:12:5: on request" },
      }),
    ],
  },
  { type: "reports", reports: [crashReport("chaos-1-abcd")] },
  {
    type: "events",
    events: [
      happened(1, { type: "supervisor.started", pid: 1, version: "0.1.0" }),
      happened(2, { type: "plugin.state", plugin: "min", from: "starting", to: "serving", why: "ready" }),
    ],
  },
);

const press = (state: AppState, name: string): AppState =>
  update(state, { type: "key", key: { name, text: name.length === 1 ? name : "" } }).state;

test("every screen fills the terminal and not one line or column more, at any size", () => {
  const size = fc.record({
    columns: fc.integer({ min: 20, max: 220 }),
    rows: fc.integer({ min: 5, max: 70 }),
  });
  const keys = fc.constantFrom(...Array.from("123456?:jG/"));
  fc.assert(
    fc.property(
      size,
      fc.array(keys, { maxLength: 4 }),
      fc.boolean(),
      ({ columns, rows }, pressed, isAway) => {
        const known = isAway ? factsOf(away) : facts;
        const state = pressed.reduce(press, initialState({ columns, rows }, known));
        const lines = renderToString(<Frame state={state} />, { columns }).split("\n");
        expect(lines).toHaveLength(rows);
        for (const line of lines) expect(shownWidth(line)).toBeLessThanOrEqual(columns);
      },
    ),
    { numRuns: 60 },
  );
});

test("keys and news from the terminal come to the store, and its pictures to the terminal", async () => {
  let quit = false;
  const store = new Store(initialState({ columns: 100, rows: 24 }, facts), (effect) => {
    if (effect.do === "quit") quit = true;
  });
  const { stdin, lastFrame, unmount } = render(<App store={store} />);
  const seen = (text: string) => vi.waitFor(() => expect(plain(lastFrame() ?? "")).toContain(text));
  await seen("1 Plugins");
  stdin.write("6");
  await seen("$ bulkhead events");
  stdin.write("?");
  await seen("Everywhere");
  stdin.write("\u001B[200~q\u001B[201~");
  expect(quit).toBe(false);
  const fed: Message = { type: "fed", news: [away] };
  store.dispatch(fed);
  // A key is shown at once, with what was fed before.
  stdin.write("?");
  await seen("daemon away");
  stdin.write("q");
  await vi.waitFor(() => expect(quit).toBe(true));
  unmount();
  store.close();
});
