/** A plugin as operators see it. */
import { errors } from "../../protocol/error.ts";
import type { PluginStatus } from "../../protocol/state.ts";
import type { Lives } from "./lives.ts";

export function statusOf(lives: Lives, calls: PluginStatus["calls"]): PluginStatus {
  const { machine, current, candidate, lastCrash, description, spec, executable } = lives;
  const { state, why, failure, generation } = machine;
  const session = current ?? candidate;
  return {
    id: spec.id,
    state,
    why,
    pid: session?.pid ?? null,
    guardPid: session?.guardPid ?? null,
    generation,
    readySince: current?.readySince ?? null,
    restarts: lives.restarts,
    recentFailures: lives.recentFailures,
    retryAt: lives.retryAt,
    error: failure === null ? null : { ...failure, hint: errors[failure.code].hint },
    lastCrash: lastCrash === null ? null : { id: lastCrash.id, at: lastCrash.at, summary: lastCrash.summary },
    version: description?.plugin.version ?? null,
    profile: description?.build?.profile ?? null,
    apis: current?.agreement?.apis ?? description?.apis.map(({ name, version }) => ({ name, version })) ?? [],
    calls,
    executable: spec.command,
    sha256: session?.sha256 ?? executable,
    sandbox: { mode: spec.sandbox.mode, enforced: session?.enforced ?? [] },
  };
}

/** Of an entry that can not be run as it is written. */
export function brokenStatus(id: string, problem: string): PluginStatus {
  return {
    id,
    state: "failed",
    why: problem,
    pid: null,
    guardPid: null,
    generation: 0,
    readySince: null,
    restarts: 0,
    recentFailures: 0,
    retryAt: null,
    error: { code: "invalid_config", message: problem, hint: errors.invalid_config.hint },
    lastCrash: null,
    version: null,
    profile: null,
    apis: [],
    calls: { inFlight: 0, waiting: 0, answered: 0, failed: 0 },
    executable: "",
    sha256: null,
  };
}
