/** The frame around the screens: which there are, how the daemon is, what the keys do. */
import { Box, useInput, usePaste, useWindowSize } from "ink";
import { useEffect, useSyncExternalStore } from "react";
import type { ReactNode } from "react";
import { duration } from "../text/words.ts";
import { terminalLine } from "../text/sanitize.ts";
import { keysOf } from "./keys.ts";
import { OverlayView } from "./overlays/overlays.tsx";
import { cut, widthOf } from "./parts/fit.ts";
import { Lines } from "./parts/lines.tsx";
import { screenIds } from "./screen.ts";
import { screens } from "./screens.ts";
import { activeBindings, frameRows, sceneOf } from "./scene.ts";
import type { AppState } from "./state.ts";
import type { Store } from "./store.ts";
import { tone } from "./theme.ts";

export function App({ store }: { readonly store: Store }): ReactNode {
  const state = useSyncExternalStore(store.subscribe, store.shown);
  const { columns, rows } = useWindowSize();
  useEffect(() => {
    store.dispatch({ type: "resize", size: { columns, rows } });
  }, [store, columns, rows]);
  useInput((input, key) => {
    for (const each of keysOf(input, key)) store.dispatch({ type: "key", key: each });
  });
  usePaste((text) => store.dispatch({ type: "paste", text }));
  return <Frame state={state} />;
}

export function Frame({ state }: { readonly state: AppState }): ReactNode {
  const { size, overlay } = state;
  const body = Math.max(1, size.rows - frameRows);
  const { View } = screens[state.screen];
  return (
    <Box flexDirection="column" width={size.columns} height={size.rows}>
      <Lines lines={[headerLine(state)]} rows={1} />
      <Box height={body} flexDirection="column" overflow="hidden">
        {overlay === null ? (
          <View state={state.screens[state.screen]} scene={sceneOf(state)} />
        ) : (
          <OverlayView state={state} overlay={overlay} rows={body} />
        )}
      </Box>
      <Lines lines={[commandLine(state), hintLine(state)]} rows={2} />
    </Box>
  );
}

function headerLine(state: AppState): string {
  const { columns } = state.size;
  const health = healthOf(state);
  const room = columns - widthOf(health.text) - 1;
  let used = 0;
  const tabs = screenIds.map((id, at) => {
    const text = ` ${at + 1} ${screens[id].title} `;
    used += widthOf(text);
    if (used > room) return "";
    return id === state.screen
      ? tone("selected", text)
      : tone("dim", ` ${at + 1}`) + ` ${screens[id].title} `;
  });
  const gap = Math.max(1, columns - Math.min(used, room) - widthOf(health.text));
  return tabs.join("") + " ".repeat(gap) + tone(health.tone, health.text);
}

function healthOf({ facts }: AppState): { text: string; tone: "good" | "warn" | "bad" | "dim" } {
  const { connection, now, plugins } = facts;
  switch (connection.state) {
    case "connecting":
      return { text: "connecting…", tone: "dim" };
    case "away":
      return { text: `daemon away for ${duration(now - connection.since)}`, tone: "bad" };
    case "up": {
      const trouble = (plugins ?? []).filter(({ state }) => state === "failed" || state === "backoff").length;
      const serving = (plugins ?? []).filter(({ state }) => state === "serving").length;
      return trouble === 0
        ? { text: `● ${serving} serving`, tone: "good" }
        : { text: `● ${serving} serving, ${trouble} in trouble`, tone: "warn" };
    }
    default:
      return connection satisfies never;
  }
}

/** The command that does the same; a notice takes its place, and so does the daemon's absence. */
function commandLine(state: AppState): string {
  const { notice, facts, size } = state;
  const width = size.columns;
  if (notice !== null) return tone(notice.tone, cut(terminalLine(notice.text), width));
  const { connection, now } = facts;
  if (connection.state === "away") {
    const next = connection.next <= now ? "now" : `in ${duration(connection.next - now)}`;
    const why = `${connection.error.message} [${connection.error.code}] · trying again ${next} · bulkhead up -d`;
    return tone("bad", cut(terminalLine(why), width));
  }
  const command = screens[state.screen].command(state.screens[state.screen], sceneOf(state));
  return tone("dim", cut(terminalLine(`$ bulkhead ${command}`), width));
}

function hintLine(state: AppState): string {
  const { columns } = state.size;
  const screen = screens[state.screen];
  const isTyping =
    state.overlay === null && screen.isTyping?.(state.screens[state.screen], sceneOf(state)) === true;
  const hints = activeBindings(state)
    .filter(({ of }) => of === "screen" || !isTyping)
    .flatMap(({ binding: { keys, hint } }) => (hint === undefined ? [] : [{ key: keys[0] ?? "", hint }]));
  let room = columns;
  const shown: string[] = [];
  // Those that are everywhere come last and stay longest: whoever is lost needs help and the way out.
  const last = isTyping ? 0 : 3;
  const ending = hints.slice(hints.length - last);
  room -= ending.reduce((sum, { key, hint }) => sum + widthOf(key) + widthOf(hint) + 3, 0);
  for (const { key, hint } of hints.slice(0, hints.length - last)) {
    room -= widthOf(key) + widthOf(hint) + 3;
    if (room < 0) break;
    shown.push(`${tone("accent", key)} ${tone("dim", hint)}`);
  }
  for (const { key, hint } of ending) shown.push(`${tone("accent", key)} ${tone("dim", hint)}`);
  return shown.join("  ");
}
