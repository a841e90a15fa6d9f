/** The client that a contract gives: types only. */
import type {
  ContractDefinition,
  ContractError,
  Item,
  OperationsOf,
  Params,
  Progress,
  Result,
} from "../../../protocol/contract.ts";
import type { CallOptions, StreamOptions } from "../../../protocol/caller.ts";
import type { Difference } from "../../core/compare.ts";

export interface TypedCallOptions<O> extends Omit<CallOptions, "fingerprint" | "onProgress" | "bulk"> {
  readonly onProgress?: ((value: Progress<O>) => void) | undefined;
  /**
   * Once more after a crash, if the contract says that the method is idempotent. Waits until the plugin is back, within
   * `timeout`. Default: what the binding says.
   */
  readonly retry?: boolean | undefined;
}

export type TypedStreamOptions<O> = Omit<TypedCallOptions<O>, "retry"> & Pick<StreamOptions, "credit">;

/** An item with its place in the stream. */
export interface Entry<T> {
  readonly value: T;
  /** Counts from 0. */
  readonly seq: number;
  /** The position after this item, when the plugin gives one. */
  readonly cursor?: string;
}

/**
 * A typed stream. It begins when it is read, can be read once, and leaving the loop cancels it.
 */
export interface Items<T, R> extends AsyncIterable<T>, AsyncDisposable {
  /** Items with their cursors, in place of the plain ones. */
  entries(): AsyncIterable<Entry<T>>;
  /** The answer after the last item. Rejects with what ended the loop; leaving it early is `cancelled`. */
  readonly result: Promise<R>;
}

/** All its members are optional. */
type Optional<P> = P extends Record<string, never> ? true : Partial<P> extends P ? true : false;
type Arguments<O, Options> =
  Optional<Params<O>> extends true
    ? [params?: Params<O>, options?: Options]
    : [params: Params<O>, options?: Options];

export type Call<O> = O extends { readonly kind: "stream" }
  ? (...given: Arguments<O, TypedStreamOptions<O>>) => Items<Item<O>, Result<O>>
  : (...given: Arguments<O, TypedCallOptions<O>>) => Promise<Result<O>>;

export type Calls<M> = { readonly [K in keyof M]: Call<M[K]> };

type Groups<G> = {
  readonly [K in keyof G]: G[K] extends { readonly methods: infer M } ? Calls<M> | undefined : never;
};

/** What every client has beside its methods. No method begins with `$`. */
export interface Bound<D extends ContractDefinition> extends AsyncDisposable {
  /** The plugin's id. */
  readonly $plugin: string;
  /** What could not be told when the contract was compared: values are checked one by one. */
  readonly $warnings: readonly Difference[];
  /** Whether this is an error that the method declares. */
  $isError<M extends keyof OperationsOf<D> & string>(
    error: unknown,
    method: M,
  ): error is ContractError<OperationsOf<D>[M]>;
}

/** Methods, optional groups (`undefined` where the plugin lacks them), and what every client has. */
export type TypedClient<D extends ContractDefinition> = Calls<D["methods"]> &
  Groups<NonNullable<D["groups"]>> &
  Bound<D>;
