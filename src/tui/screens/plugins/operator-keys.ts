/** The keys of an operator, wherever a plugin is selected. Pure. */
import type { PluginState, PluginStatus } from "../../../../protocol/state.ts";
import { notice } from "../../effect.ts";
import type { Answer, Effect } from "../../effect.ts";
import { operate, operatedWords, restartRolling } from "../../operate.ts";
import type { Verb } from "../../operate.ts";
import { step } from "../../screen.ts";
import type { Binding } from "../../screen.ts";

/** An operation is over. */
export interface Operated {
  readonly type: "operated";
  readonly plugin: string;
  readonly answer: Answer<PluginStatus>;
}

export function operatedNotice({ plugin, answer }: Operated): Effect<never> {
  const { tone, text } = operatedWords(plugin, answer);
  return notice(tone, text);
}

const resting: ReadonlySet<PluginState> = new Set(["idle", "stopped", "failed", "backoff"]);

/** @param selected the plugin that they are for; undefined: there is none */
export function operatorKeys<S>(selected: PluginStatus | undefined): readonly Binding<S, Operated>[] {
  if (selected === undefined) return [];
  const { id, state } = selected;
  const told = (answer: Answer<PluginStatus>): Operated => ({ type: "operated", plugin: id, answer });
  const key = (keys: readonly string[], verb: Verb, label: string, hint?: string): Binding<S, Operated> => ({
    keys,
    label,
    ...(hint === undefined ? {} : { hint }),
    changes: true,
    run: (own: S) => step(own, operate(verb, selected, told)),
  });
  if (state === "disabled") return [key(["d", "E"], "enable", "enable it again", "enable")];
  const rolling = restartRolling(selected, told);
  return [
    key(["r"], "restart", "restart it", "restart"),
    {
      keys: ["R"],
      label: "restart it without a gap: the old process serves until the new one is ready",
      changes: true,
      run: (own: S) => step(own, rolling),
    },
    key(["s"], "start", "start it", resting.has(state) ? "start" : undefined),
    key(["S"], "stop", "stop it until somebody starts it", state === "stopped" ? undefined : "stop"),
    key(["d"], "disable", "disable it: it stays off when the daemon starts again"),
  ];
}
