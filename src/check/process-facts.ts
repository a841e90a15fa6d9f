/** What the kernel says of a running process (proc(5)). Nothing, where there is no /proc. */
import { readdir, readFile, readlink } from "node:fs/promises";

/** In bytes; `undefined`: not known. */
export async function residentMemory(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "latin1").catch(() => "");
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

/** How many are open. */
export async function descriptors(pid: number): Promise<number | undefined> {
  return readdir(`/proc/${pid}/fd`).then(
    (names) => names.length,
    () => undefined,
  );
}

/** In words: a file open for writing, or a port listened on. */
export async function listensOrWrites(pid: number): Promise<string | undefined> {
  const listening = new Set((await Promise.all(["tcp", "tcp6"].map((each) => listeners(pid, each)))).flat());
  for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
    const [, socket] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
    if (socket !== undefined && listening.has(socket)) return "it listened on a port";
    const isFile = target.startsWith("/") && !/^\/(dev|proc|sys|memfd:)/.test(target);
    if (Number(fd) > 2 && isFile && (await isWritable(pid, fd))) return `it opened ${target} for writing`;
  }
  return undefined;
}

/** The lowest two bits of the flags are the access mode (open(2)). */
async function isWritable(pid: number, fd: string): Promise<boolean> {
  const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, "latin1").catch(() => "");
  const [, flags = "0"] = /^flags:\s+([0-7]+)$/m.exec(info) ?? [];
  return (Number.parseInt(flags, 8) & 3) !== 0;
}

/** Inodes of sockets in the state LISTEN, which is 0A. */
async function listeners(pid: number, family: string): Promise<string[]> {
  const table = await readFile(`/proc/${pid}/net/${family}`, "latin1").catch(() => "");
  return table.split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    return fields[3] === "0A" && fields[9] !== undefined ? [fields[9]] : [];
  });
}
