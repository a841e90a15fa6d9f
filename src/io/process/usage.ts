/** What a process and all its descendants take, as the kernel tells it (proc(5)). Nothing, where there is no /proc. */
import { readdir, readFile } from "node:fs/promises";
import { endianness } from "node:os";
import path from "node:path";

export interface ProcessUsage {
  /** Processes that live. */
  readonly count: number;
  /** Resident. */
  readonly memoryBytes: number;
  /** User and system time, of ended descendants too, as far as a parent waited for them. In steps of 10 ms. */
  readonly cpuMicros: number;
  /** Open descriptors, where they were asked for. */
  readonly files?: number;
}

/** The plugin's own process; or its guard, which is not counted itself, and below which is also what escaped. */
export type UsageRoot = { readonly plugin: number } | { readonly guard: number };

/** How many processes are counted; the others are left out. */
export const mostProcesses = 1000;
/** Children are listed by thread, and one process may have any number of those. */
const mostThreads = 4096;

/**
 * Asynchronous, and one file at a time: /proc answers at once, and whatever else waits for a file is not kept waiting.
 * Null: there is no such process, or the system does not tell.
 */
export async function processUsage(
  root: UsageRoot,
  proc = "/proc",
  withFiles = false,
): Promise<ProcessUsage | null> {
  const isGuard = "guard" in root;
  const top = isGuard ? root.guard : root.plugin;
  const units = await unitsOf(proc);
  const usage = { count: 0, memoryBytes: 0, cpuMicros: 0, ...(withFiles ? { files: 0 } : {}) };
  for (const pid of await familyOf(top, mostProcesses + (isGuard ? 1 : 0), proc)) {
    const stat = await readStat(pid, proc);
    if (stat === null) continue;
    const own = isGuard && pid === top ? 0 : 1;
    usage.cpuMicros += (own * stat.ticks + stat.endedTicks) * units.tickMicros;
    // A zombie has used time, and nothing else is left of it.
    if (own === 0 || stat.state === "Z" || stat.state === "X") continue;
    usage.count++;
    usage.memoryBytes += stat.pages * units.pageBytes;
    if (usage.files !== undefined) usage.files += await openFilesOf(pid, proc);
  }
  return usage.count === 0 ? null : usage;
}

/** The process first, nearer generations before later ones. */
async function familyOf(top: number, most: number, proc: string): Promise<Set<number>> {
  const childrenOf = await childrenBy(proc);
  const family = new Set([top]);
  // It grows while it is gone through.
  for (const pid of family) {
    for (const child of await childrenOf(pid)) {
      if (family.size === most) return family;
      family.add(child);
    }
  }
  return family;
}

type ChildrenOf = (pid: number) => Promise<readonly number[]>;

/** Kernels without CONFIG_PROC_CHILDREN do not list children: then each process is asked for its parent, once. */
async function childrenBy(proc: string): Promise<ChildrenOf> {
  const listed = await readFile(path.join(proc, "thread-self/children"), "latin1").catch(() => null);
  if (listed !== null) {
    let threads = 0;
    return async (pid) => {
      const children: number[] = [];
      for (const thread of await readdir(path.join(proc, `${pid}/task`)).catch(() => [])) {
        if (++threads > mostThreads) break;
        const file = path.join(proc, `${pid}/task/${thread}/children`);
        children.push(...numbers(await readFile(file, "latin1").catch(() => "")));
      }
      return children;
    };
  }
  const children = new Map<number, number[]>();
  for (const pid of numbers((await readdir(proc).catch(() => [])).join(" "))) {
    const parent = (await readStat(pid, proc))?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  return (pid) => Promise.resolve(children.get(pid) ?? []);
}

async function openFilesOf(pid: number, proc: string): Promise<number> {
  return (await readdir(path.join(proc, `${pid}/fd`)).catch(() => [])).length;
}

interface Stat {
  readonly state: string;
  readonly parent: number;
  readonly ticks: number;
  /** Of descendants that it waited for. */
  readonly endedTicks: number;
  readonly pages: number;
}

/** Null: it has gone meanwhile. */
async function readStat(pid: number, proc: string): Promise<Stat | null> {
  const text = await readFile(path.join(proc, `${pid}/stat`), "latin1").catch(() => null);
  if (text === null) return null;
  // The second field is the name, in parentheses, and may have anything in it; the third one is the state.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (position: number): number => Number(fields[position - 3] ?? 0);
  return {
    state: fields[0] ?? "",
    parent: field(4),
    ticks: field(14) + field(15),
    endedTicks: field(16) + field(17),
    pages: field(24),
  };
}

interface Units {
  readonly pageBytes: number;
  readonly tickMicros: number;
}

/** Pairs of machine words that the kernel hands each program: getauxval(3), numbers of elf.h. */
const auxiliary = { pageSize: 6n, ticksPerSecond: 17n };

async function unitsOf(proc: string): Promise<Units> {
  const vector = await readFile(path.join(proc, "self/auxv")).catch(() => Buffer.alloc(0));
  const word = (at: number): bigint =>
    endianness() === "LE" ? vector.readBigUInt64LE(at) : vector.readBigUInt64BE(at);
  const told = new Map<bigint, number>();
  for (let at = 0; at + 16 <= vector.length; at += 16) told.set(word(at), Number(word(at + 8)));
  return {
    pageBytes: told.get(auxiliary.pageSize) ?? 4096,
    tickMicros: 1_000_000 / (told.get(auxiliary.ticksPerSecond) ?? 100),
  };
}

function numbers(text: string): number[] {
  return text.split(/\s+/).flatMap((word) => (/^\d+$/.test(word) ? [Number(word)] : []));
}
