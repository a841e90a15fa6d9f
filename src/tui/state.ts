/** The whole of what is shown, and what changes it. Pure. */
import type { Effect } from "./effect.ts";
import { mapped } from "./effect.ts";
import { learn } from "./facts.ts";
import type { Facts, News } from "./facts.ts";
import type { Key } from "./keys.ts";
import { keyInOverlay, opened, pasteInOverlay } from "./overlays/overlay.ts";
import type { Overlay, OverlayStep } from "./overlays/overlay.ts";
import type { Binding, ScreenId, Size, Step } from "./screen.ts";
import { boundKeys, isRefused, sceneOf } from "./scene.ts";
import { screenIds } from "./screen.ts";
import { screens } from "./screens.ts";
import type { Tone } from "./theme.ts";

export interface Notice {
  readonly tone: Tone;
  readonly text: string;
  /** Unix time at which it goes. */
  readonly until: number;
}

export interface AppState {
  /** Of the terminal. */
  readonly size: Size;
  readonly screen: ScreenId;
  readonly facts: Facts;
  readonly screens: Readonly<Record<ScreenId, unknown>>;
  readonly overlay: Overlay | null;
  readonly notice: Notice | null;
}

export type Message =
  | { readonly type: "key"; readonly key: Key }
  | { readonly type: "paste"; readonly text: string }
  | { readonly type: "resize"; readonly size: Size }
  | { readonly type: "fed"; readonly news: readonly News[] }
  /** What came back of a screen's effect. */
  | { readonly type: "screen"; readonly to: ScreenId; readonly message: unknown }
  | { readonly type: "notice"; readonly tone: Tone; readonly text: string }
  /** What would be lost by leaving now. */
  | { readonly type: "losses"; readonly losses: readonly string[] };

export interface Change {
  readonly state: AppState;
  /** For the runner. */
  readonly effects: readonly Effect<Message>[];
}

/** What was begun and would be gone with this program, in words. */
export function lossesIn(state: AppState): readonly string[] {
  const scene = sceneOf(state);
  return screenIds.flatMap((id) => screens[id].losses?.(state.screens[id], scene) ?? []);
}

/** How long a notice stays, milliseconds. */
const noticeTime = 5000;

export function initialState(size: Size, facts: Facts): AppState {
  const states = screenIds.map((id) => [id, screens[id].initial] as const);
  return {
    size,
    screen: "plugins",
    facts,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one for each id
    screens: Object.fromEntries(states) as Record<ScreenId, unknown>,
    overlay: null,
    notice: null,
  };
}

export function update(state: AppState, message: Message): Change {
  switch (message.type) {
    case "key":
      return pressed(state, message.key);
    case "paste":
      return pasted(state, message.text);
    case "resize":
      return { state: { ...state, size: message.size }, effects: [] };
    case "fed":
      return fed(state, message.news);
    case "screen": {
      const { update: take } = screens[message.to];
      return take === undefined
        ? unchanged(state)
        : inScreen(state, message.to, take(state.screens[message.to], message.message, sceneOf(state)));
    }
    case "notice":
      return unchanged(noticed(state, message.tone, message.text));
    case "losses": {
      const question = `Really leave? ${message.losses.join(" ")}`;
      return carriedOut(state, [{ do: "confirm", question, yes: { do: "quit", isAgreed: true } }]);
    }
    default:
      return message satisfies never;
  }
}

function performed(state: AppState, binding: Binding<unknown, unknown>): Change {
  return inScreen(state, state.screen, binding.run(state.screens[state.screen], sceneOf(state)));
}

function pressed(state: AppState, key: Key): Change {
  if (key.name === "ctrl+c") return { state, effects: [{ do: "quit", isAgreed: true }] };
  if (key.name === "ctrl+z") return { state, effects: [{ do: "suspend" }] };
  if (state.overlay !== null) return inOverlay(state, keyInOverlay(state, state.overlay, key));
  const screen = screens[state.screen];
  const scene = sceneOf(state);
  const own = state.screens[state.screen];
  const isTyping = screen.isTyping?.(own, scene) === true;
  if (isTyping && (key.text !== "" || editing.has(key.name)) && screen.type !== undefined) {
    return inScreen(state, state.screen, screen.type(own, key, scene));
  }
  const bound = boundKeys(state).filter(({ of }) => of === "screen" || !isTyping);
  const found = bound.find(({ binding }) => binding.keys.includes(key.name))?.binding;
  if (found === undefined) return unchanged(state);
  if (!isRefused(found, state.facts)) return performed(state, found);
  return unchanged(noticed(state, "warn", `not on a read-only connection: ${found.label}`));
}

function inOverlay(state: AppState, { overlay, chosen }: OverlayStep): Change {
  const next = { ...state, overlay };
  if (chosen === undefined) return unchanged(next);
  switch (chosen.do) {
    case "binding":
      return performed(next, chosen.binding);
    case "effect":
      return carriedOut(next, [chosen.effect]);
    default:
      return chosen satisfies never;
  }
}

/** Keys that edit a text, beside those that type one. */
const editing: ReadonlySet<string> = new Set([
  "left",
  "right",
  "home",
  "end",
  "backspace",
  "delete",
  "ctrl+a",
  "ctrl+e",
  "ctrl+w",
  "ctrl+u",
  "ctrl+k",
  "alt+b",
  "alt+f",
  "ctrl+left",
  "ctrl+right",
]);

function pasted(state: AppState, text: string): Change {
  if (state.overlay !== null) return inOverlay(state, { overlay: pasteInOverlay(state.overlay, text) });
  const { paste, isTyping } = screens[state.screen];
  const scene = sceneOf(state);
  const own = state.screens[state.screen];
  // A paste where no text is typed would be a series of commands.
  if (paste === undefined || isTyping?.(own, scene) !== true) return unchanged(state);
  return inScreen(state, state.screen, paste(own, text, scene));
}

function fed(state: AppState, news: readonly News[]): Change {
  const before = state.facts;
  const facts = news.reduce(learn, before);
  const next = { ...state, facts, notice: isOver(state.notice, facts.now) ? null : state.notice };
  const { react } = screens[state.screen];
  if (react === undefined) return unchanged(next);
  return inScreen(next, state.screen, react(next.screens[state.screen], sceneOf(next), before));
}

/** Also where the clock was put back meanwhile. */
function isOver(notice: Notice | null, now: number): boolean {
  return notice !== null && (notice.until <= now || notice.until > now + noticeTime);
}

function inScreen(state: AppState, id: ScreenId, { state: own, effects }: Step<unknown, unknown>): Change {
  const next = own === state.screens[id] ? state : { ...state, screens: { ...state.screens, [id]: own } };
  const wrap = (message: unknown): Message => ({ type: "screen", to: id, message });
  return carriedOut(
    next,
    effects.map((effect) => mapped(effect, wrap)),
  );
}

/** Effects that only change what is shown are done here; the others are left to the runner. */
function carriedOut(state: AppState, effects: readonly Effect<Message>[]): Change {
  let now = state;
  const rest: Effect<Message>[] = [];
  for (const effect of effects) {
    switch (effect.do) {
      case "notice":
        now = noticed(now, effect.tone, effect.text);
        break;
      case "confirm":
        now = { ...now, overlay: { kind: "confirm", question: effect.question, yes: effect.yes } };
        break;
      case "overlay":
        now = { ...now, overlay: opened(effect.overlay, now) };
        break;
      case "go": {
        const change = gone(now, effect.screen, effect.arg);
        now = change.state;
        rest.push(...change.effects);
        break;
      }
      default:
        rest.push(effect);
    }
  }
  return { state: now, effects: rest };
}

function gone(state: AppState, id: ScreenId, arg: unknown): Change {
  const left = id === state.screen ? unchanged(state) : closed(state);
  const next: AppState = { ...left.state, screen: id, overlay: null };
  const { open } = screens[id];
  if (open === undefined) return { state: next, effects: left.effects };
  const change = inScreen(next, id, open(next.screens[id], arg, sceneOf(next)));
  return { state: change.state, effects: [...left.effects, ...change.effects] };
}

function closed(state: AppState): Change {
  const { close } = screens[state.screen];
  if (close === undefined) return unchanged(state);
  return inScreen(state, state.screen, close(state.screens[state.screen], sceneOf(state)));
}

function noticed(state: AppState, tone: Tone, text: string): AppState {
  return { ...state, notice: { tone, text, until: state.facts.now + noticeTime } };
}

function unchanged(state: AppState): Change {
  return { state, effects: [] };
}
