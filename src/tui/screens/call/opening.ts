/** Coming to the screen, and what the facts say in the meantime. Pure. */
import { notice } from "../../effect.ts";
import type { Effect } from "../../effect.ts";
import type { Facts } from "../../facts.ts";
import { isObject } from "../../../text/schema.ts";
import { listTop } from "../../parts/list.ts";
import { inputOf } from "../../parts/text-input.ts";
import { step } from "../../screen.ts";
import type { Scene } from "../../screen.ts";
import { drafted, redrafted } from "./calling.ts";
import { paramsOf, targetOf, targetsOf, toDescribe } from "./methods.ts";
import type { CallState, CallStep, Wanted } from "./state.ts";

const ask = (plugin: string): Effect<never> => ({ do: "describe", plugin });

export function openedWith(state: CallState, arg: unknown, scene: Scene): CallStep {
  const wanted = wantedIn(arg);
  const known = toDescribe(scene.facts, null).filter((each) => each !== wanted?.plugin);
  if (wanted === undefined) return step(state, ...known.map(ask));
  const { plugin, method } = wanted;
  const input = inputOf(`${plugin}.`);
  const asked = new Set(state.picker.asked).add(plugin);
  const picker = { ...state.picker, input, isTyping: method === undefined, position: listTop, asked };
  const next: CallState = { ...state, part: "picker", picker, wanted: method === undefined ? null : wanted };
  const opened = resolved(next, scene);
  return step(opened, ask(plugin), ...known.map(ask));
}

function wantedIn(arg: unknown): Wanted | undefined {
  if (!isObject(arg) || typeof arg["plugin"] !== "string") return undefined;
  const { plugin, method, params } = arg;
  return { plugin, method: typeof method === "string" ? method : undefined, params };
}

/** The form of what was asked for, as soon as it is known; of several methods, those of the plugin. */
function resolved(state: CallState, scene: Scene): CallState {
  const { wanted, picker } = state;
  if (wanted === null) return state;
  const { plugin, method, params } = wanted;
  const targets = targetsOf(plugin, scene.facts.descriptions.get(plugin));
  const [only, ...more] = targets.filter((each) => method === undefined || each.method === method);
  if (only === undefined) return state;
  if (more.length === 0) return drafted(state, only, params, scene);
  return { ...state, picker: { ...picker, input: inputOf(`${plugin}.`), position: listTop }, wanted: null };
}

export function reacted(state: CallState, scene: Scene, before: Facts): CallStep {
  const { facts } = scene;
  const toAsk = facts.plugins === before.plugins ? [] : toDescribe(facts, before);
  const isTold = facts.descriptions !== before.descriptions;
  const change = isTold ? told(state, scene, before) : step(state);
  return step(change.state, ...change.effects, ...toAsk.map(ask));
}

/** A plugin has said what it is. */
function told(state: CallState, scene: Scene, before: Facts): CallStep {
  const { wanted, draft, picker } = state;
  const { descriptions } = scene.facts;
  const isNew = (plugin: string): boolean => descriptions.get(plugin) !== before.descriptions.get(plugin);
  const asked = new Set([...picker.asked].filter((plugin) => !isNew(plugin)));
  const now: CallState = { ...state, picker: { ...picker, asked } };
  if (wanted !== null && isNew(wanted.plugin)) {
    const next = resolved(now, scene);
    if (next !== now) return step(next);
    const described = descriptions.get(wanted.plugin);
    const missing = wanted.method === undefined ? "method that can be called" : `method ${wanted.method}`;
    const why = described?.ok === false ? described.error.message : `${wanted.plugin} has no ${missing}`;
    return step({ ...now, wanted: null }, notice("bad", why));
  }
  if (draft === null || !isNew(draft.target.plugin)) return step(now);
  const target = targetOf(scene.facts, draft.target.plugin, draft.target.method);
  const isSame = JSON.stringify(target && paramsOf(target)) === JSON.stringify(paramsOf(draft.target));
  if (target === undefined || isSame) return step(now);
  return step(
    redrafted(now, target),
    notice("warn", "the method is described in another way now; the form is the new one"),
  );
}
