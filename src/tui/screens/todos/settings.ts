/** The settings of a plugin while they are changed: nothing is in force before all of it is kept. Pure. */
import type { PluginSetting, PluginSettings } from "../../../../protocol/control-results.ts";
import { parseJson } from "../../../text/typed-value.ts";
import type { ListPosition } from "../../parts/list.ts";
import type { TextInput } from "../../parts/text-input.ts";

export interface SettingsMode {
  readonly kind: "settings";
  readonly plugin: string;
  /** Null: not there yet. */
  readonly settings: PluginSettings | null;
  readonly position: ListPosition;
  /** By key; what is to become of it. */
  readonly edits: ReadonlyMap<string, SettingEdit>;
  /** Of the setting under the cursor. */
  readonly typing: TextInput | null;
  /** What is wrong with what was typed, or why the daemon did not take it. */
  readonly problem: string | null;
  readonly isSaving: boolean;
  /** Esc was pressed once, and something would be lost. */
  readonly isLeaving: boolean;
}

export type SettingEdit = { readonly do: "set"; readonly value: unknown } | { readonly do: "unset" };

export type TypedSetting =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly why: string };

/** As it would be with the edit. */
export function shownValue({ value, default: usual }: PluginSetting, edit: SettingEdit | undefined): unknown {
  switch (edit?.do) {
    case "set":
      return edit.value;
    case "unset":
      return usual;
    case undefined:
      return value;
    default:
      return edit satisfies never;
  }
}

/** The values that a key goes through; null: the value is typed. */
export function choicesIn({ type, choices }: PluginSetting): readonly unknown[] | null {
  if (type === "boolean") return [false, true];
  return choices !== undefined && choices.length > 0 ? choices : null;
}

/** The choice behind the one that it is; from the last one on to the first. */
export function nextChoice(choices: readonly unknown[], value: unknown): unknown {
  const text = JSON.stringify(value);
  const at = choices.findIndex((each) => JSON.stringify(each) === text);
  return choices[(at + 1) % choices.length];
}

/** What is there to begin with when it is typed anew. A secret is not known here. */
export function typedText({ type }: PluginSetting, value: unknown): string {
  if (type === "secret" || value === undefined) return "";
  return typeof value === "string" && type === "string" ? value : JSON.stringify(value);
}

export function typedSetting({ type, key }: PluginSetting, text: string): TypedSetting {
  switch (type) {
    case "string":
    case "secret":
      return { ok: true, value: text };
    case "integer": {
      const value = Number(text.trim());
      const isInteger = /^-?\d+$/.test(text.trim()) && Number.isSafeInteger(value);
      return isInteger ? { ok: true, value } : { ok: false, why: `${key} must be a whole number` };
    }
    case "strings": {
      const value = json(text);
      const isList = Array.isArray(value) && value.every((each) => typeof each === "string");
      return isList ? { ok: true, value } : { ok: false, why: `${key} must be a list such as ["a", "b"]` };
    }
    case "boolean":
    case "select":
    case "other": {
      const value = json(text);
      return value === undefined
        ? { ok: false, why: `${key} must be JSON; a text needs "quotes"` }
        : { ok: true, value };
    }
    default:
      return type satisfies never;
  }
}

function json(text: string): unknown {
  try {
    return parseJson(text, "");
  } catch {
    return undefined;
  }
}

/** For `plugin.configure`. */
export function configuring(edits: SettingsMode["edits"]): {
  readonly set: Record<string, unknown>;
  readonly unset: string[];
} {
  const all = [...edits];
  return {
    set: Object.fromEntries(
      all.flatMap(([key, edit]) => (edit.do === "set" ? [[key, edit.value] as const] : [])),
    ),
    unset: all.flatMap(([key, edit]) => (edit.do === "unset" ? [key] : [])),
  };
}
