/** How many system calls a call costs, counted by strace: the same on every machine, whatever else goes on there. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { daemon, library } from "./contestants.ts";
import { RemoteSide } from "./remote-side.ts";
import type { Syscalls } from "./results.ts";

/** Why it can not be counted here; undefined: it can. */
export function withoutStrace(): string | undefined {
  if (process.platform !== "linux") return "strace needs Linux";
  const asked = spawnSync("strace", ["-o", "/dev/null", "true"], { encoding: "utf8" });
  if (asked.error !== undefined) return "no strace";
  return asked.status === 0 ? undefined : `strace may not trace: ${asked.stderr.trim().split("\n")[0]}`;
}

type Purpose = "write" | "read" | "poll" | "emptyPoll" | "other";

const purposes: Readonly<Record<string, Purpose>> = {
  ...purpose("write", ["write", "writev", "sendto", "sendmsg"]),
  ...purpose("read", ["read", "readv", "recvfrom", "recvmsg"]),
  ...purpose("poll", ["epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll"]),
};

function purpose(name: Purpose, syscalls: readonly string[]): Record<string, Purpose> {
  return Object.fromEntries(syscalls.map((syscall) => [syscall, name]));
}

/** Batches of calls in flight in one measurement, and in the longer one beside it. */
const batches = { 1: [1000, 3000], 256: [100, 300] } as const;

/**
 * Of the library's process and, with the daemon in between, of the client's and the daemon's: all their threads, the
 * processes of the plugins not. Counted over two runs of different length, so that what is there once falls out.
 */
export async function countSyscalls(): Promise<Syscalls[]> {
  const counted: Syscalls[] = [];
  for (const { name, command } of [library, daemon]) {
    const side = await RemoteSide.start(command);
    const { caller, relay } = side.about;
    const processes = [
      [relay === undefined ? name : "client", caller],
      ["daemon", relay],
    ] as const;
    for (const inFlight of [1, 256] as const) {
      await side.measure({ bytes: 0, calls: 20_000, inFlight });
      for (const [process, pid] of processes) {
        if (pid === undefined) continue;
        const [fewer, more] = batches[inFlight].map((batch) => batch * inFlight) as [number, number];
        const before = await traced(pid, () => side.measure({ bytes: 0, calls: fewer, inFlight }));
        const after = await traced(pid, () => side.measure({ bytes: 0, calls: more, inFlight }));
        const each = (what: Purpose): number =>
          round((after[what] - before[what]) / (more - fewer), inFlight);
        counted.push({
          process,
          inFlight,
          write: each("write"),
          read: each("read"),
          poll: each("poll"),
          emptyPoll: each("emptyPoll"),
          other: each("other"),
        });
      }
    }
    await side.close();
  }
  return counted;
}

/** One after another, a timer that fell into one of thousands of calls is none of theirs; together, it is a part of the figure. */
function round(value: number, inFlight: number): number {
  const digits = inFlight === 1 ? 100 : 10_000;
  return Math.max(0, Math.round(value * digits) / digits);
}

async function traced(pid: number, what: () => Promise<unknown>): Promise<Record<Purpose, number>> {
  const directory = mkdtempSync(path.join(tmpdir(), "bench-"));
  const log = path.join(directory, "log");
  try {
    const args = ["-f", "-e", "signal=none", "-s", "0", "-o", log, "-p", String(pid)];
    const strace = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
    const ended = once(strace, "exit");
    let said = "";
    await new Promise<void>((resolve, reject) => {
      strace.once("exit", () => reject(new Error(`strace: ${said}`)));
      strace.stderr.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes("attached")) resolve();
      });
    });
    await what();
    strace.kill("SIGINT");
    await ended;
    return tally(readFileSync(log, "utf8"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Lines of `pid name(arguments) = result`; one that was interrupted by another thread's goes on as `<... name resumed>`.
 * libuv looks first without waiting, for its figure of idle time, so whether there is an empty poll before the one that
 * waits depends on who is faster: what Node itself would do for any two bytes is counted apart.
 */
function tally(log: string): Record<Purpose, number> {
  const total = { write: 0, read: 0, poll: 0, emptyPoll: 0, other: 0 };
  for (const [, name = "", result] of log.matchAll(/^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed>).*= (-?\d+)/gm)) {
    const what = purposes[name] ?? "other";
    total[what === "poll" && Number(result) <= 0 ? "emptyPoll" : what]++;
  }
  return total;
}
