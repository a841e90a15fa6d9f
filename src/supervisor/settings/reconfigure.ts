/** Another configuration for a plugin that may be running: given to its process where that takes it, else by a new one. */
import type { PluginSpec } from "../../../protocol/config.ts";
import type { ErrorCode } from "../../../protocol/error.ts";
import { sameSpec } from "../../io/config/config.ts";
import type { Lives } from "../lives.ts";
import type { Session } from "../session.ts";

/** Why the old configuration stays in force. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail?: unknown;
}

/** The plugin takes a new entry: what serves goes on until a new process is ready. */
type Replace = (spec: PluginSpec) => void;

/** Resolves when the process has the configuration, or a new one is on its way, or to why neither is. */
export async function hand(lives: Lives, spec: PluginSpec, replace: Replace): Promise<Refusal | null> {
  const session = sessionFor(lives, spec);
  if (session !== null) {
    const answer = await session.configure(spec);
    if (!answer.ok && answer.failure !== null) return answer.failure;
    // Meanwhile a new process may have been started, with the old configuration.
    if (answer.ok && lives.current === session && lives.candidate === null) {
      lives.spec = spec;
      return null;
    }
  }
  replace(spec);
  return null;
}

/** The same, and sees to it that a new process gets along with the configuration: else the old one is in force again. */
export async function tryOut(lives: Lives, spec: PluginSpec, replace: Replace): Promise<Refusal | null> {
  const before = lives.spec;
  const served = lives.current?.serves === true;
  const last = lives.machine.generation;
  const refusal = await hand(lives, spec, replace);
  if (refusal !== null) return refusal;
  await lives.until(() => lives.candidate === null && lives.machine.state !== "starting");
  const problem = problemSince(lives, last, served);
  if (problem !== null) replace(before);
  return problem;
}

/** The process that serves and takes the change as it is; null: there is none, or more than the configuration changes. */
function sessionFor(lives: Lives, spec: PluginSpec): Session | null {
  const { current, candidate } = lives;
  if (current === null || !current.serves || candidate !== null) return null;
  if (current.agreement?.description.capabilities?.configure !== true) return null;
  return sameSpec({ ...current.spec, config: spec.config }, spec) ? current : null;
}

function problemSince({ lastCrash, machine }: Lives, generation: number, served: boolean): Refusal | null {
  // Nothing was started, or what was started serves.
  if (machine.generation === generation || machine.current === machine.generation) return null;
  const cause = lastCrash !== null && lastCrash.generation > generation ? lastCrash.cause : null;
  const failure = cause?.kind === "start_failure" ? cause.failure : null;
  if (failure?.code === "config_invalid") return failure;
  // What could not be started before may fail for a reason that no configuration mends.
  if (!served) return null;
  const message = `the process with the new configuration did not get ready: ${machine.failure?.message ?? machine.why}`;
  return { code: failure?.code ?? "plugin_unavailable", message };
}
