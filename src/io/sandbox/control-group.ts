/** A control group (cgroup v2) for each plugin, where this process may make them. */
import { constants } from "node:fs";
import { access, mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { errnoOf } from "../process/spawn-failure.ts";
import { controllers, judge, placeOf } from "./delegation.ts";
import type { Controller, Delegated, Place, Refused } from "./delegation.ts";
import { held, isMember, settings } from "./group-limits.ts";
import type { GroupLimits, Wanted } from "./group-limits.ts";

export type Delegation = Delegated | Refused;

/** It is the process's, and does not change while it runs: found out at the first start of a plugin. */
let found: Promise<Delegation> | undefined;

/** What this process may do, with the controllers that groups below have now. Only the first time costs anything. */
export function delegation(): Promise<Delegation> {
  found ??= discover();
  return found;
}

/** After something could not be done that should have been possible: the next start goes without. */
function giveUp(why: string): void {
  found = Promise.resolve({ ok: false, why, advice: "Restart the daemon to have it try again." });
}

async function discover(): Promise<Delegation> {
  const own = await textOf("/proc/self/cgroup");
  const place = placeOf(own ?? "", (await textOf("/proc/self/mountinfo")) ?? "");
  if (!place.ok) return place;
  const judged = judge(place, await look(place));
  return judged.ok ? { ...judged, controllers: await enable(judged) } : judged;
}

async function look({ own, above }: Place) {
  const [type, processes, available, ownMemory, ownTasks, denied] = await Promise.all([
    textOf(path.join(above, "cgroup.type")),
    textOf(path.join(above, "cgroup.procs")),
    textOf(path.join(above, "cgroup.controllers")),
    textOf(path.join(own, "memory.max")),
    textOf(path.join(own, "pids.max")),
    denialOf(above),
  ]);
  return { type, processes: processes ?? "", available: available ?? "", ownMemory, ownTasks, denied };
}

/** To make groups, and to move a process from one to another, which is asked of the one above both. */
async function denialOf(directory: string): Promise<string | null> {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    await access(path.join(directory, "cgroup.procs"), constants.W_OK);
    await access(path.join(directory, "cgroup.subtree_control"), constants.W_OK);
    return null;
  } catch (error) {
    return errnoOf(error);
  }
}

/** One by one: all of a line is refused for one of them. Returns those that are in force. */
async function enable({ above, controllers: available }: Delegated): Promise<Controller[]> {
  const file = path.join(above, "cgroup.subtree_control");
  for (const each of available) await write(file, `+${each}`);
  const enabled = ((await textOf(file)) ?? "").split(/\s+/);
  return controllers.filter((each) => enabled.includes(each));
}

/** One plugin's. */
export interface ControlGroup {
  readonly directory: string;
  /** Read back from the group. */
  readonly limits: GroupLimits;
  /** Whether a process is still in it; one that has gone was. */
  has(pid: number): Promise<boolean>;
  /** It could not be joined: others are not made any more. */
  refuse(why: string): void;
  /** Ends what is still in it, and takes it away. Returns how many processes could not be ended. */
  remove(): Promise<number>;
}

let made = 0;

/** Undefined: there is to be none here. @param name of what runs, for people who look at the hierarchy */
export async function controlGroup(name: string, limits: Wanted): Promise<ControlGroup | undefined> {
  const may = await delegation();
  if (!may.ok) return undefined;
  const word = name.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 40);
  const own = `plugin-${word}-${process.pid}-${++made}`;
  const directory = path.join(may.above, own);
  try {
    await mkdir(directory);
  } catch (error) {
    // Too many of them, perhaps: nothing that would say what comes of the next one.
    if (errnoOf(error) !== "EAGAIN") giveUp(`a group could not be made (${errnoOf(error)})`);
    return undefined;
  }
  for (const { file, value } of settings(limits, may.controllers))
    await write(path.join(directory, file), value);
  const [memoryMax, pidsMax] = await Promise.all([
    textOf(path.join(directory, "memory.max")),
    textOf(path.join(directory, "pids.max")),
  ]);
  return {
    directory,
    limits: held(limits, memoryMax ?? undefined, pidsMax ?? undefined),
    has: async (pid) => isMember((await textOf(`/proc/${pid}/cgroup`)) ?? `0::/${own}`, own),
    refuse: giveUp,
    remove: () => remove(directory),
  };
}

/** The guard has done it already, unless somebody killed it, or the plugin made groups below its own. */
async function remove(directory: string): Promise<number> {
  if (await removed(directory)) return 0;
  await write(path.join(directory, "cgroup.kill"), "1");
  for (let wait = 1; wait <= 2048; wait *= 2) {
    if (!/^populated 1$/m.test((await textOf(path.join(directory, "cgroup.events"))) ?? "")) {
      await removeTree(directory);
      return 0;
    }
    await setTimeout(wait);
  }
  return ((await textOf(path.join(directory, "cgroup.procs"))) ?? "").split("\n").filter(Boolean).length;
}

/** Its files go with a group; only the groups below it are in the way. */
async function removeTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(path.join(directory, entry.name));
  await removed(directory);
}

async function removed(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch (error) {
    return errnoOf(error) === "ENOENT";
  }
}

async function textOf(file: string): Promise<string | null> {
  return readFile(file, "latin1").catch(() => null);
}

/** What came of it is read back. */
async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: "r+" }).catch(() => {});
}
