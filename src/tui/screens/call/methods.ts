/** What can be called, of all plugins, and finding it by typing. Pure. */
import { go as search } from "fuzzysort";
import { methodsOf } from "../../../../protocol/description.ts";
import type { JsonSchema, Method } from "../../../../protocol/description.ts";
import type { PluginStatus } from "../../../../protocol/state.ts";
import { shortMethod } from "../../../text/method-name.ts";
import type { DescribedOrNot, Facts } from "../../facts.ts";

/** A method or stream, with what it takes to call it. */
export interface Target {
  readonly plugin: string;
  /** `api.method` */
  readonly method: string;
  /** As much of it as the command line needs: `method`, where no other api has one of that name. */
  readonly short: string;
  readonly isStream: boolean;
  readonly described: Method;
}

export type Entry =
  | { readonly kind: "target"; readonly name: string; readonly about: string; readonly target: Target }
  /** A plugin of which the methods are not known: enter asks it. */
  | { readonly kind: "plugin"; readonly name: string; readonly about: string };

export interface Found {
  readonly entry: Entry;
  /** Of the name's characters, those that were typed. */
  readonly matched: readonly number[];
}

export function paramsOf({ described }: Target): JsonSchema | undefined {
  return described.params;
}

/** As a person names it: `chaos.panic`. */
export function nameOf({ plugin, short }: Target): string {
  return `${plugin}.${short}`;
}

/** Every key and every picture asks for all of them. */
const targetLists = new WeakMap<DescribedOrNot, readonly Target[]>();

/** The methods that calls can go to. */
export function targetsOf(plugin: string, described: DescribedOrNot | undefined): readonly Target[] {
  if (described === undefined) return [];
  const targets = targetLists.get(described) ?? targetsIn(plugin, described);
  targetLists.set(described, targets);
  return targets;
}

function targetsIn(plugin: string, described: DescribedOrNot): readonly Target[] {
  if (!described.ok) return [];
  const { apis, agreed } = described.value;
  const offered = [...methodsOf(apis).keys()];
  return apis
    .filter((api) => agreed.some(({ name, version }) => name === api.name && version === api.version))
    .flatMap((api) =>
      api.methods.map((method): Target => ({
        plugin,
        method: `${api.name}.${method.name}`,
        short: shortMethod(`${api.name}.${method.name}`, offered),
        isStream: method.item !== undefined,
        described: method,
      })),
    );
}

export function targetOf(facts: Facts, plugin: string, method: string): Target | undefined {
  return targetsOf(plugin, facts.descriptions.get(plugin)).find((each) => each.method === method);
}

/** In the order of the configuration. @param asked plugins that were asked just now */
export function entriesOf(facts: Facts, asked: ReadonlySet<string>): readonly Entry[] {
  return (facts.plugins ?? []).flatMap((plugin): readonly Entry[] => {
    const described = facts.descriptions.get(plugin.id);
    const targets = targetsOf(plugin.id, described);
    if (targets.length === 0) {
      return [
        { kind: "plugin", name: plugin.id, about: aboutPlugin(plugin, described, asked.has(plugin.id)) },
      ];
    }
    return targets.map((target): Entry => ({
      kind: "target",
      name: nameOf(target),
      about: `${target.isStream ? "stream: " : ""}${target.described.description ?? ""}`,
      target,
    }));
  });
}

function aboutPlugin(
  { state }: PluginStatus,
  described: DescribedOrNot | undefined,
  isAsked: boolean,
): string {
  if (described?.ok === true) return "has no method that can be called";
  if (isAsked && described === undefined) return "is being asked…";
  if (described?.ok === false)
    return `${described.error.message} [${described.error.code}]; enter asks again`;
  return state === "idle"
    ? "not started yet: enter asks it what it can do"
    : `${state}: enter asks it what it can do`;
}

/** Most of them are never looked at. */
const mostFound = 500;
/** Below it the letters are there, but nobody meant that. */
const leastScore = 0.35;

/** Those whose name fits, the best first, then those whose description says it; without a text, all in their order. */
export function found(entries: readonly Entry[], text: string): readonly Found[] {
  const sought = text.trim().toLowerCase();
  if (sought === "") return entries.map((entry) => ({ entry, matched: [] }));
  const named = namedLike(sought, entries);
  const known = new Set(named.map(({ entry }) => entry));
  const told = entries.filter(
    (entry) => entry.kind === "target" && !known.has(entry) && entry.about.toLowerCase().includes(sought),
  );
  return [...named, ...told.slice(0, mostFound).map((entry) => ({ entry, matched: [] }))];
}

/** By the name that is shown, or by the one with the api in it. */
function namedLike(sought: string, entries: readonly Entry[]): readonly Found[] {
  const options = { limit: mostFound, threshold: leastScore };
  const best = new Map<Entry, Found & { readonly score: number }>();
  for (const { obj: entry, score, indexes } of search(sought, entries, { ...options, key: "name" }))
    best.set(entry, { entry, score, matched: indexes });
  for (const { obj: entry, score, indexes } of search(sought, entries, { ...options, key: fullName })) {
    if (score > (best.get(entry)?.score ?? 0))
      best.set(entry, { entry, score, matched: inShortName(entry, indexes) });
  }
  return [...best.values()].sort((a, b) => b.score - a.score).slice(0, mostFound);
}

function fullName(entry: Entry): string {
  return entry.kind === "plugin" ? entry.name : `${entry.target.plugin}.${entry.target.method}`;
}

/** What of the full name is shown, at its place there. */
function inShortName(entry: Entry, indexes: readonly number[]): readonly number[] {
  const start = entry.kind === "plugin" ? 0 : entry.target.plugin.length + 1;
  const left = fullName(entry).length - entry.name.length;
  return indexes.flatMap((at) => (at < start ? [at] : at < start + left ? [] : [at - left]));
}

/** It can say what it is without being started for it. */
function isDescribable({ state, apis }: PluginStatus): boolean {
  return state === "serving" || apis.length > 0;
}

/** Those whose description is missing or may be of an earlier life. @param before null: nothing is taken for known */
export function toDescribe(facts: Facts, before: Facts | null): readonly string[] {
  return (facts.plugins ?? []).filter(isDescribable).flatMap((plugin) => {
    const known = facts.descriptions.get(plugin.id);
    const past = before?.plugins?.find(({ id }) => id === plugin.id);
    const isSame = past?.generation === plugin.generation && past.state === plugin.state;
    return known !== undefined && isSame ? [] : [plugin.id];
  });
}

/** `min.` asks for what the plugin of that name has. */
export function askedByName(facts: Facts, text: string): string | undefined {
  const [, id] = /^\s*([a-z][a-z0-9-]*)\./.exec(text) ?? [];
  const isKnown = facts.plugins?.some((plugin) => plugin.id === id) === true;
  return id !== undefined && isKnown && !facts.descriptions.has(id) ? id : undefined;
}
