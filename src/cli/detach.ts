/** Starting the daemon in the background, and not leaving before it is known how that went. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BulkheadError } from "../../protocol/error.ts";
import { Client } from "../client/client.ts";
import { ensurePrivateDir } from "../io/paths.ts";
import type { ErrorObject } from "../text/failure.ts";
import { holderOf } from "./holder.ts";
import type { Holder } from "./holder.ts";
import { packageVersion, thisProgram } from "./package.ts";
import type { Places } from "./places.ts";

/** Between two looks at whether the socket answers; milliseconds. */
const pause = 25;
/** Milliseconds. */
const usualPatience = 30_000;
const shownLines = 20;

export interface Started {
  readonly pid: number;
  /** Another one was there before, with the same configuration. */
  readonly already: boolean;
}

/** One process that was started, and may become the daemon. */
interface Attempt {
  readonly pid: number | undefined;
  /** In its own words where it had any. */
  readonly ended: Promise<BulkheadError>;
  /** The last lines of what it has said outside its log. */
  said(): string;
  /** Leaves it alone; what it says stays on record: an uncaught error much later, for one. */
  keep(): void;
  /** Ends it if it has not ended by itself: were the other one to go, it would come up unasked. */
  drop(): void;
}

/**
 * @param patience a daemon that has not answered by then is left alone, and reported; milliseconds
 * @throws {BulkheadError} what kept the daemon from starting
 */
export async function startDetached(places: Places, patience = usualPatience): Promise<Started> {
  const running = await reach(places.socket);
  if (running !== undefined) return adopt(running, places);

  ensurePrivateDir(places.stateDir);
  const until = performance.now() + patience;
  let attempt = launch(places);
  for (;;) {
    const client = await reach(places.socket);
    if (client !== undefined && client.daemon.pid === attempt.pid) {
      client.close();
      attempt.keep();
      return { pid: attempt.pid, already: false };
    }
    if (client !== undefined) {
      attempt.drop();
      return adopt(client, places);
    }
    const failure = await Promise.race([attempt.ended, delay(pause, undefined)]);
    const late = performance.now() > until;
    if (failure === undefined && !late) continue;
    if (failure !== undefined && failure.code !== "already_running") {
      attempt.drop();
      throw failure;
    }
    // Of several starts at once, one wins: the others wait until it answers, and try again if it gives up.
    const holder = await holderOf(places.lock);
    if (late) throw gaveUp(attempt, failure, holder, places, patience);
    if (holder === undefined) attempt = launch(places);
    else await delay(pause);
  }
}

async function adopt(client: Client, places: Places): Promise<Started> {
  const { pid, configFile } = await client.control("daemon.status").finally(() => client.close());
  if (configFile === places.configFile) return { pid, already: true };
  throw BulkheadError.of(
    "already_running",
    `a daemon (pid ${pid}) is running already, with ${configFile ?? "no configuration"}, not ${places.configFile ?? "none"}`,
  );
}

function gaveUp(
  attempt: Attempt,
  failure: BulkheadError | undefined,
  holder: Holder | undefined,
  { stateDir, socket }: Places,
  patience: number,
): BulkheadError {
  const said = attempt.said();
  const other = holder !== undefined && holder.pid !== attempt.pid;
  if (failure !== undefined || other) attempt.drop();
  else attempt.keep();
  if (other && holder.isDaemon) {
    const message = `a daemon (pid ${holder.pid}) uses ${stateDir}, but it does not answer at ${socket}`;
    return BulkheadError.of("already_running", message);
  }
  const message = `the daemon (pid ${attempt.pid}) has not answered for ${patience / 1000} s${said}`;
  return failure ?? BulkheadError.of("daemon_failed", message);
}

function launch(places: Places): Attempt {
  // A file of its own until it has won: one that loses must not touch the winner's.
  const own = join(places.stateDir, `daemon-output.${process.pid}.log`);
  const output = openSync(own, "w", 0o600);
  try {
    const config = places.configFile === null ? [] : ["--config", places.configFile];
    // --json: so that its last words can be read back as an error.
    const args = ["up", "--json", "--state-dir", places.stateDir, ...config];
    const [node, ...before] = thisProgram();
    const child = spawn(node, [...before, ...args], {
      cwd: places.stateDir,
      detached: true,
      stdio: ["ignore", output, output],
      env: { ...process.env, BULKHEAD_SOCKET: places.socket },
    });
    const ended = new Promise<BulkheadError>((resolve) => {
      const end = (how: string): void => resolve(reason(how, lines(own)));
      child.once("error", (error) => end(`it can't be run: ${error.message}`));
      child.once("exit", (code, signal) =>
        end(signal === null ? `it ended with status ${code}` : `it was ended by ${signal}`),
      );
    });
    return {
      pid: child.pid,
      ended,
      said: () => tail(lines(own)),
      keep() {
        child.unref();
        renameSync(own, join(places.stateDir, "daemon-output.log"));
      },
      drop() {
        child.kill();
        child.unref();
        rmSync(own, { force: true });
      },
    };
  } finally {
    closeSync(output);
  }
}

async function reach(socket: string): Promise<Client | undefined> {
  try {
    return await Client.connect({ socket, name: "bulkhead up", version: packageVersion() });
  } catch (error) {
    if (error instanceof BulkheadError && error.code === "daemon_unreachable") return undefined;
    throw error;
  }
}

function reason(end: string, words: readonly string[]): BulkheadError {
  try {
    const { error }: { error: ErrorObject } = JSON.parse(words.at(-1) ?? "");
    return new BulkheadError(error.code, error.message, error.number, error.data);
  } catch {
    return BulkheadError.of("daemon_failed", `the daemon did not start: ${end}${tail(words)}`);
  }
}

function tail(words: readonly string[]): string {
  return words
    .slice(-shownLines)
    .map((line) => `\n    ${line}`)
    .join("");
}

/** None once the file has been renamed or removed. */
function lines(file: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
}
