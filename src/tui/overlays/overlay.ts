/** What stands before the screen and has the keys: help, the palette, a question. Pure. */
import type { Effect } from "../effect.ts";
import type { Key } from "../keys.ts";
import { listTop, movedList, moveKeys, scrolled } from "../parts/list.ts";
import type { ListPosition } from "../parts/list.ts";
import { edited, emptyInput, inserted } from "../parts/text-input.ts";
import type { TextInput } from "../parts/text-input.ts";
import type { Binding, Size } from "../screen.ts";
import type { AppState, Message } from "../state.ts";
import { helpLines } from "./help.ts";
import { paletteEntries } from "./palette.ts";

export type Overlay =
  | { readonly kind: "help"; readonly top: number }
  | {
      readonly kind: "palette";
      /** When it was opened: what is to be chosen from must not move under the cursor. */
      readonly at: AppState;
      readonly input: TextInput;
      readonly position: ListPosition;
    }
  | { readonly kind: "confirm"; readonly question: string; readonly yes: Effect<Message> };

export function opened(kind: "help" | "palette", at: AppState): Overlay {
  return kind === "help" ? { kind, top: 0 } : { kind, at, input: emptyInput, position: listTop };
}

/** Columns and lines inside the border of an overlay. */
export function overlaySize({ columns, rows }: Size): Size {
  return { columns: Math.max(1, Math.min(100, columns - 8)), rows: Math.max(3, Math.min(40, rows - 6)) };
}

/** What a key leads to: the overlay stays, goes, or has been chosen from. */
export interface OverlayStep {
  readonly overlay: Overlay | null;
  readonly chosen?: Choice;
}

export type Choice =
  | { readonly do: "binding"; readonly binding: Binding<unknown, unknown> }
  | { readonly do: "effect"; readonly effect: Effect<Message> };

export function keyInOverlay(state: AppState, overlay: Overlay, key: Key): OverlayStep {
  if (key.name === "esc") return { overlay: null };
  const { columns, rows } = overlaySize(state.size);
  switch (overlay.kind) {
    case "confirm":
      if (key.name === "y" || key.name === "Y") {
        return { overlay: null, chosen: { do: "effect", effect: overlay.yes } };
      }
      return { overlay: key.name === "n" || key.name === "N" || key.name === "q" ? null : overlay };
    case "help": {
      if (key.name === "q" || key.name === "?") return { overlay: null };
      const move = moveKeys.find(({ keys }) => keys.includes(key.name))?.move;
      if (move === undefined) return { overlay };
      return {
        overlay: { ...overlay, top: scrolled(overlay.top, move, helpLines(state, columns).length, rows) },
      };
    }
    case "palette":
      return inPalette(overlay, key, rows - 1);
    default:
      return overlay satisfies never;
  }
}

/** What its keys do, for the footer. */
export function overlayHints(overlay: Overlay): readonly { readonly key: string; readonly hint: string }[] {
  switch (overlay.kind) {
    case "confirm":
      return [
        { key: "y", hint: "yes" },
        { key: "n", hint: "no" },
      ];
    case "help":
      return [
        { key: "j", hint: "down" },
        { key: "k", hint: "up" },
        { key: "esc", hint: "close" },
      ];
    case "palette":
      return [
        { key: "enter", hint: "do it" },
        { key: "down", hint: "next" },
        { key: "up", hint: "previous" },
        { key: "esc", hint: "close" },
      ];
    default:
      return overlay satisfies never;
  }
}

export function pasteInOverlay(overlay: Overlay, text: string): Overlay {
  if (overlay.kind !== "palette") return overlay;
  return { ...overlay, input: inserted(overlay.input, text.replaceAll(/\s+/g, " ")), position: listTop };
}

const paletteMoves: Readonly<Record<string, "up" | "down">> = {
  up: "up",
  down: "down",
  "ctrl+p": "up",
  "ctrl+n": "down",
};

function inPalette(overlay: Extract<Overlay, { kind: "palette" }>, key: Key, rows: number): OverlayStep {
  const entries = paletteEntries(overlay.at, overlay.input.text);
  const move = paletteMoves[key.name];
  if (move !== undefined) {
    return { overlay: { ...overlay, position: movedList(overlay.position, move, entries.length, rows) } };
  }
  if (key.name === "enter") {
    const chosen = entries[overlay.position.cursor]?.choice;
    return chosen === undefined ? { overlay } : { overlay: null, chosen };
  }
  const input = edited(overlay.input, key);
  return { overlay: input === overlay.input ? overlay : { ...overlay, input, position: listTop } };
}
