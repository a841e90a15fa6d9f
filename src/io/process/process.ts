import { stat } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";

import { looks } from "../looks.ts";
import type { OpenExecutable } from "./executable.ts";
import { environmentOf } from "../trust/private-copy.ts";
import { openTrusted } from "../trust/trusted-executable.ts";
import { nothingEnforced } from "../sandbox/enforced.ts";
import { withoutGuard } from "../sandbox/unavailable.ts";
import { spawnGuarded } from "./guarded.ts";
import { launch } from "./launch.ts";
import type { ProcessSpec, SpawnResult } from "./plugin-process.ts";
import { signal, sweepGroup } from "./process-group.ts";
import { givenUp, permanent, refused, startFailure } from "./spawn-failure.ts";
import type { SpawnFailure } from "./spawn-failure.ts";

export { findGuard, isolation } from "./guard.ts";
export type { Isolation } from "./guard.ts";

/** Milliseconds for a start when nobody says otherwise. */
const usualPatience = 10_000;

/**
 * Starts a plugin executable. What can be expected to go wrong is a result, not an exception; after a
 * failure nothing is left running.
 */
export async function spawnProcess(asked: ProcessSpec): Promise<SpawnResult> {
  const spec = { ...asked, signal: asked.signal ?? AbortSignal.timeout(usualPatience) };
  const words = [spec.command, spec.cwd, ...spec.args, ...Object.entries(spec.env).flat()];
  // The system ends a text there, and what is to start the process throws.
  if (words.some((word) => word.includes("\0"))) {
    return failed(permanent("config_invalid", "its command, arguments or environment have a NUL character"));
  }
  const { sandbox, guard } = spec;
  if (sandbox?.mode === "strict" && guard === undefined) return failed(withoutGuard("strict"));
  const [badDirectory, opened] = await Promise.all([
    checkDirectory(spec.cwd, spec.signal),
    openTrusted(spec),
  ]);
  if (badDirectory !== undefined) {
    if (opened.ok) await opened.executable.close();
    return failed(badDirectory);
  }
  if (!opened.ok) return opened;
  const { executable } = opened;
  // All that has to be over before the pipes are released, from where on no turn of the event loop may
  // pass: what execa does in its next turn, and the closing of the descriptor.
  const settle = async () => void (await Promise.all([setImmediate(), executable.close()]));
  try {
    return guard === undefined
      ? await spawnDirectly(spec, executable, settle)
      : await spawnGuarded(spec, guard, executable, settle);
  } finally {
    await executable.close();
  }
}

async function spawnDirectly(
  spec: ProcessSpec,
  executable: OpenExecutable,
  settle: () => Promise<void>,
): Promise<SpawnResult> {
  const child = await launch(executable.path, spec.args, {
    cwd: spec.cwd,
    env: environmentOf(spec, executable),
  });
  if (!child.ok) return failed(startFailure("exec", child.error));
  const { pid } = child;
  let isGone = false;
  const exited = child.ended.then((ending) => ({ ...ending, core: false }));
  const gone = exited.then(() => sweepGroup(pid)).finally(() => (isGone = true));
  await settle();
  // Once the group is gone its number may be somebody else's.
  const signalGroup = (name: NodeJS.Signals) => void (isGone || signal(-pid, name));
  return {
    ok: true,
    process: {
      pid,
      guardPid: undefined,
      enforced: nothingEnforced(spec.sandbox),
      sha256: executable.sha256,
      vouched: executable.vouched,
      startedAt: Date.now(),
      ...child.release(),
      exited,
      gone,
      terminate: () => signalGroup("SIGTERM"),
      kill: () => signalGroup("SIGKILL"),
    },
  };
}

function failed(failure: SpawnFailure): SpawnResult {
  return { ok: false, failure };
}

async function checkDirectory(cwd: string, signal: AbortSignal): Promise<SpawnFailure | undefined> {
  const message = `the working directory ${cwd} can't be entered`;
  try {
    const stats = await looks.at(cwd, () => stat(cwd), { signal });
    if (stats.isDirectory()) return undefined;
    return permanent("spawn_failed", `${message} (ENOTDIR)`, { stage: "cwd", errno: "ENOTDIR" });
  } catch (error) {
    if (signal.aborted) return givenUp(error, "cwd", signal);
    return refused("spawn_failed", message, "cwd", error);
  }
}
