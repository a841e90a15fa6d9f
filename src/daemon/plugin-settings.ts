/** The plugins' own configurations as the daemon's clients see them: with the places where they stand, without secrets. */
import path from "node:path";
import type { Described } from "../../protocol/caller.ts";
import type {
  ConfigValue,
  PluginSetting,
  PluginSettings,
  SettingsTemplate,
} from "../../protocol/control-results.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { nearest } from "../../protocol/nearest.ts";
import { pointerStep } from "../core/json-value.ts";
import type { DescribedSetting, Values } from "../core/settings/settings.ts";
import { templateOf } from "../core/settings/template.ts";
import { formatProblem, settingKey, unseen } from "../io/config/config.ts";
import type { LoadedConfig } from "../io/config/config.ts";
import { settingsFileOf, stageSettings } from "../io/config/settings-file.ts";
import type { SettingsChange } from "../io/config/settings-file.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

const hidden = "(secret)";

export interface PluginConfigurationsOptions {
  readonly supervisor: Supervisor;
  /** What is in force. */
  readonly config: () => LoadedConfig;
  /** What stands in the files. @throws BulkheadError `invalid_config` */
  readonly load: () => Promise<LoadedConfig>;
  /** This is in force now. */
  readonly adopt: (config: LoadedConfig) => void;
}

/** A plugin with what is known of its configuration. */
interface Subject {
  readonly id: string;
  readonly described: Described;
  readonly settings: readonly DescribedSetting[];
  /** Null: there is no directory to keep it in. */
  readonly file: string | null;
}

export class PluginConfigurations {
  readonly #options: PluginConfigurationsOptions;

  constructor(options: PluginConfigurationsOptions) {
    this.#options = options;
  }

  /** What is in force. */
  async show(name: string): Promise<PluginSettings> {
    return this.#shown(await this.#subject(name));
  }

  /**
   * Checks the whole of the changed configuration, hands it to the plugin, and puts the changed file in place: in that
   * order, so that a file that is there is never one that the plugin refuses.
   *
   * @throws BulkheadError `config_invalid`, or why it can not be written: nothing has changed.
   */
  async configure(name: string, change: SettingsChange): Promise<PluginSettings> {
    const { supervisor, config, load, adopt } = this.#options;
    const subject = await this.#subject(name);
    const { id, described, file } = subject;
    if (file === null) {
      throw BulkheadError.of("invalid_config", "there is no bulkhead.toml, and so no place beside it");
    }
    const loaded = await load();
    const before = configOf(loaded, id);
    for (const key of [...Object.keys(change.set), ...change.unset]) this.#mustBeOurs(subject, loaded, key);
    const kept = Object.entries(before).filter(([key]) => !change.unset.includes(key));
    const after = Object.fromEntries([...kept, ...Object.entries(change.set)]);
    supervisor.configurations.check(described, after);
    for (const key of change.unset) mustBeKnown(subject, before, key);
    const staged = await stageSettings(file, change);
    try {
      await supervisor.configurations.configure(id, after);
    } catch (error) {
      await staged.discard();
      throw error;
    }
    try {
      await staged.commit();
    } catch (error) {
      await supervisor.configurations.configure(id, configOf(config(), id)).catch(() => undefined);
      throw error;
    }
    // Of this plugin's configuration alone: what else was edited meanwhile is for a reload.
    adopt(withConfigOf(config(), await load().catch(config), id, after));
    return this.#shown(await this.#subject(id));
  }

  async template(name: string): Promise<SettingsTemplate> {
    const { id, file, described, settings } = await this.#subject(name);
    const loaded = this.#options.config();
    const written = Object.entries(configOf(loaded, id)).map(([key, value]) => {
      return { key, value, place: this.#placeOf(loaded, id, key) };
    });
    const here = written.filter(({ place }) => this.#isIn(file, place));
    const text = templateOf(id, settings, {
      here: Object.fromEntries(here.map(({ key, value }) => [key, value])),
      elsewhere: new Map(
        written.filter((each) => !here.includes(each)).map(({ key, place }) => [key, place]),
      ),
      secrets: this.#options.supervisor.configurations.secretsAmong(
        described.config,
        [...written, ...settings].map(({ key }) => key),
      ),
    });
    return { file, text };
  }

  /** The same entries without the values of secrets, and of settings that no schema is known of yet. */
  masked(entries: readonly ConfigValue[]): ConfigValue[] {
    const { config, supervisor } = this.#options;
    const shown = new Map(
      config().plugins.flatMap(({ id, config: own }) => {
        const known = supervisor.configurations.description(id);
        const keys = Object.keys(own);
        const masked = known === null ? keys : supervisor.configurations.secretsAmong(known.config, keys);
        return [...masked].map((key) => [settingKey(id, key), known === null ? unseen : hidden] as const);
      }),
    );
    return entries.map((each) => ({ ...each, value: shown.get(each.key) ?? each.value }));
  }

  async #subject(name: string): Promise<Subject> {
    const { supervisor, config } = this.#options;
    const { id } = supervisor.spec(name);
    const described = await supervisor.describe(id);
    const { file: main } = config();
    const file = main === null ? null : settingsFileOf(main, id);
    return { id, described, settings: supervisor.configurations.settings(described.config), file };
  }

  #shown({ id, described, settings, file }: Subject): PluginSettings {
    const loaded = this.#options.config();
    const values = this.#options.supervisor.spec(id).config;
    const known = settings.map((setting): PluginSetting => {
      const { key, kind, secret, required, description, choices, default: byDefault } = setting;
      const isSet = Object.hasOwn(values, key);
      const value = isSet ? values[key] : byDefault;
      const origin = isSet ? this.#placeOf(loaded, id, key) : byDefault === undefined ? "unset" : "default";
      return {
        key,
        type: secret ? "secret" : kind,
        ...(value === undefined ? {} : { value: secret ? hidden : value }),
        origin,
        ...(description === undefined ? {} : { description }),
        ...(choices === undefined ? {} : { choices }),
        required,
        ...(byDefault === undefined || secret ? {} : { default: byDefault }),
      };
    });
    const keys = new Set(settings.map(({ key }) => key));
    const others = Object.entries(values).filter(([key]) => !keys.has(key));
    const { config: schema, capabilities } = described;
    const secrets = this.#options.supervisor.configurations.secretsAmong(
      schema,
      others.map(([key]) => key),
    );
    return {
      plugin: id,
      file,
      live: capabilities?.configure === true,
      schema: schema ?? null,
      settings: [
        ...known,
        ...others.map(([key, value]): PluginSetting => {
          const secret = secrets.has(key);
          const origin = this.#placeOf(loaded, id, key);
          return {
            key,
            type: secret ? "secret" : "other",
            value: secret ? hidden : value,
            origin,
            required: false,
          };
        }),
      ],
    };
  }

  /** What is written elsewhere is for an editor: two places would contradict each other. */
  #mustBeOurs({ id, file }: Subject, loaded: LoadedConfig, key: string): void {
    if (!Object.hasOwn(configOf(loaded, id), key)) return;
    const place = this.#placeOf(loaded, id, key);
    if (this.#isIn(file, place)) return;
    const ours = file === null ? "" : `, or take it away there to have it in ${this.#relative(file)}`;
    const message = `${key} is set in ${place}: change it there${ours}`;
    throw BulkheadError.of("config_invalid", message, { detail: { path: pointerStep(key), origin: place } });
  }

  /** `config/min.toml:3`, as seen from the directory of `bulkhead.toml`. */
  #placeOf({ origins }: LoadedConfig, id: string, key: string): string {
    const wanted = settingKey(id, key);
    return this.#relative(origins.find((each) => each.key === wanted)?.origin ?? "unknown");
  }

  #relative(place: string): string {
    const { file } = this.#options.config();
    return file !== null && path.isAbsolute(place) ? path.relative(path.dirname(file), place) : place;
  }

  #isIn(file: string | null, place: string): boolean {
    return file !== null && place.slice(0, place.lastIndexOf(":")) === this.#relative(file);
  }
}

/** @throws BulkheadError `invalid_config`: its entry can not be used, or is there no more. */
function configOf({ plugins, broken }: LoadedConfig, id: string): Values {
  const spec = plugins.find((each) => each.id === id);
  if (spec !== undefined) return spec.config;
  const problems = broken.find((each) => each.id === id)?.problems ?? [];
  const why = problems.length === 0 ? `${id} is not in the configuration any more` : undefined;
  throw BulkheadError.of("invalid_config", why ?? problems.map(formatProblem).join("\n"));
}

function mustBeKnown({ settings }: Subject, values: Values, key: string): void {
  const known = settings.map((each) => each.key);
  if (Object.hasOwn(values, key) || known.includes(key)) return;
  const near = nearest(key, [...known, ...Object.keys(values)]);
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  throw BulkheadError.of("config_invalid", `${key} is not set${meant}`, {
    detail: { path: pointerStep(key) },
  });
}

/** `base`, but with this configuration of one plugin, and where `other` has it. */
function withConfigOf(base: LoadedConfig, other: LoadedConfig, id: string, config: Values): LoadedConfig {
  const own = settingKey(id, "");
  const prefix = own.slice(0, own.lastIndexOf(".") + 1);
  const isOwn = ({ key }: ConfigValue): boolean => key.startsWith(prefix);
  const last = base.origins.findLastIndex(({ key }) => key.startsWith(prefix.slice(0, -"config.".length)));
  const origins = base.origins.flatMap((each, index) => [
    ...(isOwn(each) ? [] : [each]),
    ...(index === last ? other.origins.filter(isOwn) : []),
  ]);
  const files = base.files.concat(other.files.filter((file) => !base.files.includes(file)));
  return {
    ...base,
    plugins: base.plugins.map((each) => (each.id === id ? { ...each, config } : each)),
    origins,
    files,
  };
}
