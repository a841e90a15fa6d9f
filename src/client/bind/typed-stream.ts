/** A typed stream: items checked on their way, and opened again when the plugin changed before the first one. */
import type { StreamOptions } from "../../../protocol/caller.ts";
import { carriesBytes, noParams } from "../../../protocol/contract.ts";
import type { Operation } from "../../../protocol/contract.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import type { Binding, Scope } from "./binding.ts";
import { checkAnswer, checkParams } from "./edge.ts";
import type { Entry, Items, TypedStreamOptions } from "./typed.ts";

type StreamOperation = Operation & { readonly kind: "stream" };

export class TypedStream implements Items<unknown, unknown> {
  readonly #binding: Binding;
  readonly #method: string;
  readonly #operation: StreamOperation;
  readonly #params: unknown;
  readonly #options: TypedStreamOptions<unknown>;
  readonly #result = Promise.withResolvers<unknown>();
  #run: AsyncGenerator<Entry<unknown>> | undefined;
  #scope: Scope | undefined;

  constructor(
    binding: Binding,
    method: string,
    operation: StreamOperation,
    params: unknown,
    options: TypedStreamOptions<unknown>,
  ) {
    this.#binding = binding;
    this.#method = method;
    this.#operation = operation;
    this.#params = params;
    this.#options = options;
    // Whoever reads the items need not look at the result as well.
    this.#result.promise.catch(() => {});
  }

  get result(): Promise<unknown> {
    return this.#result.promise;
  }

  entries(): AsyncGenerator<Entry<unknown>> {
    if (this.#run !== undefined) {
      throw BulkheadError.of("usage", `the stream ${this.#target} is read already`);
    }
    this.#run = this.#read();
    return this.#run;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator {
    for await (const { value } of this.entries()) yield value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#scope?.controller.abort();
    this.#result.reject(this.#left());
    // One that was never begun has nothing to end; a reader that waits for an item is ended by the signal.
    this.#run ??= this.#read();
    await this.#run.return(undefined).catch(() => {});
  }

  get #target(): string {
    return this.#binding.target(this.#method);
  }

  #left(): BulkheadError {
    return BulkheadError.of("cancelled", `the stream ${this.#target} was left`, {
      settlement: "maybe_executed",
    });
  }

  async *#read(): AsyncGenerator<Entry<unknown>> {
    try {
      const params = checkParams(this.#operation.params ?? noParams, this.#params, this.#target);
      this.#scope = this.#binding.open(this.#options.signal);
      yield* this.#items(params, this.#scope);
    } catch (error) {
      this.#result.reject(error);
      throw error;
    } finally {
      this.#result.reject(this.#left());
      if (this.#scope !== undefined) this.#binding.release(this.#scope);
    }
  }

  async *#items(params: unknown, scope: Scope): AsyncGenerator<Entry<unknown>> {
    const { signal: _, onProgress, ...rest } = this.#options;
    let wrong: { readonly error: unknown } | undefined;
    const options: StreamOptions = {
      ...rest,
      bulk: carriesBytes(this.#operation),
      signal: scope.signal,
      onProgress: this.#binding.progress(this.#operation, this.#target, onProgress, (error) => {
        wrong ??= { error };
        scope.controller.abort();
      }),
    };
    const { caller } = this.#binding;
    try {
      // Until the first item or the answer is there, another version of the plugin does no harm.
      const [items, first, stream] = await this.#binding.agreed(scope.signal, async (fingerprint) => {
        const opened = caller.stream(this.#target, params, { ...options, fingerprint });
        const iterator = opened[Symbol.asyncIterator]();
        return [iterator, await iterator.next(), opened] as const;
      });
      let next = first;
      try {
        for (; next.done !== true; next = await items.next()) {
          const { value, ...place } = next.value;
          const what = `item ${place.seq}`;
          yield { ...place, value: checkAnswer(this.#operation.item, value, this.#target, what) };
        }
      } finally {
        if (next.done !== true) await items.return?.();
      }
      const answer = await stream.result;
      this.#result.resolve(this.#binding.result(this.#operation, this.#target, answer));
    } catch (error) {
      throw wrong === undefined ? error : wrong.error;
    }
  }
}
