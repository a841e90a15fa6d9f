/** The daemon as it is installed, killed and started again. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import type { WriteStream } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "../../src/client/client.ts";
import { marker } from "./processes.ts";
import type { Place } from "./place.ts";

const launcher = fileURLToPath(new URL("../../scripts/bulkhead.cjs", import.meta.url));

const gauge = new URL("gauge.ts", import.meta.url).href;

export class Daemon {
  readonly socket: string;
  readonly #place: Place;
  readonly #log: WriteStream;
  readonly #onDeath: (how: number | string | null) => void;
  #child: ChildProcess | null = null;
  #operator: Client | null = null;
  #listens = false;
  /** It was killed, or asked to leave. */
  #isEnding = false;

  /** `onDeath`: it listened, and ended without anybody's doing. */
  constructor(place: Place, onDeath: (how: number | string | null) => void) {
    this.#place = place;
    this.#onDeath = onDeath;
    this.socket = path.join(place.directory, "bulkhead.sock");
    this.#log = createWriteStream(path.join(place.records, "daemon.log"), { flags: "a" });
  }

  get pid(): number | null {
    return this.isUp ? (this.#child?.pid ?? null) : null;
  }

  /** It has said that it listens, and is there. */
  get listens(): boolean {
    return this.isUp && this.#listens;
  }

  get isUp(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves to null when it listens, or to its last words when it does not get there. */
  async start(): Promise<string | null> {
    const env = {
      PATH: process.env["PATH"],
      HOME: this.#place.directory,
      BULKHEAD_SOCKET: this.socket,
      [marker]: this.#place.run,
      NODE_OPTIONS: `--import ${gauge}`,
      BULKHEAD_CHAOS_GAUGE: path.join(this.#place.records, "held.jsonl"),
    };
    const { config, stateDir } = this.#place;
    const args = [launcher, "up", "--state-dir", stateDir, "--config", config];
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    this.#operator = null;
    this.#isEnding = false;
    this.#listens = false;
    let said = "";
    return new Promise((resolve) => {
      child.once("exit", (code, by) => {
        if (this.#listens && !this.#isEnding) this.#onDeath(code ?? by);
        resolve(this.#isEnding ? "killed" : `${code ?? by}: ${said.trim()}`);
      });
      child.stderr.on("data", (chunk: Buffer) => {
        this.#log.write(chunk);
        if (said.length < 10_000) said += chunk.toString();
        if (this.#listens || !said.includes("listening at")) return;
        this.#listens = true;
        resolve(null);
      });
    });
  }

  /** Resolves with its exit status, or with what it died of. */
  async end(signal: NodeJS.Signals): Promise<number | string | null> {
    const child = this.#child;
    if (child === null || !this.isUp) return child?.exitCode ?? child?.signalCode ?? null;
    this.#isEnding = true;
    return new Promise((resolve) => {
      child.once("exit", (code, by) => resolve(code ?? by));
      child.kill(signal);
    });
  }

  /** Who asks for starts and stops. Rejects while there is no daemon. */
  async operator(): Promise<Client> {
    if (this.#operator !== null) return this.#operator;
    const client = await Client.connect({ socket: this.socket, name: "operator" });
    this.#operator = client;
    void client.closed.then(() => {
      if (this.#operator === client) this.#operator = null;
    });
    return client;
  }

  close(): void {
    this.#operator?.close();
    this.#log.end();
  }
}
