/** A side in a process of its own: no side warms another one's code, fills its heap, or takes it along. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { About, Figure, Side, Work } from "./side.ts";

/** How long a side may take to end by itself; milliseconds. */
const patience = 10_000;

export class RemoteSide implements Side {
  readonly about: About;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #failure: () => Error;

  private constructor(
    child: ChildProcess,
    answers: AsyncIterator<string>,
    failure: () => Error,
    about: About,
  ) {
    this.about = about;
    this.#child = child;
    this.#answers = answers;
    this.#failure = failure;
  }

  /**
   * Starts the side and waits until it takes work.
   * @throws Error what it said on stderr, when it has ended instead
   */
  static async start([command, ...args]: readonly [string, ...string[]]): Promise<RemoteSide> {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      said = (said + chunk).slice(-4096);
    });
    // What fails shows at the reading end.
    child.stdin.on("error", () => undefined);
    const started = once(child, "spawn");
    const closed = new Promise((resolve) => void child.once("close", resolve));
    await started;
    const failure = (): Error => new Error(reason(said) ?? "it ended without a word");
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await answers.next();
    if (first.done === true) {
      await closed;
      throw failure();
    }
    return new RemoteSide(child, answers, failure, JSON.parse(first.value) as About);
  }

  /** @throws Error when the side has ended: it is of no use any more */
  async measure(work: Work): Promise<Figure> {
    this.#child.stdin?.write(`${JSON.stringify(work)}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) {
      await this.close();
      throw this.#failure();
    }
    return JSON.parse(answer.value) as Figure;
  }

  async close(): Promise<void> {
    const child = this.#child;
    child.stdin?.end();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const overdue = setTimeout(() => child.kill("SIGKILL"), patience);
    await once(child, "exit");
    clearTimeout(overdue);
  }
}

/** The line that says what went wrong, of a stack trace or of plain words. */
function reason(said: string): string | undefined {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  return lines.find((line) => /^(\w*Error|\w+ \[\w+\]|go-plugin)\b.*:/.test(line)) ?? lines.at(-1);
}
