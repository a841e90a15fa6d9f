/** A settings file to begin with: every setting with its description, commented out unless it is set. */
import { inToml, keyInToml } from "../../../protocol/toml-value.ts";
import { oneLine } from "../one-line.ts";
import type { DescribedSetting, Values } from "./settings.ts";

export interface WrittenSettings {
  /** In the file itself. */
  readonly here: Values;
  /** In the plugin's entry: the place of each, as `bulkhead.toml:12`. */
  readonly elsewhere: ReadonlyMap<string, string>;
  /** Keys whose values are shown to nobody. */
  readonly secrets: ReadonlySet<string>;
}

const longestLine = 500;

/** Secrets are not written, not even those that are set. */
export function templateOf(
  plugin: string,
  settings: readonly DescribedSetting[],
  written: WrittenSettings,
): string {
  const { here, elsewhere, secrets } = written;
  const head = [
    `# Settings of ${plugin}. Take away a # to set one, then: bulkhead config reload`,
    `# Or without an editor: bulkhead config ${plugin} set key=value`,
  ];
  const known = settings.map((setting) => {
    const { key } = setting;
    const place = elsewhere.get(key);
    const notes = [
      ...linesOf(setting.description),
      `${capital(setting.allowed)}${setting.secret ? ", secret" : ""}${setting.required ? ", required" : ""}.`,
      ...(place === undefined ? [] : [`Set in ${place}: take it away there before it is set here.`]),
    ];
    // The plugin's words must not end the comment that they stand in.
    return [...notes.map((note) => `# ${oneLine(note, longestLine)}`), lineOf(setting, written)];
  });
  const keys = new Set(settings.map(({ key }) => key));
  const others = Object.entries(here)
    .filter(([key]) => !keys.has(key))
    .map(([key, value]) => [secrets.has(key) ? hidden(key) : `${keyInToml(key)} = ${inToml(value)}`]);
  return `${[head, ...known, ...others].map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function lineOf(setting: DescribedSetting, { here, secrets }: WrittenSettings): string {
  const { key, default: byDefault } = setting;
  const isSet = Object.hasOwn(here, key);
  if (isSet && secrets.has(key)) return hidden(key);
  if (isSet) return `${keyInToml(key)} = ${inToml(here[key])}`;
  const shown = byDefault === undefined || secrets.has(key) ? undefined : written(byDefault);
  return `# ${keyInToml(key)} = ${shown ?? inToml(example(setting))}`;
}

function hidden(key: string): string {
  return `# ${keyInToml(key)} = "(secret)"`;
}

/** A default may hold what TOML can not say. */
function written(value: unknown): string | undefined {
  try {
    return inToml(value);
  } catch {
    return undefined;
  }
}

/** Of the right type, and nothing more. */
function example({ kind, choices }: DescribedSetting): unknown {
  switch (kind) {
    case "integer":
      return 0;
    case "boolean":
      return false;
    case "strings":
      return [];
    case "select":
      return choices?.[0] ?? "";
    case "string":
    case "other":
      return "";
  }
}

function linesOf(text = ""): string[] {
  return text.split(/\r\n|[\n\r\u2028\u2029]/).filter((line) => line.trim() !== "");
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
