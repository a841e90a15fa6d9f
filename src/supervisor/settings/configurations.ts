/** The plugins' own configurations: what is described, what is in force, and changing it while they run. */
import type { PluginSpec } from "../../../protocol/config.ts";
import type { Description, JsonSchema } from "../../../protocol/description.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import type { PluginSet } from "../plugin-set.ts";
import { isSecret, settingsOf } from "../../core/settings/settings.ts";
import type { DescribedSetting } from "../../core/settings/settings.ts";
import { inTime } from "../../io/in-time.ts";
import { checkSettings } from "./settings.ts";

type Config = PluginSpec["config"];

export class Configurations {
  readonly #set: PluginSet;

  constructor(set: PluginSet) {
    this.#set = set;
  }

  /** As far as it is known without starting anything. */
  description(id: string): Description | null {
    return this.#set.ids().includes(id) ? this.#set.get(id).description : null;
  }

  /** In the order of the schema. @throws BulkheadError `bad_description`, for a schema that no one can read. */
  settings(schema: JsonSchema | undefined): DescribedSetting[] {
    try {
      return inTime(() => settingsOf(schema));
    } catch (error) {
      throw BulkheadError.of(
        "bad_description",
        `the schema of its configuration can not be used: ${String(error)}`,
      );
    }
  }

  /** Those whose values are for nobody's eyes. Of a schema that no one can read, all of them. */
  secretsAmong(schema: JsonSchema | undefined, keys: readonly string[]): ReadonlySet<string> {
    try {
      return new Set(inTime(() => keys.filter((key) => isSecret(schema, key))));
    } catch {
      return new Set(keys);
    }
  }

  /** @throws BulkheadError `config_invalid`, naming the key; `bad_description`, for a schema that is none. */
  check({ config: schema }: Pick<Description, "config">, config: Config): void {
    const checked = checkSettings(schema, config);
    if (checked.ok) return;
    const { code, message, detail } = checked.failure;
    throw BulkheadError.of(code, message, { detail });
  }

  /**
   * Gives it another configuration, whole. A process that takes it while it runs keeps running; any other is replaced,
   * without dropping a call.
   *
   * @throws BulkheadError `config_invalid` and whatever else keeps a new process from being ready: the old one is in force.
   */
  configure(id: string, config: Config): Promise<void> {
    return this.#set.configure(id, config);
  }
}
