/** One run: a daemon, its plugins, clients that call them, and whatever is done to all of them. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { Chance } from "./chance.ts";
import { Daemon } from "./daemon.ts";
import { disturbances } from "./disturbances.ts";
import type { Options } from "./options.ts";
import { Pipes } from "./pipes.ts";
import type { Place } from "./place.ts";
import { marker, markedProcesses, residentBytes, signal } from "./processes.ts";
import { Recorder } from "./records.ts";
import type { Deed, MemorySample, Told } from "./records.ts";

const clientProgram = fileURLToPath(new URL("client.ts", import.meta.url));

/** Between the beginnings of two disturbances, milliseconds. */
const pace = { least: 40, most: 500 };
const sampleEveryMs = 250;
/** For what has to come true once nothing is broken any more. */
const settleMs = 30_000;

export class Run {
  readonly place: Place;
  readonly plugins: readonly string[];
  readonly chance: Chance;
  readonly daemon: Daemon;
  readonly pipes: Pipes;
  readonly clients = new Map<string, ChildProcess>();
  readonly killed: string[] = [];
  readonly stuck: string[] = [];
  /** What is wrong with the disk just now. */
  disk: "sound" | "full" | "moved" = "sound";
  /** What went wrong with the run itself. */
  readonly failures: string[] = [];
  readonly #options: Options;
  readonly #deeds: Recorder<Deed>;
  readonly #memory: Recorder<MemorySample>;
  readonly #witness: Recorder<Told>;
  readonly #revisions = new Map<string, number>();
  readonly #underway = new Set<Promise<void>>();
  #starting: Promise<void> | null = null;
  #lastClient = 0;
  #startedAt = 0;

  constructor(place: Place, options: Options) {
    this.place = place;
    this.#options = options;
    this.chance = new Chance(options.seed);
    this.plugins = Array.from({ length: options.plugins }, (_, n) => `w${String(n).padStart(2, "0")}`);
    this.daemon = new Daemon(place, (how) => {
      this.did({ deed: "daemon died", detail: String(how) });
      this.#begin(this.startDaemon());
    });
    this.pipes = new Pipes(this.plugins, () => this.daemon.operator());
    this.#deeds = new Recorder(path.join(place.records, "deeds.jsonl"));
    this.#memory = new Recorder(path.join(place.records, "resident.jsonl"));
    this.#witness = new Recorder(path.join(place.records, "witness.jsonl"));
  }

  did(deed: Omit<Deed, "at">): void {
    this.#deeds.add({ at: Date.now(), ...deed });
  }

  pause(ms: number): Promise<void> {
    return delay(ms);
  }

  /** The second half belongs to one daemon: what it loses in memory it loses there. */
  get daemonIsLeftAlone(): boolean {
    return Date.now() - this.#startedAt > (this.#options.seconds * 1000) / 2;
  }

  async begin(): Promise<void> {
    this.place.configure(this.plugins, this.#revisions);
    await this.startDaemon();
    await this.pipes.create();
    for (let n = 0; n < this.#options.clients; n++) this.#addClient();
    this.#startedAt = Date.now();
  }

  /** Breaks things until the time is over, and waits until what was begun has ended. */
  async disturb(): Promise<void> {
    const end = this.#startedAt + this.#options.seconds * 1000;
    const sampling = setInterval(() => this.#sample(), sampleEveryMs);
    const reviving = setInterval(() => this.#begin(this.#revive()), 2000);
    while (Date.now() < end) {
      const { act } = this.chance.weighed(disturbances);
      this.#begin(Promise.resolve(act(this)));
      await delay(this.chance.between(pace.least, pace.most));
    }
    clearInterval(reviving);
    await Promise.all(this.#underway);
    clearInterval(sampling);
  }

  /** Nothing is broken any more. Resolves to the plugins and pipes that do not work all the same, with the reason. */
  async calm(): Promise<{ silent: string[]; stalled: string[] }> {
    for (const { pid, program } of markedProcesses(this.place.run)) {
      if (program === "worker") signal(pid, "SIGCONT");
    }
    await Promise.all([...this.clients].map(([id, child]) => this.#dismiss(id, child)));
    this.did({ deed: "calm" });
    const answers = await Promise.all(this.plugins.map((plugin) => this.#probe(plugin)));
    const stalled = await this.pipes.stalled(settleMs);
    await this.pipes.pauseAll(settleMs);
    return { silent: answers.flatMap((each) => each ?? []), stalled };
  }

  /** One more death, so that what is read afterwards comes from the disk. */
  async beginAnew(): Promise<void> {
    this.did({ deed: "daemon killed", detail: this.daemon.pid ?? 0 });
    await this.daemon.end("SIGKILL");
    await this.startDaemon();
  }

  /** Its exit status, and what is left of it and its plugins. */
  async end(): Promise<{ exit: number | string | null; orphans: string[] }> {
    this.did({ deed: "daemon stopped", detail: this.daemon.pid ?? 0 });
    const exit = await this.daemon.end("SIGTERM");
    // What was killed with the daemon before this one goes in its own time.
    const end = Date.now() + settleMs;
    while (markedProcesses(this.place.run).length > 0 && Date.now() < end) await delay(20);
    const orphans = markedProcesses(this.place.run).map(
      ({ pid, program, plugin, parent }) => `${program} ${pid} of ${plugin ?? "nobody"}, child of ${parent}`,
    );
    return { exit, orphans };
  }

  close(): void {
    for (const { pid } of markedProcesses(this.place.run)) signal(pid, "SIGKILL");
    this.daemon.close();
  }

  /** Until it listens: on a disk that is full, it may not. One that was ended by two is started by the first of them. */
  startDaemon(): Promise<void> {
    if (this.daemon.listens) return Promise.resolve();
    this.#starting ??= this.#startDaemon().finally(() => (this.#starting = null));
    return this.#starting;
  }

  async #startDaemon(): Promise<void> {
    const end = Date.now() + settleMs;
    for (;;) {
      const problem = await this.daemon.start();
      if (problem === null) break;
      this.did({ deed: "daemon refused", detail: problem });
      if (Date.now() > end) throw new Error(`the daemon does not come back: ${problem}`);
      await delay(100);
    }
    this.did({ deed: "daemon started", detail: this.daemon.pid ?? 0 });
    this.#begin(this.#followCrashes());
  }

  async replaceClient(id: string): Promise<void> {
    const child = this.clients.get(id);
    if (child === undefined) return;
    this.clients.delete(id);
    this.killed.push(id);
    this.did({ deed: "client killed", target: id });
    const gone = exited(child);
    child.kill("SIGKILL");
    await gone;
    this.#addClient();
  }

  async reconfigure(plugin: string): Promise<void> {
    this.#revisions.set(plugin, (this.#revisions.get(plugin) ?? 0) + 1);
    this.place.configure(this.plugins, this.#revisions);
    await (await this.daemon.operator()).control("config.reload", {}, { timeout: 10_000 });
  }

  #begin(work: Promise<void>): void {
    const tracked: Promise<void> = work
      .catch((error: unknown) => void this.failures.push(String(error)))
      .finally(() => this.#underway.delete(tracked));
    this.#underway.add(tracked);
  }

  #addClient(): void {
    const id = String(++this.#lastClient);
    const kind = this.#lastClient % 3 === 0 ? "plain" : "library";
    const seed = String(this.chance.between(0, 2 ** 31));
    const args = [clientProgram, kind, id, seed, this.daemon.socket, this.place.records, ...this.plugins];
    const env = { PATH: process.env["PATH"], [marker]: this.place.run };
    this.clients.set(id, spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"], env }));
  }

  /** Asked to leave; one that does not waits for a call that is never settled. */
  async #dismiss(id: string, child: ChildProcess): Promise<void> {
    const gone = exited(child);
    child.kill("SIGTERM");
    const late = delay(settleMs, "late", { ref: false });
    if ((await Promise.race([gone, late])) !== "late") return;
    this.stuck.push(id);
    child.kill("SIGKILL");
    await gone;
  }

  /** A subscriber writes down which crashes it was told of, and what was said of their reports. */
  async #followCrashes(): Promise<void> {
    try {
      const operator = await this.daemon.operator();
      const since = (await operator.control("event.read", { limit: 1 })).at(-1)?.seq ?? 0;
      void operator
        .follow(
          "event.read",
          { since },
          (event) => {
            if (event.type !== "session.crash") return;
            const { report, plugin, durable } = event;
            this.#witness.add({ report, plugin, durable });
          },
          new AbortController().signal,
        )
        .catch(() => undefined);
    } catch {
      // It was killed again; the next one is followed.
    }
  }

  /** What has given up, and what was left stopped by a daemon's death in between, begins again. */
  async #revive(): Promise<void> {
    try {
      for (const pipe of await this.pipes.revive()) this.did({ deed: "pipe revived", target: pipe });
      const operator = await this.daemon.operator();
      for (const { id, state } of await operator.control("plugin.list", {}, { timeout: 5000 })) {
        if (state === "disabled") await operator.control("plugin.enable", { plugin: id });
        if (state !== "failed") continue;
        this.did({ deed: "revive", target: id });
        await operator.control("plugin.start", { plugin: id }, { timeout: 10_000 });
      }
    } catch {
      // Next time.
    }
  }

  async #probe(plugin: string): Promise<string | null> {
    const end = Date.now() + settleMs;
    let reason = "";
    for (let n = 0; Date.now() < end; n++) {
      try {
        const operator = await this.daemon.operator();
        await operator.control("plugin.enable", { plugin });
        await operator.control("plugin.start", { plugin }, { timeout: 10_000 });
        await operator.call(`${plugin}/work.note`, { key: `probe-${plugin}-${n}`, end: "answer", ms: 0 });
        return null;
      } catch (error) {
        reason = String(error);
        await delay(100);
      }
    }
    return `${plugin}: ${reason}`;
  }

  #sample(): void {
    const { pid } = this.daemon;
    const bytes = pid === null ? null : residentBytes(pid);
    if (pid !== null && bytes !== null) this.#memory.add({ at: Date.now(), pid, bytes });
  }
}

function exited(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", resolve));
}
