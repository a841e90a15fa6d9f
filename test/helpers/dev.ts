/** `bulkhead dev` as a real process, and what it says. Stopped after each test. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";
import { Client } from "../../src/client/client.ts";
import { statePaths } from "../../src/io/paths.ts";

const entry = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

export class Dev {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  stderr = "";
  #told = 0;
  #wake: () => void = () => undefined;

  /** @param directory where it runs, and where it makes its own directory */
  constructor(directory: string, ...args: string[]) {
    const env = { PATH: process.env["PATH"], HOME: directory, TMPDIR: directory };
    const child = spawn(process.execPath, [entry, "dev", ...args], { env, cwd: directory });
    this.child = child;
    createInterface(child.stdout).on("line", (line) => {
      this.lines.push(line);
      this.#wake();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
      this.#wake();
    });
    child.once("close", () => this.#wake());
    running.add(this);
  }

  /** The next line that fits, after the one that was asked for before. */
  async line(fits: RegExp): Promise<string> {
    for (;;) {
      const found = this.lines.findIndex((line, index) => index >= this.#told && fits.test(line));
      if (found >= 0) {
        this.#told = found + 1;
        return this.lines[found] ?? "";
      }
      await this.#news(fits);
    }
  }

  /** Where it says that its daemon is. */
  async stateDir(): Promise<string> {
    for (;;) {
      const [, found] = /--state-dir (\S+)/.exec(this.stderr) ?? [];
      if (found !== undefined) return found;
      await this.#news(/--state-dir/);
    }
  }

  async client(): Promise<Client> {
    return Client.connect({ socket: statePaths({ flag: await this.stateDir(), env: {} }).socket });
  }

  async end(signal: NodeJS.Signals): Promise<number | string | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const closed = new Promise((resolve) => this.child.once("close", resolve));
      this.child.kill(signal);
      await closed;
    }
    return this.child.exitCode ?? this.child.signalCode;
  }

  #news(fits: RegExp): Promise<void> {
    if (this.child.exitCode !== null) throw new Error(`it left before ${fits}: ${this.stderr}`);
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

const running = new Set<Dev>();

afterEach(async () => {
  await Promise.all([...running].map((dev) => dev.end("SIGTERM")));
  running.clear();
});
