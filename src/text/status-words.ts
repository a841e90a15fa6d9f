/** A plugin's status in words. Pure. */
import type { PluginState, PluginStatus } from "../../protocol/state.ts";
import type { Cell } from "./columns.ts";
import { ago, duration } from "./words.ts";

const styles = {
  idle: "dim",
  starting: "yellow",
  serving: "green",
  backoff: "yellow",
  failed: "red",
  stopped: "dim",
  disabled: "dim",
} as const satisfies Record<PluginState, NonNullable<Cell["style"]>>;

export function stateCell({ state, retryAt }: PluginStatus, now: number): Cell {
  const retry = state === "backoff" && retryAt !== null ? ` ${duration(Math.max(0, retryAt - now))}` : "";
  return { text: `${state}${retry}`, style: styles[state] };
}

/** The version, and whether it is a build that nobody should measure or ship. */
export function versionCell({ version, profile }: PluginStatus): Cell {
  return profile === "debug"
    ? { text: `${version ?? "?"} debug`, style: "yellow" }
    : { text: version ?? "-" };
}

/** What its entry asks for, and how many of its walls stand where that is not all of them. */
export function sandboxCell({ sandbox }: PluginStatus): Cell {
  if (sandbox === undefined || sandbox.mode === "none") return { text: "-" };
  const { mode, enforced } = sandbox;
  const standing = enforced.filter(({ holds }) => holds).length;
  return standing === enforced.length
    ? { text: mode }
    : { text: `${mode} ${standing}/${enforced.length}`, style: "yellow" };
}

/** What keeps it from serving, or else its last crash. */
export function troubleOf({ state, error, lastCrash }: PluginStatus, now: number): string | undefined {
  if (error !== null && state !== "serving") return `${error.code}: ${error.message}`;
  return lastCrash === null ? undefined : `${ago(lastCrash.at, now)}: ${lastCrash.summary}`;
}

/** After an operator's action. */
export function oneStatus({ id, state, pid, why }: PluginStatus): string {
  const process = pid === null ? "" : ` (pid ${pid})`;
  // `disabled by the operator`, and the word not twice.
  const reason = why.startsWith(`${state} by `) ? why.slice(state.length) : `, ${why}`;
  return `${id}: ${state}${process}${state === "serving" || why === "" ? "" : reason}`;
}

/** Why it is in its state, unless its error says the same: often that in other words, and it may be long. */
export function whyOf({ why, error }: PluginStatus): string {
  return error !== null && why.includes(error.message) ? "" : why;
}

/** What would help, with the plugin's name filled in. */
export function helpOf({ hint }: NonNullable<PluginStatus["error"]>, id: string): string {
  return hint.replaceAll(/\bP\b/g, id);
}
