/** Calling a method: choosing it, filling in its form, looking at what comes back. */
import { Box } from "ink";
import type { ReactNode } from "react";
import { formLines } from "../form/form-lines.ts";
import { objections } from "../form/form.ts";
import { Lines } from "../parts/lines.tsx";
import { step } from "../screen.ts";
import type { Scene, Screen, Size } from "../screen.ts";
import { oneLine } from "../shapes/plain.ts";
import { tone } from "../theme.ts";
import { heard } from "./call/calling.ts";
import { draftCommand, draftKeys, pastedInDraft, typedInDraft } from "./call/form-keys.ts";
import { historyKeys } from "./call/history-keys.ts";
import { historyLines, pastCallIn, pastCommand } from "./call/history-lines.ts";
import { nameOf } from "./call/methods.ts";
import { formSize, gutter, headRows, isWide, resultSize } from "./call/layout.ts";
import { openedWith, reacted } from "./call/opening.ts";
import { pastedInPicker, pickerKeys, typedInPicker } from "./call/picker-keys.ts";
import { chosenIn, pickerLines } from "./call/picker-lines.ts";
import { emptyResultLines, resultLines } from "./call/result-lines.ts";
import { commandOf, resultKeys } from "./call/result-keys.ts";
import { initialCallState } from "./call/state.ts";
import type { CallBinding, CallMessage, CallState, Draft } from "./call/state.ts";

export const callScreen: Screen<CallState, CallMessage> = {
  id: "call",
  title: "Call",
  initial: initialCallState,
  bindings: keysOf,
  isTyping: ({ part, picker }) => part === "form" || (part === "picker" && picker.isTyping),
  type: (state, key, scene) =>
    state.part === "form" ? typedInDraft(state, key) : typedInPicker(state, key, scene),
  paste: (state, text, scene) =>
    state.part === "form" ? pastedInDraft(state, text) : pastedInPicker(state, text, scene),
  open: openedWith,
  react: reacted,
  update: (state, { news }) => step(heard(state, news)),
  command: commandFor,
  View: CallView,
};

function keysOf(state: CallState): readonly CallBinding[] {
  switch (state.part) {
    case "picker":
      return pickerKeys(state);
    case "form":
      return draftKeys;
    case "result":
      return resultKeys;
    case "history":
      return historyKeys;
    default:
      return state.part satisfies never;
  }
}

function commandFor(state: CallState, scene: Scene): string {
  return commandText(state, scene).replace(/^bulkhead /, "");
}

const none = "call PLUGIN.METHOD";

function commandText(state: CallState, scene: Scene): string {
  const { part, draft, call } = state;
  switch (part) {
    case "picker": {
      const entry = chosenIn(state, scene);
      if (entry === undefined) return "ps";
      return entry.kind === "plugin" ? `describe ${entry.name}` : `call ${entry.name}`;
    }
    case "form": {
      return draft === null ? none : draftCommand(draft);
    }
    case "result":
      return call === null ? none : commandOf(call);
    case "history": {
      const past = pastCallIn(state, scene);
      return past === undefined ? none : pastCommand(past);
    }
    default:
      return part satisfies never;
  }
}

function CallView({ state, scene }: { readonly state: CallState; readonly scene: Scene }): ReactNode {
  const { rows } = scene.size;
  const { part, draft, call } = state;
  if (part === "picker") return <Lines lines={pickerLines(state, scene)} rows={rows} />;
  if (part === "history") return <Lines lines={historyLines(state, scene)} rows={rows} />;
  const left = formSize(scene);
  const right = resultSize(scene);
  const form = draft === null ? [] : draftLines(draft, left, part === "form");
  const result = call === null ? emptyResultLines(right) : resultLines(call, scene, right);
  if (!isWide(scene)) return <Lines lines={part === "form" ? form : result} rows={rows} />;
  const between = Array.from({ length: rows }, () => tone("dim", " │ "));
  return (
    <Box height={rows}>
      <Box width={left.columns} flexShrink={0}>
        <Lines lines={form} rows={rows} />
      </Box>
      <Box width={gutter} flexShrink={0}>
        <Lines lines={between} rows={rows} />
      </Box>
      <Box width={right.columns} flexShrink={0}>
        <Lines lines={result} rows={rows} />
      </Box>
    </Box>
  );
}

/** The form below what it is about. */
export function draftLines({ target, form, isWarned }: Draft, size: Size, isActive: boolean): string[] {
  const { columns, rows } = size;
  const name = oneLine(`${nameOf(target)}${target.isStream ? "  stream" : ""}`, columns);
  const about = isWarned
    ? tone(
        "warn",
        oneLine(`Call it anyway? The plugin would refuse it: ${objections(form).join(", ")}`, columns),
      )
    : tone("dim", oneLine(target.described.description ?? "", columns));
  const head = [tone("title", name), about].slice(0, headRows);
  const room = Math.max(1, rows - headRows - (rows > 8 ? 1 : 0));
  const body = formLines(form, { columns, rows: room }, isActive);
  return [...head, ...(rows > 8 ? [""] : []), ...body].slice(0, rows);
}
