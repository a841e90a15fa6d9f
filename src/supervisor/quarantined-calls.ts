/** What an operator sees of the quarantine, and lets go. */
import { BulkheadError } from "../../protocol/error.ts";
import type { QuarantinedCall } from "../../protocol/state.ts";
import type { Plugin } from "./plugin.ts";

interface Plugins {
  all(): Iterable<Plugin>;
  get(id: string): Plugin;
}

export class QuarantinedCalls {
  readonly #plugins: () => Plugins;

  constructor(plugins: () => Plugins) {
    this.#plugins = plugins;
  }

  /** Of all plugins, or of one. @throws BulkheadError `plugin_not_found` */
  list(plugin?: string): QuarantinedCall[] {
    const plugins = plugin === undefined ? [...this.#plugins().all()] : [this.#plugins().get(plugin)];
    return plugins.flatMap((each) => each.quarantine.list());
  }

  /**
   * Lets one go by the beginning of its id, or all of them (null), and returns those.
   *
   * @throws BulkheadError `crash_not_found`: no call begins so, or several do
   */
  release(prefix: string | null): QuarantinedCall[] {
    const found = this.list().filter(({ id }) => id.startsWith(prefix ?? ""));
    if (prefix !== null && found.length !== 1) {
      const many =
        found.length === 0 ? "no quarantined call begins" : `${found.length} quarantined calls begin`;
      const choices = found.slice(0, 20).map(({ id }) => id);
      throw BulkheadError.of("crash_not_found", `${many} with ${prefix}`, { detail: { choices } });
    }
    const ids = new Set(found.map(({ id }) => id));
    for (const plugin of this.#plugins().all()) plugin.quarantine.release(ids);
    return found;
  }
}
