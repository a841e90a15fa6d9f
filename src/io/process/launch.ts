import { open, readdir, readFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { Duplex } from "node:stream";
import type { Readable, Writable } from "node:stream";

import { errnoOf } from "./spawn-failure.ts";

/** How the started program ended, as Node tells it. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

export type Launched =
  | {
      readonly ok: true;
      readonly pid: number;
      /** The socket on descriptor 3, when asked for. */
      readonly status: Duplex | undefined;
      readonly ended: Promise<Ending>;
      /** Hands the pipes out, in the state of streams that nobody has touched. */
      release(): { stdin: Writable; stdout: Readable; stderr: Readable };
    }
  | { readonly ok: false; readonly error: unknown };

export interface LaunchOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /**
   * Becomes descriptor 4; descriptor 3 is then a socket to the program, which is a guard and closes the others. Without
   * one the program is the plugin, and gets /dev/null for whatever this process would let it inherit.
   */
  readonly descriptor?: number;
}

/**
 * Starts a program in a session of its own, so that ^C in the supervisor's terminal is not for its plugins,
 * with pipes on 0, 1 and 2 and nothing but `env` in its environment.
 */
export async function launch(
  file: string,
  args: readonly string[],
  options: LaunchOptions,
): Promise<Launched> {
  // Loaded on first use: it takes some 50 ms, which commands that start no plugin need not pay.
  const { execa } = await import("execa");
  const { descriptor } = options;
  const shield = descriptor === undefined ? await shieldOf() : undefined;
  const beyond =
    descriptor === undefined ? (shield?.stdio ?? []) : ["pipe" as const, ofAnyNumber(descriptor)];
  const child = execa(file, args, {
    cwd: options.cwd,
    env: options.env,
    extendEnv: false,
    stdio: ["pipe", "pipe", "pipe", ...beyond],
    buffer: false,
    encoding: "buffer",
    reject: false,
    cleanup: false,
    detached: true,
  });
  child.then(ignore, ignore);
  // The program has its copies by now, or never will.
  shield?.null.close().catch(ignore);
  const node = child.nodeChildProcess;
  node.on("error", ignore);
  const { pid, stdin, stdout, stderr } = child;
  if (pid === undefined) return { ok: false, error: await child };

  const ended = new Promise<Ending>((resolve) => {
    node.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const third = child.stdio[3];
  const status = third instanceof Duplex ? third : undefined;
  // A pipe's error (EPIPE, ECONNRESET) says no more than the exit does, but unheard it ends the supervisor.
  for (const stream of [stdin, stdout, stderr, status]) stream?.on("error", ignore);
  // execa resumes a pipe that nobody reads in the next turn, Node does when the process exits: either
  // would lose output from before the caller has the process. A "readable" listener keeps both away.
  stdout.on("readable", ignore);
  stderr.on("readable", ignore);
  const release = () => {
    stdout.off("readable", ignore);
    stderr.off("readable", ignore);
    return { stdin, stdout, stderr };
  };
  return { ok: true, pid, status, ended, release };
}

/** execa takes any descriptor, its types only know the first ten. */
function ofAnyNumber(descriptor: number): 4 {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return descriptor as 4;
}

interface Shield {
  readonly null: FileHandle;
  /** From descriptor 3 on. */
  readonly stdio: ("ignore" | 4)[];
}

/** In place of each descriptor that a program would inherit; undefined: there is none. */
async function shieldOf(): Promise<Shield | undefined> {
  const inherited = await inheritedDescriptors();
  if (inherited.length === 0) return undefined;
  const null_ = await open("/dev/null", "r+");
  const stdio = Array.from({ length: Math.max(...inherited) - 2 }, (_, index) =>
    inherited.includes(index + 3) ? ofAnyNumber(null_.fd) : "ignore",
  );
  return { null: null_, stdio };
}

/**
 * Those that somebody handed to this process: what it opens itself is close-on-exec. Where the system does not say
 * which is which, all of them.
 */
async function inheritedDescriptors(): Promise<number[]> {
  if (process.platform === "win32") return [];
  const isLinux = process.platform === "linux";
  const names = await readdir(isLinux ? "/proc/self/fdinfo" : "/dev/fd").catch(() => []);
  const all = names.map(Number).filter((descriptor) => descriptor > 2);
  if (!isLinux) return all;
  const handed = await Promise.all(all.map(wasHandedOver));
  return all.filter((_, index) => handed[index] === true);
}

async function wasHandedOver(descriptor: number): Promise<boolean> {
  try {
    const info = await readFile(`/proc/self/fdinfo/${descriptor}`, "latin1");
    const flags = /^flags:\s*(\d+)/m.exec(info)?.[1];
    return flags === undefined || (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch (error) {
    // One that is closed by now can't be inherited, one that can't be looked at may be.
    return errnoOf(error) !== "ENOENT";
  }
}

/** O_CLOEXEC, <asm-generic/fcntl.h>. */
const closeOnExec = 0o2000000;

function ignore(): void {}
