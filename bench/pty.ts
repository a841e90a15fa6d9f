/** A program on a terminal of its own, seen as the text that it writes: no terminal in between adds to the times. */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";

/** Builds the helper in a temporary folder, which goes with this process. @throws Error without a C compiler */
export function buildPty(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "bulkhead-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const program = path.join(folder, "pty");
  const source = path.join(import.meta.dirname, "pty.c");
  const built = spawnSync("cc", ["-O2", "-o", program, source, "-lutil"], { stdio: "inherit" });
  if (built.status !== 0) throw new Error("bench/pty.c did not build");
  return program;
}

/** What is kept of the output for a text that comes in parts. */
const overlap = 20_000;

export class Pty {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  /** Since the last mark. */
  #text = "";
  #look = (): void => undefined;
  readonly ended: Promise<number>;

  /** @param pty the helper */
  constructor(pty: string, command: readonly string[], env: NodeJS.ProcessEnv, columns = 80, rows = 24) {
    this.#child = spawn(pty, [`${columns}`, `${rows}`, ...command], {
      env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      this.#text = (this.#text + chunk).slice(-overlap);
      this.#look();
    });
    this.ended = new Promise((resolve) => this.#child.once("close", (code) => resolve(code ?? -1)));
  }

  /** What has been written since the last mark, the end of it. */
  get text(): string {
    return stripVTControlCharacters(this.#text);
  }

  /** Forgets what was written so far. */
  mark(): void {
    this.#text = "";
  }

  /** Resolves with the time at which this has been written since the last mark, as `performance.now()` has it. */
  seen(what: RegExp, patience = 20_000): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`not seen: ${what} in ${JSON.stringify(this.text.slice(-2000))}`));
      }, patience);
      this.#look = () => {
        if (!what.test(this.text)) return;
        this.#look = () => undefined;
        clearTimeout(timer);
        resolve(performance.now());
      };
      this.#look();
    });
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  kill(): void {
    this.#child.kill();
  }

  /** Of the program itself, bytes. */
  memory(): number {
    const { pid } = this.#child;
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    const status = readFileSync(`/proc/${child}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
  }
}
