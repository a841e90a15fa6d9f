/** The actions of plugins with the keys that they suggest: the host's own keys win, and each key is given once. Pure. */
import type { DeskView } from "../../todos/view.ts";

export interface OfferedAction {
  readonly plugin: string;
  readonly action: string;
  readonly description: string;
  /** New todos: shown before anything happens. */
  readonly isGenerating: boolean;
  /** Null: only from the menu. */
  readonly key: string | null;
  /** Why it does not have the key that it suggests. */
  readonly conflict: string | null;
}

export interface TakenKey {
  readonly keys: readonly string[];
  readonly label: string;
}

/** By the daemon's order of plugins. @param taken keys that are not to be had, and what they do */
export function offeredActions(
  plugins: DeskView["plugins"],
  taken: readonly TakenKey[],
): readonly OfferedAction[] {
  const owners = new Map(taken.flatMap(({ keys, label }) => keys.map((key) => [key, label] as const)));
  const offered: OfferedAction[] = [];
  for (const { id: plugin, actions, mirrors } of plugins) {
    for (const { id: action, method, key: wish, description = "" } of actions) {
      const about = { plugin, action, description, isGenerating: method === "generate" };
      const { key, conflict } = keyFor(wish, owners);
      if (key !== null) owners.set(key, `${plugin}: ${action}`);
      offered.push({ ...about, key, conflict });
    }
    if (mirrors && !actions.some(({ method }) => method === "sync")) {
      const description = "Bring its todos up to date.";
      offered.push({
        plugin,
        action: syncAction,
        description,
        isGenerating: false,
        key: null,
        conflict: null,
      });
    }
  }
  return offered;
}

/** What the host itself offers for a plugin that mirrors something. No id that a plugin can give: those have no spaces. */
export const syncAction = "bring up to date";

function keyFor(
  wish: string | undefined,
  owners: ReadonlyMap<string, string>,
): { readonly key: string | null; readonly conflict: string | null } {
  if (wish === undefined || wish === "") return { key: null, conflict: null };
  const key = keyName(wish);
  if (key === null) return { key, conflict: `${wish} is no key that a terminal tells` };
  const owner = owners.get(key);
  if (owner !== undefined) return { key: null, conflict: `${key} is taken by ${owner}` };
  return { key, conflict: null };
}

/** Keys that a terminal sends as something else. */
const sentAs: ReadonlySet<string> = new Set(["ctrl+c", "ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+z"]);
const named: ReadonlySet<string> = new Set(["enter", "esc", "tab", "space", "delete", "backspace"]);

/** As the key tables call it, `ctrl+g`; null: there is no such key. */
function keyName(wish: string): string | null {
  const parts = wish.trim().replace(/^C-/, "ctrl+").replace(/^M-/, "alt+").split("+");
  const last = parts.pop() ?? "";
  const modifiers = parts.map((each) => each.toLowerCase());
  const isOne = Array.from(last).length === 1 && /^[^\p{C}\s]$/u.test(last);
  if (!isOne && !named.has(last.toLowerCase())) return null;
  const [modifier, ...more] = modifiers;
  if (more.length > 0) return null;
  switch (modifier) {
    case undefined:
      return isOne ? last : last.toLowerCase();
    case "ctrl": {
      const key = `ctrl+${last.toLowerCase()}`;
      return isOne && /^[a-z]$/i.test(last) && !sentAs.has(key) ? key : null;
    }
    case "alt":
      return isOne ? `alt+${last}` : null;
    case "shift":
      return isOne && /^[a-z]$/i.test(last) ? last.toUpperCase() : null;
    default:
      return null;
  }
}
