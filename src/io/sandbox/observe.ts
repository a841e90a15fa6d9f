/** What the kernel says of a process's confinement (proc(5)): seen, not concluded from what was asked for. */
import { readFile, readlink } from "node:fs/promises";

export const namespaces = ["user", "mnt", "pid", "net", "ipc", "uts"] as const;
export type Namespace = (typeof namespaces)[number];

export interface Confinement {
  readonly noNewPrivileges: boolean;
  /** A seccomp filter judges its calls. */
  readonly filtered: boolean;
  /** It has capabilities of any kind, in its own user namespace or in this one. */
  readonly capable: boolean;
  /** Namespaces that are not the supervisor's. */
  readonly apart: ReadonlySet<Namespace>;
}

/** Null: there is no such process any more, or the system does not tell. */
export async function observe(pid: number): Promise<Confinement | null> {
  const status = await readFile(`/proc/${pid}/status`, "latin1").catch(() => null);
  if (status === null) return null;
  const apart = await Promise.all(
    namespaces.map(async (name) => ({
      name,
      theirs: await namespaceOf(pid, name),
      ours: await namespaceOf("self", name),
    })),
  );
  if (apart.some(({ theirs }) => theirs === null)) return null;
  const names = apart.filter(({ theirs, ours }) => theirs !== ours).map(({ name }) => name);
  return { ...confinementIn(status), apart: new Set(names) };
}

export function confinementIn(status: string): Omit<Confinement, "apart"> {
  const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "";
  return {
    noNewPrivileges: field("NoNewPrivs") === "1",
    filtered: field("Seccomp") === "2",
    capable: !/^0*$/.test(field("CapEff")),
  };
}

function namespaceOf(process: number | "self", name: Namespace): Promise<string | null> {
  return readlink(`/proc/${process}/ns/${name}`).catch(() => null);
}
