import { Duplex } from "node:stream";
import type { Readable, Writable } from "node:stream";

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
  /** Becomes descriptor 4; descriptor 3 is then a socket to the program. */
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
  const child = execa(file, args, {
    cwd: options.cwd,
    env: options.env,
    extendEnv: false,
    stdio:
      options.descriptor === undefined
        ? ["pipe", "pipe", "pipe"]
        : // execa takes any descriptor, its types only know the first ten.
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion
          ["pipe", "pipe", "pipe", "pipe", options.descriptor as 4],
    buffer: false,
    encoding: "buffer",
    reject: false,
    cleanup: false,
    detached: true,
  });
  child.then(ignore, ignore);
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

function ignore(): void {}
