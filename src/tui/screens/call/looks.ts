/** The ways in which what came back can be looked at. Pure. */
import { asKind, drawingOf, kindsOf } from "../../shapes/shapes.ts";
import type { Drawing, Hint, Kind } from "../../shapes/shapes.ts";
import type { Target } from "./methods.ts";
import type { Call } from "./state.ts";

/** A line for each item; the last one drawn; all that are kept, drawn together. */
const streamLooks = ["items", "last item", "all items"] as const;
/** By the shape that fits best. */
const best = "best";

/** What is drawn anew for each item is looked at, not listed. */
export function firstLook({ method, plugin, isStream }: Target, before: Call | null): string {
  const isSame = before?.target.method === method && before.target.plugin === plugin;
  if (isSame) return before.look;
  if (!isStream) return best;
  return method.startsWith("view.") ? "last item" : "items";
}

export function looksOf({ target, answer }: Call): readonly string[] {
  if (target.isStream) return streamLooks;
  return answer?.ok === true ? kindsOf(answer.value, hintOf(target)) : [];
}

/** The next way to look at it. */
export function lookedAtOtherwise(call: Call): Call {
  const looks = looksOf(call);
  const now = call.look === best ? (call.drawing?.kind ?? best) : call.look;
  const next = looks[(looks.indexOf(now) + 1) % looks.length];
  return next === undefined ? call : { ...drawnAs(call, next), top: 0 };
}

/** With the drawing that belongs to the look: made once, not for each picture. */
export function drawnAs(call: Call, look: string): Call {
  return { ...call, look, drawing: drawingIn(call, look) };
}

function drawingIn({ target, answer, items }: Call, look: string): Drawing | null {
  const hint = hintOf(target);
  if (target.isStream) {
    if (look === "items" || items.length === 0) return null;
    return drawingOf(look === "last item" ? items.at(-1) : items, hint);
  }
  if (answer?.ok !== true) return null;
  const kind = kindsOf(answer.value, hint).find((each): each is Kind => each === look);
  return kind === undefined ? drawingOf(answer.value, hint) : asKind(answer.value, kind, hint);
}

function hintOf({ plugin, method }: Target): Hint {
  return { plugin, method };
}
