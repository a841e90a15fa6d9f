/** Real daemons over the fixture plugin, each in a state directory of its own, stopped after the tests. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { Client } from "../../src/client/client.ts";
import { statePaths } from "../../src/io/paths.ts";

const entry = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const plugin = fileURLToPath(new URL("../fixtures/plugin/plugin.mjs", import.meta.url));

/** A `[plugins.ID]` table that runs the fixture plugin. */
export function table(id: string, modes: Record<string, string> = {}, more = ""): string {
  const args = [plugin, ...Object.entries(modes).map(([name, value]) => `--${name}=${value}`)];
  return `[plugins.${id}]\ncommand = ${JSON.stringify(process.execPath)}\nargs = ${JSON.stringify(args)}\n${more}\n`;
}

export class DaemonProcess {
  readonly directory: string;
  readonly socket: string;
  readonly config: string;
  readonly #stateName: string;
  #child: ChildProcess | undefined;
  #stderr = "";

  constructor(config: string, stateName = "state") {
    this.directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
    this.#stateName = stateName;
    this.config = path.join(this.directory, "bulkhead.toml");
    this.configure(config);
    this.socket = statePaths({ flag: this.stateDir, env: {} }).socket;
    running.add(this);
  }

  get stateDir(): string {
    return path.join(this.directory, this.#stateName);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get stderr(): string {
    return this.#stderr;
  }

  configure(config: string): void {
    writeFileSync(this.config, config);
  }

  /** Resolves with a client as soon as the daemon says that it is up. `under`: a program that runs it, with its arguments. */
  async up(...under: readonly string[]): Promise<Client> {
    const env = { PATH: process.env["PATH"], HOME: this.directory };
    const args = [entry, "up", "--state-dir", this.stateDir, "--config", this.config];
    const [program = process.execPath, ...rest] = [...under, process.execPath, ...args];
    const child = spawn(program, rest, { env, stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    // One before it has said the same.
    const from = this.#stderr.length;
    await new Promise<void>((resolve, reject) => {
      child.once("exit", () => reject(new Error(`the daemon left: ${this.#stderr}`)));
      child.stderr.on("data", (chunk: Buffer) => {
        this.#stderr += chunk.toString();
        if (this.#stderr.includes("listening at", from)) resolve();
      });
    });
    return this.client();
  }

  client(): Promise<Client> {
    return Client.connect({ socket: this.socket, name: "test" });
  }

  /** Resolves with the exit status, or the signal's name. */
  kill(signal: NodeJS.Signals): Promise<number | string | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return Promise.resolve(null);
    return new Promise((resolve) => {
      child.once("exit", (code, by) => resolve(code ?? by));
      child.kill(signal);
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** All that it has kept goes: the next one begins anew. */
  forget(): void {
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const running = new Set<DaemonProcess>();

afterAll(async () => {
  for (const daemon of running) {
    await daemon.kill("SIGTERM");
    daemon.remove();
  }
});

/** Whether a process lives; one that has ended and waits to be collected does not. */
export function alive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Nobody tells a stranger that a process has ended, so it is looked at, until the test's own time is over. */
export async function dead(pid: number): Promise<void> {
  while (alive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
}
