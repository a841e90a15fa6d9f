/** What each alias stands for, over all plugins. Pure. */
import type { PluginSpec } from "./config.ts";

/** One api of a plugin under a name of its own. */
export interface Alias {
  readonly plugin: string;
  readonly api: string;
}

/** An alias that stands for nothing, because the name is taken. */
export interface AliasClash {
  readonly plugin: string;
  readonly alias: string;
  /** Whose name it is. */
  readonly other: string;
}

/**
 * A plugin's own name wins over an alias, and the first of two aliases over the second.
 *
 * @param broken ids of entries that can not be run: their names are taken as well
 */
export function aliasesOf(
  specs: readonly Pick<PluginSpec, "id" | "aliases">[],
  broken: Iterable<string> = [],
): { readonly aliases: ReadonlyMap<string, Alias>; readonly clashes: readonly AliasClash[] } {
  const ids = new Set([...specs.map(({ id }) => id), ...broken]);
  const aliases = new Map<string, Alias>();
  const clashes: AliasClash[] = [];
  for (const { id, aliases: own } of specs) {
    for (const [alias, api] of Object.entries(own)) {
      const other = ids.has(alias) ? alias : aliases.get(alias)?.plugin;
      if (other === undefined) aliases.set(alias, { plugin: id, api });
      else clashes.push({ plugin: id, alias, other });
    }
  }
  return { aliases, clashes };
}
