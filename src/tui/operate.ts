/** What an operator does to a plugin; what would lose calls is asked first. Pure. */
import type { PluginStatus } from "../../protocol/state.ts";
import { plural } from "../text/words.ts";
import { control } from "./effect.ts";
import type { Effect } from "./effect.ts";

export const verbs = ["start", "stop", "restart", "enable", "disable"] as const;
export type Verb = (typeof verbs)[number];

export function operate(verb: Verb, { id, calls }: PluginStatus): Effect<never> {
  const effect = control(`plugin.${verb}`, { plugin: id });
  const open = calls.inFlight + calls.waiting;
  if (open === 0 || verb === "start" || verb === "enable") return effect;
  const question = `${plural(open, "call")} of ${id} ${open === 1 ? "is" : "are"} under way, and may be lost. Really ${verb} it?`;
  return { do: "confirm", question, yes: effect };
}
