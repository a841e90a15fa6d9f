/** The lines around a screen: which screens there are, how the daemon is, what the keys do. Pure. */
import { terminalLine } from "../text/sanitize.ts";
import { wholeSeconds } from "../text/words.ts";
import type { Connection } from "./facts.ts";
import { overlayHints } from "./overlays/overlay.ts";
import { cut, widthOf } from "./parts/fit.ts";
import { activeBindings, sceneOf } from "./scene.ts";
import { screenIds } from "./screen.ts";
import { screens } from "./screens.ts";
import type { AppState } from "./state.ts";
import { tone } from "./theme.ts";
import type { Tone } from "./theme.ts";

interface Health {
  readonly text: string;
  /** The same where there is little room. */
  readonly short: string;
  readonly tone: Tone;
}

/** What gives way first when it is narrow: words of the daemon's health, then the titles of the other screens. */
export function headerLine(state: AppState): string {
  const { columns } = state.size;
  const health = healthOf(state);
  const full = tabsOf(state, true);
  const tabs = full.width + 1 + widthOf(health.short) <= columns ? full : tabsOf(state, false);
  const room = columns - tabs.width - 1;
  const text = cut(widthOf(health.text) <= room ? health.text : health.short, room);
  const gap = " ".repeat(Math.max(0, columns - tabs.width - widthOf(text)));
  return tabs.text + gap + tone(health.tone, text);
}

function tabsOf(state: AppState, withTitles: boolean): { readonly text: string; readonly width: number } {
  let width = 0;
  const tabs = screenIds.map((id, at) => {
    const isShown = id === state.screen;
    const title = withTitles || isShown ? `${screens[id].title} ` : "";
    width += widthOf(` ${at + 1} ${title}`);
    return isShown ? tone("selected", ` ${at + 1} ${title}`) : `${tone("dim", ` ${at + 1} `)}${title}`;
  });
  return { text: tabs.join(""), width };
}

/** That nothing can be done comes first: it is what is left where there is little room. */
function healthOf(state: AppState): Health {
  const { text, short, tone } = conditionOf(state);
  return state.facts.readOnly
    ? { text: `read-only ${text}`, short: `read-only ${short}`, tone }
    : { text, short, tone };
}

function conditionOf({ facts }: AppState): Health {
  const { connection, now, plugins } = facts;
  switch (connection.state) {
    case "connecting":
      return { text: "connecting…", short: "…", tone: "dim" };
    case "away": {
      const time = wholeSeconds(now - connection.since);
      return { text: `daemon away for ${time}`, short: `away ${time}`, tone: "bad" };
    }
    case "up": {
      const trouble = (plugins ?? []).filter(({ state }) => state === "failed" || state === "backoff").length;
      const serving = (plugins ?? []).filter(({ state }) => state === "serving").length;
      const text = `● ${serving} serving`;
      if (trouble === 0) return { text, short: text, tone: "good" };
      return { text: `${text}, ${trouble} in trouble`, short: `● ${serving} ! ${trouble}`, tone: "warn" };
    }
    default:
      return connection satisfies never;
  }
}

/** The command that does the same; a notice takes its place, and so does the daemon's absence. */
export function commandLine(state: AppState): string {
  const { notice, facts, size } = state;
  const width = size.columns;
  if (notice !== null) return tone(notice.tone, cut(terminalLine(notice.text), width));
  if (facts.connection.state === "away") return tone("bad", awayLine(facts.connection, facts.now, width));
  const command = screens[state.screen].command(state.screens[state.screen], sceneOf(state));
  return tone("dim", cut(terminalLine(`$ bulkhead ${command}`), width));
}

function awayLine(
  { error, next }: Extract<Connection, { state: "away" }>,
  now: number,
  width: number,
): string {
  const { code, hint = "" } = error;
  const again = ` · trying again ${next <= now ? "now" : `in ${wholeSeconds(next - now)}`}`;
  const message = `${error.message} [${code}]`;
  // One that answers, and can not be understood, is there already: starting it is no help, and what is comes first.
  const [why, todo] =
    code === "daemon_unreachable" ? [message, `${again} · bulkhead up -d`] : [`${hint} ${message}`, again];
  return cut(cut(terminalLine(why), width - widthOf(todo)) + todo, width);
}

interface Hint {
  readonly key: string;
  readonly hint: string;
}

export function hintLine(state: AppState): string {
  const { own, everywhere } = hintsOf(state);
  const { columns } = state.size;
  // Those that are everywhere come last and stay longest: whoever is lost needs help and the way out.
  const last = fitting(everywhere.toReversed(), columns).toReversed();
  const room = columns - last.reduce((sum, hint) => sum + widthIn(hint), 0);
  return [...fitting(own, room), ...last]
    .map(({ key, hint }) => `${tone("accent", key)} ${tone("dim", hint)}`)
    .join(gap);
}

/** The first of them, as many as there is room for. */
function fitting(hints: readonly Hint[], columns: number): readonly Hint[] {
  let room = columns + gap.length;
  const tooMany = hints.findIndex((hint) => (room -= widthIn(hint)) < 0);
  return tooMany === -1 ? hints : hints.slice(0, tooMany);
}

const gap = "  ";

function widthIn({ key, hint }: Hint): number {
  return widthOf(key) + 1 + widthOf(hint) + gap.length;
}

function hintsOf(state: AppState): { readonly own: readonly Hint[]; readonly everywhere: readonly Hint[] } {
  if (state.overlay !== null) return { own: overlayHints(state.overlay), everywhere: [] };
  const screen = screens[state.screen];
  const isTyping = screen.isTyping?.(state.screens[state.screen], sceneOf(state)) === true;
  const hints = (of: "screen" | "global"): readonly Hint[] =>
    activeBindings(state)
      .filter((each) => each.of === of)
      .flatMap(({ binding: { keys, hint } }) => (hint === undefined ? [] : [{ key: keys[0] ?? "", hint }]));
  return { own: hints("screen"), everywhere: isTyping ? [] : hints("global") };
}
