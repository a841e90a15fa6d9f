/** Which executables are trusted: told, accepted and taken back by an operator. */
import type { PluginSpec } from "../../protocol/config.ts";
import type { Accepted, TrustStatus } from "../../protocol/control-results.ts";
import { description as descriptionSchema } from "../../protocol/description.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { LoadedConfig } from "../io/config/config.ts";
import type { OpenResult } from "../io/process/executable.ts";
import { changeLock, lockFileOf, readLock } from "../io/trust/lock-file.ts";
import type { Lock, LockEntry } from "../io/trust/lock-file.ts";
import { openTrusted } from "../io/trust/trusted-executable.ts";
import { formatProblem } from "../io/config/config.ts";
import { descriptionKey } from "../supervisor/description-key.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

export interface PluginTrustOptions {
  readonly supervisor: Supervisor;
  /** What is in force. */
  readonly config: () => LoadedConfig;
  /** What stands in the files. @throws BulkheadError `invalid_config` */
  readonly load: () => Promise<LoadedConfig>;
  /** Puts it in force. */
  readonly apply: (config: LoadedConfig) => Promise<unknown>;
}

/** A file system that has gone answers never. Milliseconds. */
const patience = 60_000;

export class PluginTrust {
  readonly #options: PluginTrustOptions;

  constructor(options: PluginTrustOptions) {
    this.#options = options;
  }

  /** Of every plugin that can be run, in the order of their names. Each file is read. */
  async list(signal: AbortSignal): Promise<TrustStatus[]> {
    const { file, plugins } = this.#options.config();
    const lock = file === null ? new Map<string, LockEntry>() : await soundLock(lockFileOf(file));
    const rows: TrustStatus[] = [];
    for (const spec of plugins) {
      rows.push(await statusOf(spec, lock, signal));
      signal.throwIfAborted();
    }
    return rows;
  }

  /**
   * Accepts the file as it is now. A plugin that runs other bytes is replaced, without dropping a call; one that was refused
   * is started.
   *
   * @param sha256 the hash that the operator has seen
   * @throws BulkheadError `checksum_mismatch`: it has another hash, or the configuration pins another one;
   * `signature_invalid`: a signature is required, and accepting does not stand in for one; and why it can not be read.
   */
  async accept(name: string, sha256: string | undefined): Promise<Accepted> {
    const { supervisor } = this.#options;
    const spec = supervisor.spec(name);
    const { id, command } = spec;
    const file = this.#lockFile();
    const found = await look(spec, { ...spec.trust, locked: undefined, refused: false });
    if (!found.ok) throw refusal(found);
    const actual = found.executable.sha256;
    if (sha256 !== undefined && sha256 !== actual) {
      const message = `${command} has the SHA-256 ${actual}, not ${sha256}: nothing was accepted`;
      throw BulkheadError.of("checksum_mismatch", message, { detail: { expected: sha256, actual } });
    }
    const before = (await soundLock(file)).get(id);
    const previous = before === undefined ? null : { sha256: before.sha256, version: before.version ?? null };
    const known = await this.#versionOf(spec, actual);
    if (previous?.sha256 === actual && (previous.version !== null || known === undefined)) {
      return { plugin: id, ...previous, previous };
    }
    const trusted = new Date().toISOString();
    const enter = async (version: string | undefined): Promise<void> => {
      await changeLock(file, id, { sha256: actual, version, trusted });
      await this.#adopt(id);
    };
    const life = nextLife(supervisor, id);
    supervisor.events.tell({
      type: "plugin.trusted",
      plugin: id,
      sha256: actual,
      version: known ?? null,
      previous,
    });
    await enter(known);
    await life.settled();
    const version = known ?? (await this.#versionOf(spec, actual));
    // It has run now, and has said which version it is.
    if (version !== known) await enter(version);
    return { plugin: id, sha256: actual, version: version ?? null, previous };
  }

  /** @throws BulkheadError `plugin_not_found`; `invalid_params`, where nothing was accepted */
  async remove(name: string): Promise<null> {
    const { supervisor } = this.#options;
    const { id } = supervisor.spec(name);
    const file = this.#lockFile();
    const entry = (await soundLock(file)).get(id);
    if (entry === undefined) throw BulkheadError.of("invalid_params", `${id} does not stand in ${file}`);
    await changeLock(file, id, undefined);
    supervisor.events.tell({ type: "plugin.distrusted", plugin: id, sha256: entry.sha256 });
    await this.#adopt(id);
    return null;
  }

  /** Of this plugin's trust alone: what else was edited meanwhile is for a reload. */
  async #adopt(id: string): Promise<void> {
    const { config, load, apply } = this.#options;
    const trust = (await load()).plugins.find((each) => each.id === id)?.trust;
    if (trust === undefined) return;
    const plugins = config().plugins.map((each) => (each.id === id ? { ...each, trust } : each));
    await apply({ ...config(), plugins });
  }

  #lockFile(): string {
    const { file } = this.#options.config();
    if (file !== null) return lockFileOf(file);
    throw BulkheadError.of(
      "invalid_config",
      "there is no bulkhead.toml, and so no place for bulkhead.lock beside it",
    );
  }

  /** What these very bytes have said of themselves when they ran here; undefined: they have not. */
  async #versionOf(spec: PluginSpec, sha256: string): Promise<string | undefined> {
    const { supervisor } = this.#options;
    const status = supervisor.status(spec.id);
    if (status.sha256 === sha256 && status.version !== null) return status.version;
    const kept = await supervisor.journal.description(await descriptionKey(sha256, spec));
    return descriptionSchema.safeParse(kept).data?.plugin.version;
  }
}

async function statusOf(spec: PluginSpec, lock: Lock, signal: AbortSignal): Promise<TrustStatus> {
  const { id, command, trust } = spec;
  const entry = lock.get(id);
  const found = await look(spec, trust, signal);
  const accepted =
    entry === undefined ? null : { sha256: entry.sha256, version: entry.version ?? null, at: entry.trusted };
  const known = { plugin: id, executable: command, accepted, inPlace: trust.inPlace };
  if (found.ok) {
    const { sha256, vouched } = found.executable;
    return { ...known, sha256, vouched, problem: null };
  }
  const { code, message, detail } = found.failure;
  return { ...known, sha256: detail?.actual ?? null, vouched: [], problem: { code, message } };
}

/** At the file where it stands, without running it. */
async function look(
  { command, sha256 }: PluginSpec,
  trust: PluginSpec["trust"],
  left?: AbortSignal,
): Promise<OpenResult> {
  const pin = sha256 === undefined ? {} : { sha256 };
  const signal = AbortSignal.any([AbortSignal.timeout(patience), ...(left === undefined ? [] : [left])]);
  const result = await openTrusted({ command, ...pin, trust, signal });
  if (result.ok) await result.executable.close();
  return result;
}

function refusal({ failure: { code, message, detail } }: Extract<OpenResult, { ok: false }>): BulkheadError {
  return BulkheadError.of(code, message, detail === undefined ? {} : { detail: { ...detail } });
}

async function soundLock(file: string): Promise<Lock> {
  const read = await readLock(file);
  if (read.ok) return read.lock;
  throw BulkheadError.of("invalid_config", read.problems.map(formatProblem).join("\n"));
}

/** What becomes of the life that begins from here on, if one does. */
function nextLife(supervisor: Supervisor, plugin: string): { settled(): Promise<void> } {
  const last = supervisor.status(plugin).generation;
  const outcome = Promise.withResolvers<void>();
  const unsubscribe = supervisor.subscribe((event) => {
    if (event.type !== "session.state" || event.plugin !== plugin || event.generation <= last) return;
    if (event.to === "ready" || event.to === "gone") outcome.resolve();
  });
  return {
    async settled() {
      if (supervisor.status(plugin).generation > last) await outcome.promise;
      unsubscribe();
    },
  };
}
