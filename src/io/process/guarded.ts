import { constants as os } from "node:os";
import { basename } from "node:path";
import type { Readable } from "node:stream";

import type { ProcessExit } from "../../../protocol/state.ts";
import type { OpenExecutable } from "./executable.ts";
import { prepare } from "../sandbox/prepare.ts";
import { enforced } from "../sandbox/enforced.ts";
import { sandboxFailure } from "../sandbox/unavailable.ts";
import { controlGroup } from "../sandbox/control-group.ts";
import { wanted } from "../sandbox/group-limits.ts";
import { decodeWaitStatus, inGroup, parseGuardLine } from "./guard.ts";
import type { GuardLine } from "./guard.ts";
import { launch } from "./launch.ts";
import { environmentOf } from "../trust/private-copy.ts";
import type { Exceeded, ProcessSpec, SpawnResult } from "./plugin-process.ts";
import { NOTHING_LEFT, signal, sweepGroup } from "./process-group.ts";
import type { ProcessGone } from "./process-group.ts";
import { errnoOf, GIVEN_UP, startFailure } from "./spawn-failure.ts";
import type { SpawnFailure } from "./spawn-failure.ts";

type Said<Kind extends GuardLine["kind"]> = Extract<GuardLine, { kind: Kind }>;

/** At ten a second: longer than the guard's own patience with processes that can't be killed. */
const INSIST_TIMES = 150;

const GUARD_DIED: SpawnFailure = {
  code: "spawn_failed",
  message: "the guard died before it had started the plugin",
  detail: { stage: "guard" },
  transient: true,
};

/** Starts `spec.command` through the guard at `guard`, until the signal gives it up. `settle` is to be awaited before the pipes are released. */
export async function spawnGuarded(
  spec: ProcessSpec & { readonly signal: AbortSignal },
  guard: string,
  executable: OpenExecutable,
  settle: () => Promise<void>,
): Promise<SpawnResult> {
  const isStrict = spec.sandbox?.mode === "strict";
  const group = await controlGroup(basename(spec.command), wanted(spec.limits, spec.usage, isStrict));
  const unlimited = group !== undefined && group.limits.tasks !== null;
  const environment = environmentOf(spec, executable);
  const prepared = await prepare(
    unlimited ? withoutProcesses(spec) : spec,
    guard,
    executable.path,
    environment,
  );
  if (!prepared.ok) {
    await group?.remove();
    return prepared;
  }
  const { env } = prepared;
  const args = group === undefined ? prepared.args : [...inGroup(group.directory), ...prepared.args];
  // The guard has no working directory to speak of: it pins none, and a missing one is not its error.
  const child = await launch(guard, args, { cwd: "/", env, descriptor: executable.fd });
  if (!child.ok) {
    await group?.remove();
    return failed(startFailure("guard", child.error));
  }
  const { status } = child;
  if (status === undefined) throw new Error("the guard was started without a status channel");

  const started = Promise.withResolvers<Said<"started"> | Said<"failed"> | "guard died" | "aborted">();
  const exited = Promise.withResolvers<ProcessExit>();
  const gone = Promise.withResolvers<ProcessGone>();
  let plugin: number | undefined;
  let clean: Said<"clean"> | undefined;
  let outOfMemory = false;
  readLines(status, (text) => {
    const line = parseGuardLine(text);
    switch (line?.kind) {
      case "started":
        plugin = line.pid;
        return started.resolve(line);
      case "failed":
        return started.resolve(line);
      case "exited":
        return exited.resolve(exitOf(line));
      case "oom":
        outOfMemory = true;
        return;
      case "clean":
        clean = line;
        return;
      case undefined:
    }
  });
  let reaped = false;
  void child.ended.then(() => (reaped = true));
  // Both, in either order: the last lines may be read after the guard was reaped.
  const ended = Promise.all([child.ended, closed(status)]);
  void ended.then(async () => {
    // Said already, unless something killed the guard. Its death is the plugin's (PR_SET_PDEATHSIG), but
    // there may be more in the plugin's group.
    started.resolve("guard died");
    exited.resolve({ code: null, signal: "SIGKILL", core: false, guardLost: true });
    // What escaped from a guard that was killed is still in its control group.
    const left = (await group?.remove()) ?? 0;
    const found = clean ?? (plugin === undefined ? NOTHING_LEFT : await sweepGroup(plugin));
    gone.resolve({ killed: found.killed, left: Math.max(found.left, left) });
  });
  const command = (word: "term" | "kill"): void => void (status.writable && status.write(`${word}\n`));
  // A plugin of the same user can stop its guard. If it goes on doing so, the guard's death is at least its own.
  const insist = (times: number): void => {
    if (reaped) return;
    signal(child.pid, times > 0 ? "SIGCONT" : "SIGKILL");
    if (times > 0) setTimeout(insist, 100, times - 1).unref();
  };
  let killing = false;
  const kill = (): void => {
    if (killing) return;
    killing = true;
    command("kill");
    insist(INSIST_TIMES);
  };

  const abort = spec.signal;
  const onAbort = () => started.resolve("aborted");
  abort.addEventListener("abort", onAbort);
  if (abort.aborted) onAbort();
  const [first] = await Promise.all([started.promise, settle()]);
  abort.removeEventListener("abort", onAbort);
  if (first === "aborted") kill();
  if (first === "aborted" || first === "guard died" || first.kind === "failed") {
    const ofSandbox = typeof first !== "string" && first.stage === "sandbox";
    const said = ofSandbox ? await lastWords(child.release().stderr) : "";
    await gone.promise;
    if (typeof first !== "string" && first.stage === "cgroup" && first.errno !== os.errno.ENOMEM)
      group?.refuse(`a process could not be put into a group (${errnoOf(first.errno)})`);
    if (typeof first === "string") return failed(first === "aborted" ? GIVEN_UP : GUARD_DIED);
    return failed(sandboxFailure(first.stage, first.errno, said) ?? startFailure(first.stage, first.errno));
  }
  const [walls, isGrouped] = await Promise.all([enforced(spec.sandbox, first), group?.has(first.pid)]);
  const exceeded = () => (outOfMemory ? overMemory(spec.usage?.memoryBytes) : null);
  const escapable = !isStrict && (spec.sandbox?.mode !== "basic" || first.landlock === 0);
  return {
    ok: true,
    process: {
      pid: first.pid,
      guardPid: first.guard ?? child.pid,
      enforced: walls,
      group:
        group !== undefined && isGrouped === true ? { limits: group.limits, escapable, exceeded } : undefined,
      sha256: executable.sha256,
      vouched: executable.vouched,
      startedAt: Date.now(),
      ...child.release(),
      exited: exited.promise,
      gone: gone.promise,
      terminate: () => command("term"),
      kill,
    },
  };
}

function failed(failure: SpawnFailure): SpawnResult {
  return { ok: false, failure };
}

/** A process limit is one of the whole user, and whoever is counted by a control group is not held to that. */
function withoutProcesses(spec: ProcessSpec): ProcessSpec {
  const { processes: _, ...limits } = spec.limits ?? {};
  return { ...spec, limits };
}

function overMemory(memoryBytes = 0): Exceeded {
  const most = `${Number((memoryBytes / 1024 / 1024).toFixed(1))} MiB`;
  return {
    limit: "max_memory",
    detail: `all its processes together needed more than ${most}, which is max_memory, and the kernel killed them`,
  };
}

function exitOf(line: Said<"exited">): ProcessExit {
  const { core, userMicros, systemMicros, peakKib } = line;
  return {
    ...decodeWaitStatus(line.status),
    core,
    userMicros,
    systemMicros,
    peakMemoryBytes: peakKib * 1024,
  };
}

/** Bubblewrap's, which is gone: its end of the pipe is closed. */
async function lastWords(stderr: Readable): Promise<string> {
  let words = "";
  for await (const chunk of stderr) words = (words + String(chunk)).slice(0, 1000);
  return words;
}

function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.once("close", resolve));
}

function readLines(stream: Readable, hear: (line: string) => void): void {
  let rest = "";
  stream.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString("latin1")).split("\n");
    rest = (lines.pop() ?? "").slice(0, 256);
    lines.forEach(hear);
  });
}
