/**
 * Where a run takes place: records on the ordinary disk, which nothing is done to, and the daemon's state on a small disk
 * of its own. That is mounted in a mount namespace of ours: it goes with the last process, whatever ends us.
 */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { marker, pluginMarker } from "./processes.ts";
import type { PipeEnds, Policy } from "./records.ts";

/** The disk, and what the journal may take of it: nothing is deleted in a run. */
const diskSize = "96m";
const keepSize = "64MiB";

const inside = "BULKHEAD_CHAOS_INSIDE";

/** Runs this very program again where it may mount. Null: it is there already, or that can not be had here. */
export function enterNamespace(): number | null {
  if (process.env[inside] !== undefined) return null;
  // As root, and as anybody else: then with a user namespace around it.
  const ways = [["--mount"], ["--mount", "--user", "--map-root-user"]];
  const way = ways.find((flags) => spawnSync("unshare", [...flags, "true"]).status === 0);
  if (way === undefined) return null;
  const again = [...way, "--propagation", "private", process.execPath, ...process.argv.slice(1)];
  const env = { ...process.env, [inside]: "1" };
  const { status } = spawnSync("unshare", again, { stdio: "inherit", env });
  return status ?? 1;
}

export class Place {
  readonly directory = mkdtempSync(path.join(tmpdir(), "bulkhead-chaos-"));
  readonly run = path.basename(this.directory);
  readonly records = path.join(this.directory, "records");
  readonly config = path.join(this.directory, "bulkhead.toml");
  readonly worker = path.join(this.directory, "worker");
  /** Why the disk can not be filled up: it is everybody's. Null: it can. */
  readonly diskProblem: string | null;
  readonly #disk = path.join(this.directory, "disk");
  readonly #ballast = path.join(this.#disk, "ballast");

  constructor() {
    mkdirSync(this.records);
    mkdirSync(this.#disk);
    this.diskProblem = mountDisk(this.#disk);
  }

  get stateDir(): string {
    return path.join(this.#disk, "state");
  }

  get journal(): string {
    return path.join(this.stateDir, "journal.db");
  }

  /** Until not a byte more fits. */
  fill(): void {
    const descriptor = openSync(this.#ballast, "w");
    for (let bytes = 1024 ** 2; bytes >= 1; bytes = Math.floor(bytes / 4)) fillWith(descriptor, bytes);
    closeSync(descriptor);
  }

  empty(): void {
    rmSync(this.#ballast, { force: true });
  }

  /**
   * Whoever has a file open goes on writing to it, and nobody will find it under its name. What stands in its place is no
   * directory: one that is begun anew there would be another state, and its reports would not be those of this one.
   */
  moveAway(): void {
    renameSync(this.stateDir, this.#away);
    writeFileSync(this.stateDir, "");
  }

  moveBack(): void {
    rmSync(this.stateDir);
    renameSync(this.#away, this.stateDir);
  }

  get #away(): string {
    return `${this.stateDir}.away`;
  }

  /** The state is gone with the namespace: what is to be looked at later has to be with the records. */
  keep(): void {
    cpSync(this.stateDir, path.join(this.records, "state"), { recursive: true, filter: isFile });
  }

  remove(): void {
    spawnSync("umount", [this.#disk]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** `revisions`: how often each entry has been changed. */
  configure(plugins: readonly string[], revisions: ReadonlyMap<string, number>): void {
    const daemon = `[daemon]\nkeep_size = "${keepSize}"\nlog_size = "256KiB"\nlog_files = 2\n`;
    const entries = plugins.map((plugin) => this.#entry(plugin, plugins, revisions.get(plugin) ?? 0));
    writeFileSync(this.config, [daemon, ...entries].join("\n"));
  }

  #entry(plugin: string, plugins: readonly string[], revision: number): string {
    const { when, minDelayMs, maxDelayMs, jitter, resetAfterMs, maxFailures, windowMs } = policyOf(
      plugin,
      plugins,
    );
    return `[plugins.${plugin}]
command = ${JSON.stringify(this.worker)}
args = [${JSON.stringify(path.join(this.records, `executed-${plugin}.log`))}]
pass_env = ["${marker}"]
env = { ${pluginMarker} = "${plugin}", REVISION = "${revision}" }
start = "${plugins.indexOf(plugin) % 4 === 3 ? "lazy" : "auto"}"
restart = { when = "${when}", min_delay = "${minDelayMs}ms", max_delay = "${maxDelayMs}ms", jitter = ${jitter}, reset_after = "${resetAfterMs}ms", max_failures = ${maxFailures}, window = "${windowMs}ms" }
timeouts = { call = "3s", drain = "1s", terminate = "500ms" }
limits = { in_flight = 48, waiting = 24 }
`;
  }
}

/** The defaults, 5 to 40 times as quick. */
export function policyOf(plugin: string, plugins: readonly string[]): Policy {
  return {
    when: plugins.indexOf(plugin) % 6 === 5 ? "always" : "on-failure",
    minDelayMs: 100,
    maxDelayMs: 1500,
    jitter: 0.2,
    resetAfterMs: 8000,
    maxFailures: 8,
    windowMs: 20_000,
  };
}

/** A lazy one is at the one end of some, at the other of others, and one is at both. */
export function pipesOf(plugins: readonly string[]): Record<string, PipeEnds> {
  const apart = [0, 3, 6, 9].map((n) => [n, n + 1] as const);
  const ends = [...apart, [5, 5] as const].map(([source, sink], n) => [
    `p${n}`,
    { source: plugins[source % plugins.length] ?? "", sink: plugins[sink % plugins.length] ?? "" },
  ]);
  return Object.fromEntries(ends) as Record<string, PipeEnds>;
}

function mountDisk(on: string): string | null {
  if (process.env[inside] === undefined) return "no mount namespace can be had (unshare)";
  const options = ["-t", "tmpfs", "-o", `size=${diskSize},mode=700`, "tmpfs", on];
  const { status, stderr, error } = spawnSync("mount", options, { encoding: "utf8" });
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

function fillWith(descriptor: number, bytes: number): void {
  const block = Buffer.alloc(bytes);
  try {
    while (writeSync(descriptor, block) === bytes);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  }
}

function isFile(file: string): boolean {
  return !file.endsWith(".sock");
}
