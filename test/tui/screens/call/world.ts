/** A daemon of the imagination, and a person who presses keys on the screen "Call". */
import type { Described } from "../../../../protocol/caller.ts";
import type { JsonSchema, Method } from "../../../../protocol/description.ts";
import type { BulkheadError } from "../../../../protocol/error.ts";
import type { PluginStatus } from "../../../../protocol/state.ts";
import type { CallNews, Effect } from "../../../../src/tui/effect.ts";
import { noFacts } from "../../../../src/tui/facts.ts";
import type { News } from "../../../../src/tui/facts.ts";
import type { CallState } from "../../../../src/tui/screens/call/state.ts";
import { initialState, update } from "../../../../src/tui/state.ts";
import type { AppState, Message } from "../../../../src/tui/state.ts";

export function plugin(
  id: string,
  state: PluginStatus["state"] = "serving",
  more: Partial<PluginStatus> = {},
): PluginStatus {
  return {
    id,
    state,
    why: "",
    pid: null,
    guardPid: null,
    generation: 1,
    readySince: null,
    restarts: 0,
    recentFailures: 0,
    retryAt: null,
    error: null,
    lastCrash: null,
    version: null,
    profile: null,
    apis: [],
    calls: { inFlight: 0, waiting: 0, answered: 0, failed: 0 },
    executable: "",
    sha256: null,
    ...more,
  };
}

export function described(api: string, methods: readonly Method[]): Described {
  return {
    protocol: 1,
    plugin: { name: "p", version: "1.0.0" },
    apis: [{ name: api, version: "1.0.0", methods: [...methods] }],
    fingerprint: "",
    agreed: [{ name: api, version: "1.0.0" }],
  };
}

export const object = (properties: Record<string, unknown>, ...required: string[]): JsonSchema => ({
  type: "object",
  properties,
  required,
});

export const min = described("numbers", [
  {
    name: "min",
    description: "The lesser of two integers.",
    params: object({ a: { type: "integer" }, b: { type: "integer" } }, "a", "b"),
    result: { type: "integer" },
  },
  { name: "beats", description: "Beats for ever.", params: { type: "object" }, item: {} },
]);

export class Person {
  state: AppState;
  /** Of what was done last. */
  effects: readonly Effect<Message>[] = [];

  constructor(size = { columns: 80, rows: 24 }) {
    this.state = initialState(size, noFacts("/run/bulkhead.sock", 1_000_000));
    this.hears({ type: "plugins", plugins: [plugin("min"), plugin("lazy", "idle")] });
    this.hears({ type: "described", plugin: "min", described: { ok: true, value: min } });
    this.goes(undefined);
  }

  get call(): CallState {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the screen's own
    return this.state.screens.call as CallState;
  }

  /** What came last that would call a plugin. */
  get called(): Extract<Effect<Message>, { do: "call" }> {
    const effect = this.effects.find((each) => each.do === "call");
    if (effect === undefined) throw new Error("nothing was called");
    return effect;
  }

  hears(...news: News[]): this {
    return this.#take({ type: "fed", news });
  }

  /** @param arg of the effect `go` */
  goes(arg: unknown): this {
    // An effect of another screen, by way of a question.
    const yes = { do: "go", screen: "call", arg } as const;
    this.state = { ...this.state, overlay: { kind: "confirm", question: "", yes } };
    return this.#take({ type: "key", key: { name: "y", text: "y" } });
  }

  /** Names of keys; what is none is typed. */
  presses(...names: string[]): this {
    for (const name of names) {
      const isName = /^(ctrl\+|alt\+)|^(up|down|enter|esc|tab|backspace|pagedown)$/.test(name);
      const typed = isName
        ? [{ name, text: "" }]
        : Array.from(name, (char) => ({ name: char === " " ? "space" : char, text: char }));
      for (const key of typed) this.#take({ type: "key", key });
    }
    return this;
  }

  /** Of the call that was made last. */
  isTold(news: Partial<CallNews>): this {
    const { id } = this.call.call ?? { id: "" };
    return this.#take({
      type: "screen",
      to: "call",
      message: { type: "news", news: { id, elapsedMs: 12, ...news } },
    });
  }

  fails(error: BulkheadError): this {
    return this.isTold({ answer: { ok: false, error } });
  }

  does(): readonly string[] {
    return this.effects.map((effect) => effect.do);
  }

  #take(message: Message): this {
    const change = update(this.state, message);
    this.state = change.state;
    this.effects = change.effects;
    return this;
  }
}
