/** What an operator does to a plugin; what would lose calls is asked first. Pure. */
import type { PluginStatus } from "../../protocol/state.ts";
import { nextStep } from "../text/failure.ts";
import { oneStatus } from "../text/status-words.ts";
import { plural } from "../text/words.ts";
import { control } from "./effect.ts";
import type { Answer, Effect } from "./effect.ts";
import type { Tone } from "./theme.ts";

export const verbs = ["start", "stop", "restart", "enable", "disable"] as const;
export type Verb = (typeof verbs)[number];

/** @param reply absent: a failure is shown as a notice */
export function operate<M = never>(
  verb: Verb,
  { id, calls }: PluginStatus,
  reply?: (answer: Answer<PluginStatus>) => M,
): Effect<M> {
  const effect = control(`plugin.${verb}`, { plugin: id }, reply);
  const open = calls.inFlight + calls.waiting;
  if (open === 0 || verb === "start" || verb === "enable") return effect;
  const question = `${plural(open, "call")} of ${id} ${open === 1 ? "is" : "are"} under way, and may be lost. Really ${verb} it?`;
  return { do: "confirm", question, yes: effect };
}

/** The old process has its drain time to finish what it does, and no more than that. */
export function restartRolling<M>(
  { id, calls }: PluginStatus,
  reply: (answer: Answer<PluginStatus>) => M,
): Effect<M> {
  const effect = control("plugin.restart", { plugin: id, rolling: true }, reply);
  if (calls.inFlight === 0) return effect;
  const question =
    `${plural(calls.inFlight, "call")} of ${id} ${calls.inFlight === 1 ? "is" : "are"} under way. ` +
    "What takes longer than its drain time once the new process is ready will be lost. Really restart it?";
  return { do: "confirm", question, yes: effect };
}

/** What became of it. */
export function operatedWords(
  plugin: string,
  answer: Answer<PluginStatus>,
): { readonly tone: Tone; readonly text: string } {
  if (answer.ok)
    return { tone: answer.value.error === null ? "good" : "warn", text: oneStatus(answer.value) };
  const { error } = answer;
  return { tone: "bad", text: `${error.message} [${error.code}] · try: ${nextStep(error, { plugin })}` };
}
