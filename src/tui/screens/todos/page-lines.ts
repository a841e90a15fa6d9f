/** What takes the place of the list: plugins and actions to choose from, settings, notes, details, what has happened. Pure. */
import { jsonText, terminalLine, terminalText } from "../../../text/sanitize.ts";
import { clockTime } from "../../../text/words.ts";
import { cut, fit, widthOf, wrap } from "../../parts/fit.ts";
import { placed } from "../../parts/list.ts";
import { promptLine } from "../../parts/prompt.ts";
import { tableLines } from "../../parts/table.ts";
import type { Column } from "../../parts/table.ts";
import type { Scene } from "../../screen.ts";
import { tone } from "../../theme.ts";
import type { DeskView } from "../../todos/view.ts";
import type { OfferedAction } from "./actions.ts";
import { choicesOf } from "./ask-keys.ts";
import { actionsIn, actionsRoom, activityDetailRows, activityRoom } from "./page-keys.ts";
import { settingAt, settingsRoom } from "./settings-keys.ts";
import { choicesIn, shownValue } from "./settings.ts";
import type { SettingsMode } from "./settings.ts";
import type { ModeOf, NotesMode } from "./state.ts";
import { activityWords } from "./words.ts";
import type { PluginSetting } from "../../../../protocol/control-results.ts";

export function chooseLines({ what, position }: ModeOf<"choose">, scene: Scene, desk: DeskView): string[] {
  const { columns, rows } = scene.size;
  const plugins = choicesOf(scene, what);
  const unfit = what === "generate" ? desk.unfit : [];
  const title = what === "generate" ? "New todos from which plugin?" : "Settings of which plugin?";
  const why = unfit.flatMap(({ id, why: reason }) => [
    "",
    ...wrap(terminalLine(`${id} can not be used: ${reason}`), columns).map((line) => tone("dim", line)),
  ]);
  const room = Math.max(1, rows - 2 - Math.min(why.length, Math.floor(rows / 2)));
  const { cursor, top } = placed(position, plugins.length, room);
  const widest = Math.max(...plugins.map((id) => widthOf(terminalLine(id))));
  const choices = plugins.slice(top, top + room).map((id, at) => {
    const description = desk.plugins
      .find((each) => each.id === id)
      ?.actions.find(({ method }) => method === "generate")?.description;
    const name = fit(terminalLine(id), Math.min(widest, Math.floor(columns / 2)));
    const line = fit(`  ${name}  ${terminalLine(description ?? "")}`, columns);
    return top + at === cursor ? tone("selected", line) : line;
  });
  if (plugins.length === 0) choices.push(...noPluginLines(desk, columns));
  return [tone("title", cut(title, columns)), "", ...choices, ...why].slice(0, rows);
}

function noPluginLines({ service }: DeskView, width: number): string[] {
  const text =
    service.state === "provided"
      ? 'No plugin offers todos. In bulkhead.toml: apis = { todo = "^2.0.0" } in the entry of one that does.'
      : service.state === "opening"
        ? "Looking for plugins…"
        : "There are no plugins at the moment: the list is not connected to any.";
  return wrap(text, width).map((line) => tone("dim", line));
}

const actionColumns: readonly Column<OfferedAction>[] = [
  {
    title: "KEY",
    cell: ({ key, conflict }) =>
      key === null && conflict !== null
        ? { text: "conflict", tone: "warn" }
        : { text: key ?? "", tone: "accent" },
  },
  { title: "PLUGIN", cell: ({ plugin }) => plugin, max: 20 },
  { title: "ACTION", cell: ({ action }) => action, max: 20 },
  { title: "", cell: ({ description }) => ({ text: description, tone: "dim" }), grows: true, rank: 1 },
];

export function actionLines(mode: ModeOf<"actions">, scene: Scene, desk: DeskView): string[] {
  const { columns, rows } = scene.size;
  const actions = actionsIn(scene);
  const room = actionsRoom(scene);
  const { cursor, top } = placed(mode.position, actions.length, room);
  const table = tableLines(actionColumns, actions.slice(top, top + room), columns, cursor - top);
  const chosen = actions[cursor];
  const about = [
    ...(chosen === undefined ? [] : [chosen.description]),
    ...(typeof chosen?.conflict === "string" ? [`No key of its own: ${chosen.conflict}.`] : []),
  ].flatMap((text) => wrap(terminalLine(text), columns));
  const list = actions.length === 0 ? noPluginLines(desk, columns) : table.rows;
  return [
    tone("title", cut("Actions of plugins", columns)),
    actions.length === 0 ? "" : table.header,
    ...list,
    "",
    ...about.map((line) => tone("dim", line)),
  ].slice(0, rows);
}

const whoWidth = 14;

export function activityLines({ position }: ModeOf<"activity">, scene: Scene, desk: DeskView): string[] {
  const { columns } = scene.size;
  const room = activityRoom(scene);
  const { cursor, top } = placed(position, desk.activity.length, room);
  const lines = desk.activity.slice(top, top + room).map((each, at) => {
    const { who, text, tone: look } = activityWords(each);
    const name = fit(terminalLine(who), Math.min(whoWidth, columns));
    const words = fit(terminalLine(text), Math.max(0, columns - whoWidth - 11));
    const line = cut(`${clockTime(each.at)}  ${name} ${words}`, columns);
    if (top + at === cursor) return tone("selected", line);
    if (widthOf(line) < columns || columns < whoWidth + 12) return line;
    return `${tone("dim", clockTime(each.at))}  ${tone("accent", name)} ${tone(look, words)}`;
  });
  const title = "What the list has told plugins, and what they have done to it";
  if (lines.length === 0) lines.push(tone("dim", cut("Nothing yet.", columns)));
  const chosen = desk.activity[cursor];
  const whole =
    chosen === undefined
      ? []
      : wrap(terminalText(activityWords(chosen).text).replaceAll("\t", "  "), columns);
  const isMore = whole.length > activityDetailRows;
  const more = whole
    .slice(0, activityDetailRows - (isMore ? 1 : 0))
    .concat(isMore ? [cut("… e shows the whole of it", columns)] : [])
    .map((line) => tone("dim", line));
  const gap = Array.from({ length: Math.max(0, room - lines.length) }, () => "");
  return [tone("title", cut(title, columns)), ...lines, ...gap, ...more];
}

export function notesLines({ input, isLeaving }: NotesMode, title: string, scene: Scene): string[] {
  const { columns, rows } = scene.size;
  const room = Math.max(1, rows - 2);
  const before = input.text.slice(0, input.cursor).split("\n");
  const at = before.length - 1;
  const lines = input.text.split("\n");
  const top = Math.max(0, Math.min(at - Math.floor(room / 2), lines.length - room));
  const shown = lines.slice(top, top + room).map((line, index) => {
    if (top + index !== at) return cut(terminalLine(line), columns);
    // Of one line: where the text is wider, the part around the cursor.
    return promptLine("", { text: line, cursor: before.at(-1)?.length ?? 0 }, columns + 1).slice(1);
  });
  const head = tone("title", cut(terminalLine(`Notes of “${title}”`), columns));
  const lost = "The notes have changed: ctrl+s keeps them, esc once more discards them.";
  return [head, isLeaving ? tone("warn", cut(lost, columns)) : "", ...shown];
}

function settingColumns({ edits }: SettingsMode): readonly Column<PluginSetting>[] {
  return [
    { title: "", cell: ({ key }) => ({ text: edits.has(key) ? "*" : "", tone: "warn" }), min: 1 },
    { title: "SETTING", cell: ({ key }) => key, max: 24 },
    {
      title: "VALUE",
      grows: true,
      cell: (setting) => {
        const edit = edits.get(setting.key);
        if (setting.type === "secret" && edit?.do === "set") return { text: "(secret)", tone: "warn" };
        const value = shownValue(setting, edit);
        if (value === undefined)
          return { text: setting.required ? "missing" : "unset", tone: setting.required ? "bad" : "dim" };
        return {
          text: typeof value === "string" ? value : jsonText(value),
          tone: edit === undefined ? "plain" : "warn",
        };
      },
    },
    {
      title: "FROM",
      cell: ({ key, origin }) => ({ text: edits.has(key) ? "not kept yet" : origin, tone: "dim" }),
      max: 28,
      rank: 1,
    },
  ];
}

export function settingsLines(mode: SettingsMode, scene: Scene): string[] {
  const { columns, rows } = scene.size;
  const { plugin, settings, position, typing, problem, isSaving } = mode;
  const head = tone("title", settingsTitle(plugin, settings?.file ?? null, columns));
  const trouble =
    problem === null ? [] : wrap(terminalLine(problem), columns).map((line) => tone("bad", line));
  if (settings === null)
    return [head, "", ...(problem === null ? [tone("dim", "…")] : trouble)].slice(0, rows);
  if (settings.settings.length === 0) {
    return [head, "", ...wrap("It describes no settings.", columns).map((line) => tone("dim", line))].slice(
      0,
      rows,
    );
  }
  const room = settingsRoom(scene);
  const { cursor, top } = placed(position, settings.settings.length, room);
  const table = tableLines(
    settingColumns(mode),
    settings.settings.slice(top, top + room),
    columns,
    cursor - top,
  );
  const setting = settingAt(mode);
  const prompt =
    typing === null || setting === undefined
      ? []
      : [
          promptLine(
            cut(`${terminalLine(setting.key)}:`, Math.floor(columns / 2)),
            hidden(setting, typing),
            columns,
          ),
        ];
  const about = setting === undefined ? [] : aboutSetting(setting, columns);
  const saving = isSaving ? [tone("accent", "checking…")] : [];
  return [head, table.header, ...table.rows, "", ...prompt, ...trouble, ...saving, ...about].slice(0, rows);
}

/** Of a path that is too long the end is kept: it says more. */
function settingsTitle(plugin: string, file: string | null, columns: number): string {
  if (file === null) return cut(terminalLine(`Settings of ${plugin}`), columns);
  const whole = terminalLine(`Settings of ${plugin}, kept in ${file}`);
  if (widthOf(whole) <= columns) return whole;
  const end = file.split("/").slice(-2).join("/");
  return cut(terminalLine(`Settings of ${plugin}, kept in …/${end}`), columns);
}

/** A secret is typed where nobody sees it. */
function hidden({ type }: PluginSetting, { text, cursor }: { text: string; cursor: number }) {
  if (type !== "secret") return { text, cursor };
  return {
    text: "*".repeat(Array.from(text).length),
    cursor: Array.from(text.slice(0, cursor)).length,
  };
}

function aboutSetting(setting: PluginSetting, width: number): string[] {
  const { description, type, required, default: usual } = setting;
  const choices = choicesIn(setting);
  const kind =
    choices !== null && type !== "boolean"
      ? `one of ${choices.map((each) => (typeof each === "string" ? each : jsonText(each))).join(", ")}`
      : type === "strings"
        ? 'a list such as ["a", "b"]'
        : type === "other"
          ? "JSON"
          : type;
  const words = `${kind}${required ? ", required" : ""}${usual === undefined ? "" : `, else ${jsonText(usual)}`}`;
  const texts = [...(description === undefined ? [] : [description]), words];
  return texts.flatMap((text) => wrap(terminalLine(text), width)).map((line) => tone("dim", line));
}
