/**
 * Whether this process stands in a part of the cgroup v2 hierarchy that it may manage. Pure. What is asked for is what
 * systemd makes of `Delegate=` with `DelegateSubgroup=`: this process in a group of its own, and above that one that is
 * ours, without processes, in which plugins get theirs. Nobody is moved: a group with processes in it can't hand its
 * controllers on (cgroups(7), "no internal processes"), and whoever embeds the supervisor may have its own plans.
 */
import path from "node:path";

/** Those that limits need. */
export const controllers = ["memory", "pids"] as const;
export type Controller = (typeof controllers)[number];

export interface Refused {
  readonly ok: false;
  /** After "not delegated: ". */
  readonly why: string;
  readonly advice: string;
}

export interface Place {
  readonly ok: true;
  /** The group of this process, and the one above it, as directories. */
  readonly own: string;
  readonly above: string;
}

const unit = /\.(?:service|scope|slice)$/;

const ask = "In a systemd unit: Delegate=memory pids and DelegateSubgroup=supervisor (systemd 254 or newer).";

function refused(why: string, advice = ask): Refused {
  return { ok: false, why, advice };
}

/** @param own text of `/proc/self/cgroup`  @param mounts text of `/proc/self/mountinfo` */
export function placeOf(own: string, mounts: string): Place | Refused {
  const group = /^0::(\/.*)$/m.exec(own)?.[1];
  if (group === undefined) {
    const v2 = "Control groups of version 2 are needed.";
    return refused(own === "" ? "there are no control groups here" : "they are of version 1 here", v2);
  }
  const isOfVersion1 = /^\d+:(?:[^:\n]*,)?(?:memory|pids)[,:]/m.test(own);
  if (group === "/" && isOfVersion1) {
    const advice = "It needs a system that has only control groups of version 2.";
    return refused("the controllers memory and pids are of version 1 here", advice);
  }
  if (group === "/") return refused("the daemon stands in the topmost group that it sees");
  if (group.startsWith("/..")) return refused("the daemon's own group is outside of what it sees");
  const directory = directoryOf(group, mounts);
  if (directory === undefined)
    return refused("cgroup2 is not mounted where the daemon's own group would be seen");
  if (directory.isTop) return refused("the daemon stands in the topmost group that it sees");
  const { path: place } = directory;
  const above = path.dirname(place);
  // What lies in a slice, or has such a name, is a unit, and what is above a unit is the service manager's.
  if (unit.test(place) || above.endsWith(".slice"))
    return refused(`the daemon stands in ${path.basename(place)} itself, not in a group below it`);
  return { ok: true, own: place, above };
}

/** Fields of proc_pid_mountinfo(5): the mounted root, where it is mounted, and after a dash the type. */
function directoryOf(group: string, mounts: string): { path: string; isTop: boolean } | undefined {
  for (const line of mounts.split("\n")) {
    const [, root, place] = /^\S+ \S+ \S+ (\S+) (\S+) .* - cgroup2 /.exec(line) ?? [];
    if (root === undefined || place === undefined) continue;
    const below = path.relative(unescaped(root), group);
    if (below !== ".." && !below.startsWith("../"))
      return { path: path.join(unescaped(place), below), isTop: below === "" };
  }
  return undefined;
}

function unescaped(name: string): string {
  return name.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** What the files of the two groups say. */
export interface Seen {
  /** Of the one above. Null: it has no such file, because it is the root of the machine. */
  readonly type: string | null;
  readonly processes: string;
  readonly available: string;
  /** Null: groups can be made in it. Else the system's error, such as `EROFS`. */
  readonly denied: string | null;
  /** Of this process's own group. Null: without the controller. */
  readonly ownMemory: string | null;
  readonly ownTasks: string | null;
}

export interface Delegated {
  readonly ok: true;
  /** The directory in which plugins get their groups. */
  readonly above: string;
  /** Those that are there to be handed on. */
  readonly controllers: readonly Controller[];
}

export function judge({ above }: Place, seen: Seen): Delegated | Refused {
  const name = path.basename(above);
  if (seen.type === null) return refused("above the daemon's group is the root of the machine");
  if (seen.type.trim() !== "domain") return refused(`the group ${name} is of the type ${seen.type.trim()}`);
  if (seen.processes.trim() !== "") return refused(`there are processes in the group ${name} itself`);
  if (seen.denied === "EROFS") return refused("the file system of the control groups is read-only");
  if (seen.denied !== null) return refused(`the group ${name} is somebody else's (${seen.denied})`);
  // Whoever limited the daemon meant its plugins as well, and beside it they would be out of that.
  const limit = [seen.ownMemory, seen.ownTasks].some((each) => each !== null && each.trim() !== "max");
  if (limit)
    return refused(
      "the daemon's own group is limited, and its plugins would be outside of it",
      "Set the limits of the unit, not of its subgroup.",
    );
  const available = seen.available.split(/\s+/);
  return { ok: true, above, controllers: controllers.filter((each) => available.includes(each)) };
}
