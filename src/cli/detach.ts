/** Starting the daemon in the background, and not leaving before it is known how that went. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BulkheadError } from "../../protocol/error.ts";
import { Client } from "../client/client.ts";
import { ensurePrivateDir } from "../io/paths.ts";
import type { ErrorObject } from "./failure.ts";
import { packageVersion, thisProgram } from "./package.ts";
import type { Places } from "./places.ts";

/** Between two looks at whether the socket answers; milliseconds. */
const pause = 25;
/** A daemon that has not answered by then is left alone, and reported; milliseconds. */
const patience = 30_000;
const shownLines = 10;

export interface Started {
  readonly pid: number;
  /** Another one was there before, with the same configuration. */
  readonly already: boolean;
}

/** @throws {BulkheadError} what kept the daemon from starting, in its own words where it had any */
export async function startDetached(places: Places): Promise<Started> {
  const running = await reach(places.socket);
  if (running !== undefined) return adopt(running, places);

  ensurePrivateDir(places.stateDir);
  // What the daemon says outside its log: why it can't start, or an uncaught error much later.
  const words = join(places.stateDir, "daemon-output.log");
  const child = launch(places, words);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`it can't be run: ${error.message}`));
    child.once("exit", (code, signal) =>
      resolve(signal === null ? `it ended with status ${code}` : `it was ended by ${signal}`),
    );
  });
  const until = performance.now() + patience;
  for (;;) {
    const client = await reach(places.socket);
    if (client !== undefined) {
      child.unref();
      const { pid } = client.daemon;
      client.close();
      // Of two starts at once, one wins and the other ends; both are up.
      return { pid, already: pid !== child.pid };
    }
    const end = await Promise.race([ended, delay(pause)]);
    if (end !== undefined) throw reason(end, words);
    if (performance.now() > until) {
      child.unref();
      throw BulkheadError.of(
        "daemon_failed",
        `the daemon (pid ${child.pid}) has not answered for ${patience / 1000} s${tail(words)}`,
      );
    }
  }
}

async function adopt(client: Client, places: Places): Promise<Started> {
  const { pid, configFile } = await client.control("daemon.status");
  client.close();
  if (configFile === places.configFile) return { pid, already: true };
  throw BulkheadError.of(
    "already_running",
    `a daemon (pid ${pid}) is running already, with ${configFile ?? "no configuration"}, not ${places.configFile ?? "none"}`,
  );
}

function launch(places: Places, words: string): ChildProcess {
  const output = openSync(words, "w", 0o600);
  try {
    const config = places.configFile === null ? [] : ["--config", places.configFile];
    // --json: so that its last words can be read back as an error.
    const args = ["up", "--json", "--state-dir", places.stateDir, ...config];
    const [node, ...before] = thisProgram();
    return spawn(node, [...before, ...args], {
      cwd: places.stateDir,
      detached: true,
      stdio: ["ignore", output, output],
      env: { ...process.env, BULKHEAD_SOCKET: places.socket },
    });
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

function reason(end: string, words: string): BulkheadError {
  const last = lines(words).at(-1) ?? "";
  try {
    const { error }: { error: ErrorObject } = JSON.parse(last);
    return new BulkheadError(error.code, error.message, error.number, error.data);
  } catch {
    return BulkheadError.of("daemon_failed", `the daemon did not start: ${end}${tail(words)}`);
  }
}

function tail(words: string): string {
  return lines(words)
    .slice(-shownLines)
    .map((line) => `\n    ${line}`)
    .join("");
}

function lines(file: string): string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
}
