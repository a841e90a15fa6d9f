/** The walls between a plugin's process and the machine, each with whether it stands. */
import type { Grants, Sandbox } from "../../../protocol/config.ts";
import type { Enforced } from "../../../protocol/state.ts";
import { observe } from "./observe.ts";
import type { Confinement, Namespace } from "./observe.ts";

/** What is known of a process that was started. */
export interface Facts {
  /** Null: it has gone already, or the system does not tell. */
  readonly confinement: Confinement | null;
  /** The version of Landlock that holds it; 0: none does. */
  readonly landlock: number;
}

export async function enforced(
  sandbox: Sandbox | undefined,
  { pid, landlock }: { readonly pid: number; readonly landlock: number },
): Promise<Enforced[]> {
  if (sandbox === undefined || sandbox.mode === "none") return [];
  return walls(sandbox, { confinement: await observe(pid), landlock });
}

/** A basic sandbox without the guard: nothing could be put up. */
export function nothingEnforced(sandbox: Sandbox | undefined): Enforced[] {
  if (sandbox === undefined || sandbox.mode === "none") return [];
  return walls(sandbox, { confinement: null, landlock: 0 }).map((wall) =>
    wall.holds ? wall : { ...wall, why: "there is no guard" },
  );
}

const unknown = "not known: the process has gone, or this system does not tell";

/** Pure. `why` says what makes it hold, or what is missing. */
export function walls(
  sandbox: Exclude<Sandbox, { mode: "none" }>,
  { confinement, landlock }: Facts,
): Enforced[] {
  const { mode, grants } = sandbox;
  const seen = (item: string, wall: (seen: Confinement) => Omit<Enforced, "item">): Enforced =>
    confinement === null ? { item, holds: false, why: unknown } : { item, ...wall(confinement) };
  const strict = mode === "strict";
  return [
    seen("privileges", ({ noNewPrivileges: holds }) => ({
      holds,
      why: "no_new_privs: set-user-id programs give it nothing",
    })),
    seen("capabilities", ({ capable }) => ({
      holds: !capable,
      why: capable ? "it has some" : "it has none",
    })),
    seen("calls", ({ filtered: holds }) => ({
      holds,
      why: holds ? "a seccomp filter" : "this kernel has no seccomp filters",
    })),
    strict
      ? seen("files", (of) => ({
          holds: isApart(of, "user", "mnt"),
          why: "a root of its own: /usr, itself and what is granted",
        }))
      : { item: "files", ...byLandlock(landlock) },
    seen("network", (of) => network(of, grants, strict)),
    seen("control socket", (of) => controlSocket(of, grants, strict)),
    strict
      ? seen("processes", (of) => ({
          holds: isApart(of, "user", "pid"),
          why: "a PID namespace: it sees only its own",
        }))
      : {
          item: "processes",
          holds: landlock >= 6,
          why:
            landlock >= 6
              ? "Landlock: it sees the others, but can not signal or trace them"
              : needs(6, landlock),
        },
    seen("shared memory", (of) => ({
      holds: isApart(of, "ipc"),
      why: isApart(of, "ipc")
        ? "an IPC namespace"
        : "only a strict sandbox keeps System V memory and queues apart",
    })),
    {
      item: "environment",
      holds: true,
      why: "only the variables that its entry names, and a few of the system's",
    },
  ];
}

function isApart({ apart }: Confinement, ...names: readonly Namespace[]): boolean {
  return names.every((name) => apart.has(name));
}

function network(
  { apart, filtered }: Confinement,
  { network: granted }: Grants,
  strict: boolean,
): Omit<Enforced, "item"> {
  if (granted) return { holds: false, why: "granted" };
  if (strict) return { holds: apart.has("net"), why: "a network namespace with nothing in it" };
  return {
    holds: filtered,
    why: filtered ? "the filter refuses it every socket" : "this kernel has no seccomp filters",
  };
}

function controlSocket(
  { apart, filtered }: Confinement,
  { network }: Grants,
  strict: boolean,
): Omit<Enforced, "item"> {
  if (strict) return { holds: apart.has("mnt"), why: "it is not in its root" };
  if (network)
    return { holds: false, why: "Landlock does not stop connecting, and a granted network brings sockets" };
  return {
    holds: filtered,
    why: filtered ? "the filter refuses it every socket" : "this kernel has no seccomp filters",
  };
}

function byLandlock(version: number): Omit<Enforced, "item"> {
  if (version >= 3)
    return {
      holds: true,
      why: `Landlock ${version}: the system is readable, the rest only where granted; modes and times can be changed`,
    };
  if (version === 0) return { holds: false, why: needs(3, version) };
  return { holds: false, why: `Landlock ${version} does not stop it from emptying files of this user` };
}

function needs(version: number, found: number): string {
  return found === 0
    ? "this kernel has no Landlock"
    : `it needs Landlock ${version}, this kernel has ${found}`;
}
