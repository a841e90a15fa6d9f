/** Looks on from another thread, so that an input which takes for ever, or the whole process, is known afterwards. */
import { Worker } from "node:worker_threads";
import { LARGEST } from "./mutate.ts";

/** So long a trial may take on a busy machine. */
const PATIENCE_MS = 20_000;

/** Cells: how many trials have begun, whether one is running, how many bytes its input has. */
const CELLS = 3;

const OTHER_THREAD = `
  const { workerData: { cells, bytes, patience, target } } = require("node:worker_threads");
  let before = -1;
  setInterval(() => {
    const [begun, running, length] = cells;
    if (running === 1 && begun === before) {
      const text = Buffer.from(bytes.slice(0, length)).toString("latin1");
      require("node:fs").writeSync(2, "HANGS " + target + ": " + JSON.stringify(text) + "\\n");
      process.kill(process.pid, "SIGKILL");
    }
    before = begun;
  }, patience);
`;

export class Watch {
  readonly #cells = new Int32Array(new SharedArrayBuffer(CELLS * 4));
  readonly #bytes = new Uint8Array(new SharedArrayBuffer(LARGEST));
  readonly #target: string;
  readonly #worker: Worker;
  #input: Buffer = Buffer.alloc(0);
  #begunAt = 0;
  #slowest = { ms: 0, input: this.#input };

  constructor(target: string) {
    this.#target = target;
    const workerData = { cells: this.#cells, bytes: this.#bytes, patience: PATIENCE_MS, target };
    this.#worker = new Worker(OTHER_THREAD, { eval: true, workerData });
    this.#worker.unref();
    process.on("exit", this.#left);
  }

  begin(input: Buffer): void {
    this.#input = input;
    this.#bytes.set(input.subarray(0, LARGEST));
    this.#cells[0] = (this.#cells[0] ?? 0) + 1;
    this.#cells[1] = 1;
    this.#cells[2] = Math.min(input.length, LARGEST);
    this.#begunAt = performance.now();
  }

  end(): void {
    const ms = performance.now() - this.#begunAt;
    if (ms > this.#slowest.ms) this.#slowest = { ms, input: this.#input };
    this.#cells[1] = 0;
  }

  /** For people: a machine that does something else makes anything slow. */
  get slowest(): string {
    const { ms, input } = this.#slowest;
    return `${ms.toFixed(1)} ms for ${input.length} bytes`;
  }

  close(): void {
    process.off("exit", this.#left);
    void this.#worker.terminate();
  }

  readonly #left = (status: number): void => {
    if (this.#cells[1] !== 1) return;
    const text = JSON.stringify(this.#input.toString("latin1"));
    process.stderr.write(`ENDS THE PROCESS (status ${status}) ${this.#target}: ${text}\n`);
  };
}
