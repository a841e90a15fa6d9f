/**
 * What an api promises, as an object with zod schemas: the shape that `implement` takes. It is structural, so that an
 * SDK and a host can share a contract without sharing a package.
 */
import type { z } from "zod";
import type { Call, StandardProgress } from "./call.ts";
import type { Positioned } from "./stream.ts";

export interface MethodSpec {
  readonly description?: string | undefined;
  /** Of an object. Absent: an object with anything in it. */
  readonly params?: z.ZodType | undefined;
  readonly result?: z.ZodType | undefined;
  readonly progress?: z.ZodType | undefined;
  /** Present: the method streams items of this schema. */
  readonly item?: z.ZodType | undefined;
  /** What callers should expect by `data.code`: as a list, or as descriptions by code. */
  readonly errors?:
    | readonly ErrorSpec[]
    | Readonly<Record<string, string | { readonly description?: string | undefined }>>
    | undefined;
  /** May be executed twice without harm, so may be retried after a crash. */
  readonly idempotent?: boolean | undefined;
}

export interface ErrorSpec {
  readonly code: string;
  readonly description?: string | undefined;
}

export type StreamSpec = MethodSpec & { readonly item: z.ZodType };

/** The schema of the event's params, alone or with a description. */
export type EventSpec = z.ZodType | { readonly params: z.ZodType; readonly description?: string | undefined };

export interface ActionSpec {
  /** Of the same api. */
  readonly method: string;
  readonly description?: string | undefined;
  /** Suggested, such as `ctrl+t`: the host decides. */
  readonly key?: string | undefined;
}

export type Methods = Readonly<Record<string, MethodSpec>>;
export type Events = Readonly<Record<string, EventSpec>>;

/** Of a contract that has none. */
export type NoEvents = { readonly [K in never]: EventSpec };

export type Groups = Readonly<Record<string, { readonly methods: Methods }>>;
export type NoGroups = { readonly [K in never]: { readonly methods: Methods } };

export interface Contract<M extends Methods = Methods, E extends Events = Events, G extends Groups = Groups> {
  readonly name: string;
  readonly version: string;
  readonly methods: M;
  /** Methods that an implementation may lack: all of a group or none. */
  readonly groups?: G | undefined;
  readonly events?: E | undefined;
  /** By id, or as a list with ids. */
  readonly actions?:
    | Readonly<Record<string, ActionSpec>>
    | readonly (ActionSpec & { readonly id: string })[]
    | undefined;
}

type Anything = Record<string, unknown>;
type Given<S, K extends string> = S extends { readonly [key in K]: infer T extends z.ZodType } ? T : never;

/** What a handler gets: params as their schema gives them. */
export type ParamsOf<S> = [Given<S, "params">] extends [never] ? Anything : z.output<Given<S, "params">>;
/** What a handler returns: what the result's schema takes. A result of null may also be left out. */
export type ResultOf<S> = [Given<S, "result">] extends [never]
  ? unknown
  : OrNothing<z.input<Given<S, "result">>>;
export type ProgressOf<S> = [Given<S, "progress">] extends [never]
  ? StandardProgress
  : z.input<Given<S, "progress">>;
export type ItemOf<S> = z.input<Given<S, "item">>;
type OrNothing<T> = null extends T ? T | void : T;

export type MethodHandler<S> = (
  params: ParamsOf<S>,
  call: Call<ProgressOf<S>>,
) => ResultOf<S> | Promise<ResultOf<S>>;

/** Usually an async generator; what it returns is the answer. An item may come as `{ value, cursor }`. */
export type StreamHandler<S> = (
  params: ParamsOf<S>,
  call: Call<ProgressOf<S>>,
) => AsyncIterable<ItemOf<S> | Positioned<ItemOf<S>>, ResultOf<S>>;

export type EventHandler<S> = (params: EventParams<S>, call: Call) => void | Promise<void>;

type EventParams<S> = S extends { readonly params: infer P extends z.ZodType } ? z.output<P> : z.output<S>;

type HandlerOf<S> = S extends StreamSpec ? StreamHandler<S> : MethodHandler<S>;

type GroupedName<G extends Groups> = { [K in keyof G]: keyof G[K]["methods"] }[keyof G];
type Grouped<G extends Groups, N> = {
  [K in keyof G]: N extends keyof G[K]["methods"] ? G[K]["methods"][N] : never;
}[keyof G];

/** One handler for each method and each event of a contract, by name; `undefined` for a method of a group that is left out. */
// One mapped type: of an intersection of several, handlers written in place would not get the types of their params.
export type Handlers<M extends Methods, E extends Events, G extends Groups> = {
  readonly [K in keyof M | keyof E | GroupedName<G>]: K extends keyof M
    ? HandlerOf<M[K]>
    : K extends keyof E
      ? EventHandler<E[K]>
      : HandlerOf<Grouped<G, K>> | undefined;
};
