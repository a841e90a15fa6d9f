/** A real daemon with hostile plugins in it, one neighbour, and a gauge inside. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  mkdtempSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { PluginState, SupervisorEvent } from "../../protocol/state.ts";
import { Client } from "../../src/client/client.ts";
import { statePaths } from "../../src/io/paths.ts";
import type { Gauged } from "../fixtures/hostile/gauge.ts";
import { compile } from "../fixtures/process/compile.ts";
import type { Behaviour } from "./behaviour.ts";
import { Neighbour } from "./neighbour.ts";
import { marker } from "./processes.ts";

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const entry = file("../../src/cli/bin.ts");
const gauge = pathToFileURL(file("../fixtures/hostile/gauge.ts")).href;

export class HostileDaemon {
  readonly directory = realpathSync(mkdtempSync(path.join(tmpdir(), "bulkhead-hostile-")));
  readonly socket: string;
  readonly #behaviours: readonly Behaviour[];
  readonly #events: SupervisorEvent[] = [];
  readonly #waiters = new Set<() => void>();
  readonly #leaving = new AbortController();
  #child: ChildProcess | undefined;
  #stderr = "";

  constructor(behaviours: readonly Behaviour[]) {
    this.#behaviours = behaviours;
    this.socket = statePaths({ flag: this.stateDir, env: {} }).socket;
  }

  get stateDir(): string {
    return path.join(this.directory, "state");
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The name under which the behaviour's plugin runs. */
  idOf(behaviour: Behaviour): string {
    return `h${this.#behaviours.indexOf(behaviour)}`;
  }

  /** The value of the marker in the environment of its processes; without an argument, how all of them begin. */
  markOf(id = ""): string {
    return `${path.basename(this.directory)}/${id === "" ? "" : `${id}.`}`;
  }

  /** Builds, starts, and resolves when the neighbour is ready. */
  async up(): Promise<{ client: Client; neighbour: Neighbour }> {
    const programs = path.join(this.directory, "programs");
    mkdirSync(programs, { recursive: true });
    const hostile = compile(file("../fixtures/hostile/hostile.c"), path.join(programs, "hostile"));
    const neighbour = compile(
      file("../../sample-plugins/wordcount/wordcount.c"),
      path.join(programs, "neighbour"),
    );
    const entries = this.#behaviours.map((behaviour) => this.#entry(behaviour, hostile));
    const config = path.join(this.directory, "bulkhead.toml");
    writeFileSync(config, [this.#table("neighbour", neighbour, []), ...entries].join("\n"));
    this.#child = spawn(
      process.execPath,
      ["--import", gauge, entry, "up", "--state-dir", this.stateDir, "--config", config],
      {
        env: { PATH: process.env["PATH"], HOME: this.directory },
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      },
    );
    await this.#listening(this.#child);
    const client = await this.client();
    void this.#follow(await this.client());
    await client.control("plugin.wait", { plugin: "neighbour", until: "ready" });
    this.#plant();
    return { client, neighbour: new Neighbour(await this.client()) };
  }

  client(): Promise<Client> {
    return Client.connect({ socket: this.socket, name: "hostile-test" });
  }

  /** What it was since it was asked before. */
  gauge(): Promise<Gauged> {
    const child = this.#child;
    if (child === undefined) throw new Error("the daemon does not run");
    return new Promise((resolve) => {
      child.once("message", (gauged) => resolve(gauged as Gauged));
      child.send("gauge");
    });
  }

  /** The first event that fits, of those that were and those to come. */
  event<T extends SupervisorEvent["type"]>(
    type: T,
    fits: (event: Extract<SupervisorEvent, { type: T }>) => boolean,
  ): Promise<Extract<SupervisorEvent, { type: T }>> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.#events.find(
          (each): each is Extract<SupervisorEvent, { type: T }> =>
            each.type === type && fits(each as Extract<SupervisorEvent, { type: T }>),
        );
        if (found === undefined) return;
        this.#waiters.delete(look);
        resolve(found);
      };
      this.#waiters.add(look);
      look();
    });
  }

  /** Resolves when the last that was heard of the plugin is that it is in this state. */
  in(plugin: string, state: PluginState): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        const last = this.#events.findLast((each) => each.type === "plugin.state" && each.plugin === plugin);
        if (last?.type !== "plugin.state" || last.to !== state) return;
        this.#waiters.delete(look);
        resolve();
      };
      this.#waiters.add(look);
      look();
    });
  }

  /** Resolves with the exit status, or the signal's name. */
  async down(signal: NodeJS.Signals = "SIGTERM"): Promise<number | string | null> {
    this.#leaving.abort();
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return null;
    return new Promise((resolve) => {
      child.once("exit", (code, by) => resolve(code ?? by));
      child.kill(signal);
    });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** What the neighbour keeps in its own directory. */
  #plant(): void {
    const own = path.join(this.stateDir, "data", "neighbour");
    mkdirSync(own, { recursive: true, mode: 0o700 });
    writeFileSync(path.join(own, "precious"), "kept");
  }

  #entry(behaviour: Behaviour, hostile: string): string {
    const id = this.idOf(behaviour);
    // One of its own: some replace it.
    const program = path.join(this.directory, "programs", id);
    copyFileSync(hostile, program);
    const words: Record<string, string> = {
      state: this.stateDir,
      socket: this.socket,
      programs: path.dirname(program),
      id,
      sha256: createHash("sha256").update(readFileSync(program)).digest("hex"),
    };
    const filled = (text: string): string =>
      text.replaceAll(/\{(state|socket|programs|id|sha256)\}/g, (_, name: string) => words[name] ?? "");
    const { limits = {}, timeouts = {}, entry: lines = [] } = behaviour;
    const tables = [
      'restart = { when = "never" }',
      'start = "lazy"',
      `limits = ${inline(limits)}`,
      // A stop that is not heeded goes on to the next step soon.
      `timeouts = ${inline({ call: "10s", drain: "200ms", terminate: "200ms", ...timeouts })}`,
      ...lines.map(filled),
    ];
    return this.#table(id, program, behaviour.does.map(filled), tables);
  }

  #table(id: string, command: string, args: readonly string[], lines: readonly string[] = []): string {
    const env = inline({ [marker]: this.markOf(id) });
    return [
      `[plugins.${id}]`,
      `command = ${JSON.stringify(command)}`,
      `args = ${JSON.stringify(args)}`,
      `env = ${env}`,
      ...lines,
      "",
    ].join("\n");
  }

  #listening(child: ChildProcess): Promise<void> {
    this.#stderr = "";
    return new Promise((resolve, reject) => {
      child.once("exit", () => reject(new Error(`the daemon left: ${this.#stderr}`)));
      child.stderr?.on("data", (chunk: Buffer) => {
        this.#stderr += chunk.toString();
        if (this.#stderr.includes("listening at")) resolve();
      });
    });
  }

  async #follow(client: Client): Promise<void> {
    const heard = (event: SupervisorEvent): void => {
      // Noise may be much, and nothing waits for it.
      if (event.type === "session.noise") return;
      this.#events.push(event);
      for (const look of this.#waiters) look();
    };
    try {
      await client.follow("event.read", { since: 0 }, heard, this.#leaving.signal);
    } catch {
      // The daemon has left.
    }
  }
}

/** An inline table. */
function inline(values: Readonly<Record<string, number | string>>): string {
  const members = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return `{ ${members.join(", ")} }`;
}
