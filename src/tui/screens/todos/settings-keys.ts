/** Keys while the settings of a plugin are changed. */
import type { PluginSetting } from "../../../../protocol/control-results.ts";
import { control } from "../../effect.ts";
import { listTop, movedList, moveKeys } from "../../parts/list.ts";
import { inputOf } from "../../parts/text-input.ts";
import { step } from "../../screen.ts";
import type { Scene } from "../../screen.ts";
import { choicesIn, configuring, nextChoice, shownValue, typedSetting, typedText } from "./settings.ts";
import type { SettingEdit, SettingsMode } from "./settings.ts";
import { backToList } from "./state.ts";
import type { TodosBinding, TodosMessage, TodosState, TodosStep } from "./state.ts";

/** Lines that are not the settings': whose they are, and what is to be said of one of them. */
const settingsOwnRows = 7;

export function settingsRoom({ size }: Scene): number {
  return Math.max(1, size.rows - settingsOwnRows);
}

export function loadingSettings(state: TodosState, plugin: string): TodosStep {
  const mode: SettingsMode = {
    kind: "settings",
    plugin,
    settings: null,
    position: listTop,
    edits: new Map(),
    typing: null,
    problem: null,
    isSaving: false,
    isLeaving: false,
  };
  const reply = control("plugin.settings", { plugin }, (answer): TodosMessage => ({
    type: "settings",
    plugin,
    answer,
  }));
  return step({ ...state, mode }, reply);
}

/** The one under the cursor. */
export function settingAt({ settings, position }: SettingsMode): PluginSetting | undefined {
  return settings?.settings[position.cursor];
}

function edited(mode: SettingsMode, key: string, edit: SettingEdit | null): SettingsMode {
  const edits = new Map(mode.edits);
  if (edit === null) edits.delete(key);
  else edits.set(key, edit);
  return { ...mode, edits, typing: null, problem: null, isLeaving: false };
}

export function settingsKeys(mode: SettingsMode): readonly TodosBinding[] {
  return mode.typing === null ? browsing(mode) : typing(mode, mode.typing.text);
}

function typing(mode: SettingsMode, text: string): readonly TodosBinding[] {
  const setting = settingAt(mode);
  return [
    {
      keys: ["enter"],
      label: "take it",
      hint: "take",
      run: (state) => {
        if (setting === undefined) return step(state);
        const typed = typedSetting(setting, text);
        const next = typed.ok
          ? edited(mode, setting.key, { do: "set", value: typed.value })
          : { ...mode, problem: typed.why };
        return step({ ...state, mode: next });
      },
    },
    {
      keys: ["esc"],
      label: "leave it as it was",
      hint: "back",
      run: (state) => step({ ...state, mode: { ...mode, typing: null, problem: null } }),
    },
  ];
}

function browsing(mode: SettingsMode): readonly TodosBinding[] {
  const { settings, position, edits, plugin, isSaving, isLeaving } = mode;
  const setting = settingAt(mode);
  const count = settings?.settings.length ?? 0;
  return [
    {
      keys: ["enter", "i"],
      label: "change it: the next choice, or by typing",
      hint: "change",
      changes: true,
      run: (state) => {
        if (setting === undefined) return step(state);
        const value = shownValue(setting, edits.get(setting.key));
        const choices = choicesIn(setting);
        const next =
          choices === null
            ? { ...mode, typing: inputOf(typedText(setting, value)), problem: null, isLeaving: false }
            : edited(mode, setting.key, { do: "set", value: nextChoice(choices, value) });
        return step({ ...state, mode: next });
      },
    },
    {
      keys: ["delete", "backspace", "D"],
      label: "back to its default",
      hint: "unset",
      changes: true,
      run: (state) =>
        step(setting === undefined ? state : { ...state, mode: edited(mode, setting.key, { do: "unset" }) }),
    },
    {
      keys: ["u"],
      label: "take the change back",
      run: (state) =>
        step(setting === undefined ? state : { ...state, mode: edited(mode, setting.key, null) }),
    },
    {
      keys: ["ctrl+s", "w"],
      label: "check and keep all changes: they are in force at once",
      hint: "keep",
      changes: true,
      when: () => edits.size > 0,
      run: (state) => {
        if (isSaving) return step(state);
        const { set, unset } = configuring(edits);
        const reply = control("plugin.configure", { plugin, set, unset }, (answer): TodosMessage => ({
          type: "configured",
          plugin,
          answer,
        }));
        return step({ ...state, mode: { ...mode, isSaving: true, problem: null } }, reply);
      },
    },
    {
      keys: ["esc"],
      label: "back to the list",
      hint: edits.size > 0 ? "discard" : "back",
      run: (state) => {
        if (edits.size === 0 || isLeaving) return step(backToList(state));
        const problem = "not kept yet: ctrl+s keeps the changes, esc once more discards them";
        return step({ ...state, mode: { ...mode, isLeaving: true, problem } });
      },
    },
    ...moveKeys.map(({ keys, label, move }): TodosBinding => ({
      keys,
      label,
      run: (state, scene) => {
        const next = movedList(position, move, count, settingsRoom(scene));
        return step({ ...state, mode: { ...mode, position: next, isLeaving: false, problem: null } });
      },
    })),
  ];
}
