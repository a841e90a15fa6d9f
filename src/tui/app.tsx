/** The frame around the screens: which there are, how the daemon is, what the keys do. */
import { Box, useInput, usePaste, useWindowSize } from "ink";
import { useEffect, useSyncExternalStore } from "react";
import type { ReactNode } from "react";
import { commandLine, headerLine, hintLine } from "./frame-lines.ts";
import { keysOf } from "./keys.ts";
import { OverlayView } from "./overlays/overlays.tsx";
import { Lines } from "./parts/lines.tsx";
import { screens } from "./screens.ts";
import { frameRows, sceneOf } from "./scene.ts";
import type { AppState } from "./state.ts";
import type { Store } from "./store.ts";

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
