/** One contract with one plugin: what they have agreed on, and the calls that rest on it. */
import semver from "semver";
import type { Caller, CallOptions, Described } from "../../../protocol/caller.ts";
import { anyResult, carriesBytes, noParams } from "../../../protocol/contract.ts";
import type { Contract, Operation } from "../../../protocol/contract.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import { compare, differencesInWords, isMismatch } from "../../core/compare.ts";
import type { Difference } from "../../core/compare.ts";
import { boundsOf } from "../../wire/arguments.ts";
import { checkAnswer, checkBulkAnswer, checkParams } from "./edge.ts";
import type { TypedCallOptions } from "./typed.ts";

export interface BindOptions {
  /** Called for each difference that can not be told: such values are accepted, and checked one by one. */
  readonly onWarning?: ((warning: Difference) => void) | undefined;
  /** Idempotent methods are called once more after a crash. */
  readonly retry?: boolean | undefined;
}

/** What the contract found when it was last compared. */
type Agreement =
  | { readonly kind: "fits"; readonly fingerprint: string; readonly groups: ReadonlySet<string> }
  | { readonly kind: "mismatch"; readonly fingerprint: string; readonly error: BulkheadError };

/** How often in a row a plugin may be replaced by another one before a call gives up. */
const mostComparisons = 4;
/** How long a retried call waits for the plugin when it has no deadline of its own; milliseconds. */
const longestWait = 60_000;

export class Binding {
  readonly plugin: string;
  readonly contract: Contract;
  readonly caller: Caller;
  warnings: readonly Difference[] = [];
  readonly #options: BindOptions;
  readonly #open = new Set<AbortController>();
  #agreement: Agreement;
  #comparing: Promise<Agreement> | undefined;
  #closed = false;

  /** @throws {BulkheadError} `contract_mismatch`, `incompatible_api` */
  constructor(
    caller: Caller,
    plugin: string,
    contract: Contract,
    described: Described,
    options: BindOptions,
  ) {
    this.caller = caller;
    this.plugin = plugin;
    this.contract = contract;
    this.#options = options;
    this.#agreement = this.#compare(described);
    if (this.#agreement.kind === "mismatch") throw this.#agreement.error;
  }

  has(group: string): boolean {
    return this.#agreement.kind === "fits" && this.#agreement.groups.has(group);
  }

  target(method: string): string {
    return `${this.plugin}/${this.contract.name}.${method}`;
  }

  /** Cancels what is open and refuses what comes. */
  close(): void {
    this.#closed = true;
    for (const each of this.#open) each.abort();
    this.#open.clear();
  }

  async call(
    method: string,
    operation: Operation,
    given: unknown,
    options: TypedCallOptions<unknown>,
  ): Promise<unknown> {
    const target = this.target(method);
    const params = checkParams(operation.params ?? noParams, given, target);
    // What is left of a bound is never wrong, so it is looked at here.
    boundsOf(options);
    const scope = this.open(options.signal);
    try {
      const send = this.#sender(operation, target, params, options, scope);
      const result = await this.#retried(operation, options, scope.signal, send);
      return this.result(operation, target, result);
    } finally {
      this.release(scope);
    }
  }

  /** Ends with the caller's signal, or with the binding. @throws {BulkheadError} once the binding is closed */
  open(signal: AbortSignal | undefined): Scope {
    if (this.#closed) throw this.cancelled("is closed");
    const scope = new Scope(signal);
    this.#open.add(scope.controller);
    return scope;
  }

  release(scope: Scope): void {
    this.#open.delete(scope.controller);
    scope.release();
  }

  cancelled(why: string): BulkheadError {
    return BulkheadError.of("cancelled", `the client of ${this.plugin} ${why}`);
  }

  /**
   * Runs a call with the fingerprint of what was compared, again if the plugin has changed meanwhile.
   * @throws {BulkheadError} `contract_mismatch` while what serves does not fit
   */
  async agreed<T>(signal: AbortSignal, run: (fingerprint: string) => Promise<T>): Promise<T> {
    for (let comparisons = 0; ;) {
      const { kind, fingerprint } = this.#agreement;
      if (kind === "fits") {
        try {
          return await run(fingerprint);
        } catch (error) {
          const changed = isUnsent(error, "contract_changed");
          if (!changed || ++comparisons > mostComparisons) throw error;
        }
      }
      const agreement = await this.#renewed(fingerprint, signal);
      if (agreement.kind === "mismatch") throw agreement.error;
    }
  }

  /** The call, to be made once or twice. */
  #sender(
    operation: Operation,
    target: string,
    params: unknown,
    options: TypedCallOptions<unknown>,
    scope: Scope,
  ): () => Promise<unknown> {
    const { idleTimeout, timeout, onProgress } = options;
    const bulk = carriesBytes(operation);
    const endsAt = timeout === undefined ? undefined : performance.now() + timeout;
    const send = (told: CallOptions["onProgress"]): Promise<unknown> =>
      this.agreed(scope.signal, (fingerprint) =>
        this.caller.call(target, params, {
          fingerprint,
          idleTimeout,
          signal: scope.signal,
          timeout: endsAt && Math.max(1, Math.ceil(endsAt - performance.now())),
          onProgress: told,
          bulk,
        }),
      );
    if (onProgress === undefined) return () => send(undefined);
    return () => {
      const wrong = Promise.withResolvers<never>();
      wrong.promise.catch(() => {});
      const told = this.progress(operation, target, onProgress, (error) => {
        wrong.reject(error);
        scope.controller.abort();
      });
      return Promise.race([send(told), wrong.promise]);
    };
  }

  /** @throws {BulkheadError} `invalid_result` */
  result(operation: Operation, target: string, value: unknown): unknown {
    const { result: schema = anyResult } = operation;
    return carriesBytes(operation)
      ? checkBulkAnswer(schema, value, target)
      : checkAnswer(schema, value, target, "the result");
  }

  /** Checks progress on its way to whoever wants it. */
  progress(
    { progress: schema }: Operation,
    target: string,
    onProgress: ((value: unknown) => void) | undefined,
    onWrong: (error: unknown) => void,
  ): CallOptions["onProgress"] {
    if (onProgress === undefined || schema === undefined) return onProgress;
    return (value) => {
      let checked: unknown;
      try {
        checked = checkAnswer(schema, value, target, "the progress");
      } catch (error) {
        onWrong(error);
        return;
      }
      onProgress(checked);
    };
  }

  async #retried(
    operation: Operation,
    options: TypedCallOptions<unknown>,
    signal: AbortSignal,
    send: () => Promise<unknown>,
  ): Promise<unknown> {
    const { retry = this.#options.retry, timeout = longestWait } = options;
    const until = performance.now() + timeout;
    try {
      return await send();
    } catch (error) {
      if (retry !== true || operation.idempotent !== true || !isCrash(error) || signal.aborted) throw error;
    }
    for (;;) {
      try {
        return await send();
      } catch (error) {
        const wait = isUnsent(error, "plugin_unavailable") ? retryAfter(error) : undefined;
        if (wait === undefined || performance.now() + wait > until) throw error;
        await pause(wait, signal);
      }
    }
  }

  /** Once for all calls that ask at the same time. */
  async #renewed(stale: string, signal: AbortSignal): Promise<Agreement> {
    if (this.#agreement.kind === "fits" && this.#agreement.fingerprint !== stale) return this.#agreement;
    this.#comparing ??= this.#describeAgain().finally(() => {
      this.#comparing = undefined;
    });
    return orAborted(this.#comparing, signal, () => this.cancelled("was cancelled"));
  }

  async #describeAgain(): Promise<Agreement> {
    const described = await this.caller.describe(this.plugin);
    const known = this.#agreement;
    // The same mismatch again needs no comparison.
    if (known.kind === "mismatch" && known.fingerprint === described.fingerprint) return known;
    this.#agreement = this.#compare(described);
    return this.#agreement;
  }

  #compare(described: Described): Agreement {
    const { fingerprint, apis } = described;
    const { contract, plugin } = this;
    const agreed = described.agreed.find(({ name }) => name === contract.name);
    const api = apis.find(({ name, version }) => name === agreed?.name && version === agreed.version);
    if (api === undefined || !semver.satisfies(api.version, contract.range, { includePrerelease: true })) {
      return {
        kind: "mismatch",
        fingerprint,
        error: incompatible(plugin, contract, described, agreed?.version),
      };
    }
    const differences = compare(contract.document(), api);
    const mismatches = differences.filter(isMismatch);
    if (mismatches.length > 0) {
      const list = differencesInWords(api.name, mismatches);
      const message = `${plugin} ${api.name} ${api.version} does not fit the contract ${contract.name} ${contract.version}:\n${list}`;
      const error = BulkheadError.of("contract_mismatch", message, { detail: differences });
      return { kind: "mismatch", fingerprint, error };
    }
    this.warnings = differences;
    for (const each of differences) this.#options.onWarning?.(each);
    const offered = new Set(api.methods.map(({ name }) => name));
    const groups = Object.entries(contract.groups ?? {})
      .filter(([, { methods }]) => Object.keys(methods).every((name) => offered.has(name)))
      .map(([name]) => name);
    return { kind: "fits", fingerprint, groups: new Set(groups) };
  }
}

/** What one call can be cancelled by: its caller, or the end of the binding. */
export class Scope {
  readonly controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #abort = (): void => this.controller.abort();

  constructor(outer: AbortSignal | undefined) {
    this.#outer = outer;
    if (outer?.aborted === true) this.#abort();
    else outer?.addEventListener("abort", this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  release(): void {
    this.#outer?.removeEventListener("abort", this.#abort);
  }
}

function incompatible(
  plugin: string,
  { name, range }: Contract,
  { apis }: Described,
  agreed: string | undefined,
): BulkheadError {
  const offered = apis.filter((each) => each.name === name).map(({ version }) => version);
  const fitting = offered.find((version) => semver.satisfies(version, range, { includePrerelease: true }));
  const set = `apis = { ${name} = "${range}" }`;
  const message =
    fitting !== undefined
      ? `calls of ${plugin} go to ${name} ${agreed ?? "of no version"}, the contract requires ${range}: set ${set} in [plugins.${plugin}] to choose ${fitting}`
      : `${plugin} offers ${offered.length === 0 ? `no api ${name}` : `${name} ${offered.join(", ")}`}, the contract requires ${range}: install a version of it that does, and set ${set} in [plugins.${plugin}]`;
  return BulkheadError.of("incompatible_api", message, { detail: { name, range, offered } });
}

function isUnsent(error: unknown, code: string): error is BulkheadError {
  return error instanceof BulkheadError && error.code === code && error.settlement === "not_sent";
}

function isCrash(error: unknown): boolean {
  if (!(error instanceof BulkheadError)) return false;
  const crashed = error.code === "plugin_crashed" || error.code === "plugin_hung";
  return crashed && (error.settlement === "not_sent" || error.settlement === "maybe_executed");
}

function retryAfter({ data }: BulkheadError): number | undefined {
  const after: unknown =
    typeof data === "object" && data !== null ? Reflect.get(data, "retryAfterMs") : undefined;
  return typeof after === "number" ? after : undefined;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}

async function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  error: () => BulkheadError,
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(error());
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
