/** What stands before the screen, drawn. */
import { Box } from "ink";
import type { ReactNode } from "react";
import { terminalLine, terminalText } from "../../text/sanitize.ts";
import { cut, fit, widthOf, wrap } from "../parts/fit.ts";
import { Lines } from "../parts/lines.tsx";
import { placed } from "../parts/list.ts";
import { promptLine } from "../parts/prompt.ts";
import type { AppState } from "../state.ts";
import { tone } from "../theme.ts";
import { helpLines } from "./help.ts";
import { overlaySize } from "./overlay.ts";
import type { Overlay } from "./overlay.ts";
import { paletteEntries } from "./palette.ts";

interface OverlayProps {
  readonly state: AppState;
  readonly overlay: Overlay;
  /** Lines that there are for it, border included. */
  readonly rows: number;
}

export function OverlayView({ state, overlay, rows }: OverlayProps): ReactNode {
  const { columns } = overlaySize(state.size);
  const lines = linesOf(state, overlay, columns, rows - 2);
  return (
    <Box height={rows} justifyContent="center" alignItems="center">
      <Box borderStyle="round" paddingX={1} width={columns + 4} flexShrink={0}>
        <Lines lines={lines} rows={Math.min(lines.length, rows - 2)} />
      </Box>
    </Box>
  );
}

function linesOf(state: AppState, overlay: Overlay, width: number, room: number): string[] {
  switch (overlay.kind) {
    case "confirm":
      return [
        ...wrap(terminalText(overlay.question), width),
        "",
        `${tone("accent", "y")} yes   ${tone("accent", "n")} no`,
      ];
    case "help": {
      const lines = helpLines(state, width);
      const rows = Math.min(room, overlaySize(state.size).rows);
      // The terminal may have grown since it was scrolled.
      const top = Math.min(overlay.top, Math.max(0, lines.length - rows));
      return lines.slice(top, top + rows);
    }
    case "palette": {
      const entries = paletteEntries(overlay.at, overlay.input.text);
      const rows = Math.max(1, Math.min(room, overlaySize(state.size).rows) - 1);
      const { cursor, top } = placed(overlay.position, entries.length, rows);
      const shown = entries.slice(top, top + rows).map(({ label, keys }, at) => {
        const room = Math.max(0, width - widthOf(keys));
        const line = cut(`${fit(cut(terminalLine(label), room - 1), room)}${keys}`, width);
        return top + at === cursor ? tone("selected", line) : line;
      });
      if (entries.length === 0) shown.push(tone("dim", "nothing is called like that"));
      return [promptLine(":", overlay.input, width), ...shown];
    }
    default:
      return overlay satisfies never;
  }
}
