/** Making a call, and what becomes of it. Pure. */
import type { Effect } from "../../effect.ts";
import type { CallNews } from "../../effect.ts";
import { notice } from "../../effect.ts";
import { isObject } from "../../../text/schema.ts";
import { plural } from "../../../text/words.ts";
import { formOf, isUnreadable, objections, refused } from "../../form/form.ts";
import type { Form } from "../../form/form.ts";
import { step } from "../../screen.ts";
import type { Scene } from "../../screen.ts";
import { bodySize } from "./layout.ts";
import { drawnAs, firstLook } from "./looks.ts";
import { paramsOf } from "./methods.ts";
import type { Target } from "./methods.ts";
import { isRunning, mostHistory, mostItems } from "./state.ts";
import type { Call, CallMessage, CallState, CallStep, PastCall } from "./state.ts";

const words = { name: "params", submit: "Call" } as const;

/** Shows the form of a method. @param params what it begins with; undefined: what it requires */
export function drafted(state: CallState, target: Target, params: unknown, scene: Scene): CallState {
  const fresh = formOf(paramsOf(target), words, params);
  const form = params === undefined ? withPlace(fresh, target, scene) : fresh;
  return { ...state, part: "form", draft: { target, form, isWarned: false }, wanted: null };
}

/** A View plugin draws for a place: the one where its answer will be. */
function withPlace(form: Form, { method }: Target, scene: Scene): Form {
  const names = new Set(form.rows.map(({ pointer }) => pointer));
  if (!method.startsWith("view.") || !names.has("/width") || !names.has("/rows") || !isObject(form.value)) {
    return form;
  }
  const { columns: width, rows } = bodySize(scene);
  return formOf(form.schema, words, { ...form.value, width, rows });
}

/** The same form for a method that is described in another way now. */
export function redrafted(state: CallState, target: Target): CallState {
  if (state.draft === null) return state;
  const form = formOf(paramsOf(target), words, state.draft.form.value);
  return { ...state, draft: { target, form, isWarned: false } };
}

/** Calls what is in the form; what the plugin will refuse only when it is asked for twice. */
export function submitted(state: CallState, scene: Scene): CallStep {
  const { draft } = state;
  if (draft === null) return step(state);
  if (isUnreadable(draft.form))
    return step(state, notice("bad", "this is no JSON: there is nothing to call it with"));
  if (!draft.isWarned && objections(draft.form).length > 0) {
    return step({ ...state, draft: { ...draft, isWarned: true } });
  }
  return called({ ...state, draft: { ...draft, isWarned: false } }, draft.target, draft.form.value, scene);
}

export function called(state: CallState, target: Target, params: unknown, scene: Scene): CallStep {
  if (isRunning(state.call)) {
    return step({ ...state, part: "result" }, notice("warn", "a call is under way: ctrl+x cancels it"));
  }
  const id = `call-${state.count + 1}`;
  const at = scene.facts.now;
  const call: Call = {
    id,
    target,
    params,
    at,
    elapsedMs: 0,
    progress: undefined,
    items: [],
    itemCount: 0,
    answer: null,
    look: firstLook(target, state.call),
    drawing: null,
    top: 0,
    isFollowing: true,
  };
  const past: PastCall = { id, target, params, at, outcome: null };
  const effect: Effect<CallMessage> = {
    do: "call",
    call: { id, target: `${target.plugin}/${target.method}`, params, isStream: target.isStream },
    reply: (news) => ({ type: "news", news }),
  };
  const history = [past, ...state.history].slice(0, mostHistory);
  return step({ ...state, part: "result", call, history, count: state.count + 1 }, effect);
}

export function cancelled(state: CallState): CallStep {
  return isRunning(state.call) ? step(state, { do: "cancel", id: state.call.id }) : step(state);
}

/** What was told of a call. */
export function heard(state: CallState, news: CallNews): CallState {
  const next = { ...state, history: state.history.map((past) => settled(past, news, state.call)) };
  const { call } = state;
  if (call?.id !== news.id) return next;
  const now = drawnAs(
    {
      ...call,
      elapsedMs: news.elapsedMs,
      ...("progress" in news ? { progress: news.progress } : {}),
      items: news.items === undefined ? call.items : [...call.items, ...news.items].slice(-mostItems),
      itemCount: call.itemCount + (news.items?.length ?? 0),
      answer: news.answer ?? null,
    },
    call.look,
  );
  return { ...next, call: now, draft: objected(state.draft, now) };
}

function settled(past: PastCall, { id, answer, elapsedMs, items }: CallNews, call: Call | null): PastCall {
  if (past.id !== id || answer === undefined) return past;
  const count = call?.id === id ? call.itemCount + (items?.length ?? 0) : 0;
  const told = past.target.isStream && count > 0 ? plural(count, "item") : "";
  if (answer.ok)
    return { ...past, outcome: { words: told === "" ? "answered" : told, tone: "good", elapsedMs } };
  const { code } = answer.error;
  const outcome = told === "" ? code : `${told}, ${code}`;
  return { ...past, outcome: { words: outcome, tone: code === "cancelled" ? "warn" : "bad", elapsedMs } };
}

/** A plugin that says which value it does not take marks it, while it still stands there. */
function objected(draft: CallState["draft"], { answer, target, params }: Call): CallState["draft"] {
  if (draft === null || draft.target.method !== target.method || draft.target.plugin !== target.plugin)
    return draft;
  if (answer === null || answer.ok || draft.form.value !== params) return draft;
  const { code, data, message } = answer.error;
  const path = isObject(data) ? data["path"] : undefined;
  if (code !== "invalid_params" || typeof path !== "string") return draft;
  return { ...draft, form: refused(draft.form, { pointer: path, message }) };
}
