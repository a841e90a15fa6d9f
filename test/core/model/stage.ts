/** The lives of one plugin with real processes, each of them a puppet of the test. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Journal } from "../../../src/io/journal/journal.ts";
import { PluginLog } from "../../../src/io/log/logfile.ts";
import { findGuard } from "../../../src/io/process/guard.ts";
import { bulkheadDialect } from "../../../src/supervisor/dialect.ts";
import { Events } from "../../../src/supervisor/events.ts";
import { Lives } from "../../../src/supervisor/lives.ts";
import { specsOf } from "../../../src/supervisor/options.ts";
import type { SupervisorOptions } from "../../../src/supervisor/options.ts";
import { ProvidedServices } from "../../../src/supervisor/services/provided.ts";
import { Services } from "../../../src/supervisor/services/services.ts";
import { endedCall } from "../../../src/supervisor/call.ts";
import { Deadlines } from "../../../src/wire/deadlines.ts";

const script = fileURLToPath(new URL("puppet.mjs", import.meta.url));

interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params?: unknown;
}

/** A frame that lies about what is in it. */
const lie = "Content-Length: 5\r\n\r\n{abc}";

const description = {
  protocol: 1,
  plugin: { name: "puppet", version: "1.0.0" },
  apis: [
    { name: "puppet", version: "1.0.0", methods: [{ name: "do", params: { type: "object" }, result: {} }] },
  ],
};

/** One process. */
export class Puppet {
  readonly #socket: Socket;
  readonly #got: Message[] = [];
  #did = 0;
  #left = false;
  #wake = Promise.withResolvers<void>();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#left = true;
      this.#stir();
    });
    createInterface({ input: socket }).on("line", (line) => {
      const told: { got?: Message; did?: string } = JSON.parse(line);
      if (told.got !== undefined) this.#got.push(told.got);
      if (told.did !== undefined) this.#did++;
      this.#stir();
    });
  }

  #stir(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** Resolves when it has done it, or has left. */
  async does(act: string, value: unknown = null): Promise<void> {
    const before = this.#did;
    this.#socket.write(`${JSON.stringify({ act, value })}\n`);
    while (this.#did === before && !this.#left) await this.#wake.promise;
  }

  /** Resolves when a message of that method has come. */
  async hears(method: string): Promise<Message> {
    for (;;) {
      const found = this.#got.find((message) => message.method === method);
      if (found !== undefined) return found;
      if (this.#left) throw new Error(`it left without having heard ${method}`);
      await this.#wake.promise;
    }
  }

  /** The next message of that method, as soon as it has come. */
  async got(method: string): Promise<Message> {
    const found = await this.hears(method);
    this.#got.splice(this.#got.indexOf(found), 1);
    return found;
  }

  async answers(method: string, result: unknown = {}): Promise<void> {
    await this.does("send", { id: (await this.got(method)).id, result });
  }

  async refuses(method: string): Promise<void> {
    const error = { code: -32002, message: "no" };
    await this.does("send", { id: (await this.got(method)).id, error });
  }

  describesItself(): Promise<void> {
    return this.answers("initialize", description);
  }

  async getsReady(): Promise<void> {
    await this.describesItself();
    await this.answers("activate");
  }

  lies(): Promise<void> {
    return this.does("write", lie);
  }

  closesStdout(): Promise<void> {
    return this.does("closeStdout");
  }

  /** … and has the host find out, which is when it has to write. */
  async closesStdin(): Promise<void> {
    await this.does("closeStdin");
    await this.does("send", { id: 1, method: "host.log", params: {} });
  }

  hangUp(): void {
    this.#socket.destroy();
  }
}

type Entry = Partial<NonNullable<SupervisorOptions["plugins"]>[string]>;

export class Stage {
  readonly lives: Lives;
  readonly #puppets: Puppet[] = [];
  readonly #all = new Set<Puppet>();
  readonly #closers: readonly (() => Promise<void> | void)[];
  #wake = Promise.withResolvers<void>();

  private constructor(lives: Lives, closers: (() => Promise<void> | void)[]) {
    this.lives = lives;
    this.#closers = closers;
  }

  static async open(entry: Entry = {}): Promise<Stage> {
    const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-stage-"));
    const strings = path.join(directory, "s");
    const taken: Socket[] = [];
    let onSocket = (socket: Socket): void => void taken.push(socket);
    const server = createServer((socket) => onSocket(socket)).listen(strings);
    await once(server, "listening");
    const { journal } = await Journal.open({ file: ":memory:", keepMs: 1e9, keepBytes: 1e9 });
    const [spec] = specsOf({
      plugins: { one: { command: process.execPath, args: [script, strings], ...entry } },
    });
    if (spec === undefined) throw new Error("there is no specification");
    const log = new PluginLog({
      dir: undefined,
      plugin: "one",
      maxBytes: 1e6,
      files: 1,
      lineBytes: 1000,
      onLine: () => undefined,
      onProblem: () => undefined,
    });
    const stage = new Stage(new Lives(spec, row, null, surroundings(journal, log, directory), listener), [
      () => log.close(),
      () => journal.close(),
      () => void server.close(),
      () => rmSync(directory, { recursive: true, force: true }),
    ]);
    onSocket = (socket) => stage.#take(socket);
    return stage;
  }

  /** The next process, as soon as it has reported. */
  async puppet(): Promise<Puppet> {
    for (;;) {
      const next = this.#puppets.shift();
      if (next !== undefined) return next;
      await this.#wake.promise;
    }
  }

  /** There is nothing to start under this name. */
  rename(command: string): void {
    this.lives.spec = { ...this.lives.spec, command };
  }

  async close(): Promise<void> {
    const closed = this.lives.close();
    for (const puppet of this.#all) puppet.hangUp();
    await closed;
    for (const close of this.#closers) await close();
  }

  #take(socket: Socket): void {
    const puppet = new Puppet(socket);
    this.#all.add(puppet);
    this.#puppets.push(puppet);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}

const row = { id: "one", generation: 0, restarts: 0, disabled: false, failures: [], attempt: 0 };
const listener = {
  release: () => undefined,
  refuse: () => undefined,
  changed: () => undefined,
  crashed: () => undefined,
  quarantine: () => undefined,
};

function surroundings(journal: Journal, log: PluginLog, directory: string) {
  const deadlines = new Deadlines();
  return {
    guard: findGuard(),
    deadlines,
    dialect: bulkheadDialect({ name: "bulkhead", version: "0.0.0" }),
    journal,
    log,
    dataDir: directory,
    copies: path.join(directory, "copies"),
    now: Date.now,
    random: () => 0.5,
    events: new Events(journal, 0, Date.now),
    hidden: [],
    services: new Services({
      deadlines,
      storage: journal.storage,
      provided: new ProvidedServices(),
      route: () => endedCall,
      publish: () => undefined as never,
    }),
  };
}
