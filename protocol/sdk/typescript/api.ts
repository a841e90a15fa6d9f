/** What a plugin offers: an api is a named, versioned set of methods, events and actions. */
import { z } from "zod";
import type { Call } from "./call.ts";
import type {
  ActionSpec,
  Contract,
  EventHandler,
  EventSpec,
  Groups,
  Events,
  Handlers,
  MethodHandler,
  Methods,
  MethodSpec,
  NoEvents,
  NoGroups,
  StreamHandler,
  StreamSpec,
} from "./contract.ts";
import { inText } from "./bulk.ts";
import { isObject } from "./error.ts";
import { fit, invalidParams, invalidResult, jsonSchema } from "./schema.ts";
import { positionOf } from "./stream.ts";

/** What is left of a handler's type once its specification has done its work. */
type Erased = (params: never, call: Call<never>) => unknown;

/** A method or an event as the session serves it. */
export interface Served {
  /** The handler's own result: an answer, or a source of items. */
  readonly run: (params: unknown, call: Call<never>) => unknown;
  readonly result: (value: unknown) => unknown;
  readonly progress: (value: unknown) => unknown;
  /** Absent: it does not stream. */
  readonly item?: (value: unknown) => { value: unknown; cursor?: string };
}

const anything = z.record(z.string(), z.unknown());
const methodName = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

export class Api {
  readonly name: string;
  readonly version: string;
  /** Methods and events, by name without the api. */
  readonly served = new Map<string, Served>();
  readonly #methods: object[] = [];
  readonly #events: object[] = [];
  readonly #actions: { readonly id: string; readonly method: string }[] = [];

  constructor(name: string, version: string) {
    assertName("api", name);
    this.name = name;
    this.version = version;
  }

  /** Adds a method. The wire calls it `api.name`; its schemas describe it, and check params and results. */
  method<const S extends MethodSpec & { readonly item?: never }>(
    name: string,
    spec: S,
    handler: MethodHandler<S>,
  ): this {
    return this.#add(name, spec, handler);
  }

  /** Adds a method that sends items before its answer. */
  stream<const S extends StreamSpec>(name: string, spec: S, handler: StreamHandler<S>): this {
    return this.#add(name, spec, handler);
  }

  /** What the plugin wants to be told, with the schema of what comes along. Events of one kind come one at a time. */
  event<const S extends EventSpec>(name: string, spec: S, handler: EventHandler<S>): this {
    return this.#addEvent(name, spec, handler);
  }

  /** What a person may start from a menu or with a key. The method comes first. */
  action(id: string, spec: ActionSpec): this {
    if (!methodName.test(id))
      throw new TypeError(`${id} is no id of an action: those are like ${methodName}`);
    const { method, description, key } = spec;
    if (!this.#methods.some((each) => "name" in each && each.name === method))
      throw new TypeError(`the action ${id} of ${this.name} names no method of it: ${method}`);
    this.#actions.push(Object.assign({ id, method }, given({ description, key })));
    return this;
  }

  describe(): object {
    const { name, version } = this;
    return {
      name,
      version,
      methods: this.#methods,
      ...(this.#events.length > 0 && { events: this.#events }),
      ...(this.#actions.length > 0 && { actions: this.#actions }),
    };
  }

  /** All that a contract says. */
  static implementing<M extends Methods, E extends Events = NoEvents, G extends Groups = NoGroups>(
    contract: Contract<M, E, G>,
    handlers: Handlers<NoInfer<M>, NoInfer<E>, NoInfer<G>>,
  ): Api {
    const api = new Api(contract.name, contract.version);
    const handlerOf = (name: string): Erased | undefined => {
      const handler: unknown = Object.hasOwn(handlers, name) ? Reflect.get(handlers, name) : undefined;
      return isErased(handler) ? handler : undefined;
    };
    const serve = ([name, spec]: readonly [string, MethodSpec]): void => {
      const handler = handlerOf(name);
      if (handler === undefined) throw new TypeError(`${contract.name}.${name} is not implemented`);
      api.#add(name, spec, handler);
    };
    Object.entries(contract.methods).forEach(serve);
    for (const { methods } of Object.values(contract.groups ?? {})) {
      // All of a group or none.
      if (Object.keys(methods).some((name) => handlerOf(name) !== undefined))
        Object.entries(methods).forEach(serve);
    }
    for (const [name, spec] of Object.entries(contract.events ?? {})) {
      const handler = handlerOf(name);
      if (handler === undefined) throw new TypeError(`${contract.name}.${name} is not implemented`);
      api.#addEvent(name, spec, handler);
    }
    const actions = contract.actions ?? [];
    const list: readonly (ActionSpec & { readonly id: string })[] = isList(actions)
      ? actions
      : Object.entries(actions).map(([id, spec]) => Object.assign({ id }, spec));
    // Of a group that is left out, there are no actions either.
    for (const { id, ...spec } of list) if (api.served.has(spec.method)) api.action(id, spec);
    return api;
  }

  #add(name: string, spec: MethodSpec, handler: Erased): this {
    const full = this.#claim(name);
    const { description, params = anything, result, progress, item, errors, idempotent } = spec;
    const schema = (what: string, of: z.ZodType, io: "input" | "output"): object =>
      jsonSchema(`${what} of ${full}`, of, io);
    const declared = isList(errors) ? errors : Object.entries(errors ?? {}).map(errorOf);
    this.#methods.push({
      name,
      ...given({ description }),
      params: spec.params === undefined ? { type: "object" } : schema("the params", params, "input"),
      ...(result !== undefined && { result: schema("the result", result, "output") }),
      ...(progress !== undefined && { progress: schema("the progress", progress, "output") }),
      ...(item !== undefined && { item: schema("the items", item, "output") }),
      ...(declared.length > 0 && { errors: declared }),
      ...given({ idempotent }),
    });
    this.served.set(name, {
      run: runner(params, handler),
      result: checked(result, `the result of ${full}`),
      progress: checked(progress, `the progress of ${full}`),
      ...(item !== undefined && { item: positioned(checked(item, `an item of ${full}`)) }),
    });
    return this;
  }

  #addEvent(name: string, spec: EventSpec, handler: Erased): this {
    const full = this.#claim(name);
    const { params, description } = isSchema(spec) ? { params: spec, description: undefined } : spec;
    this.#events.push({
      name,
      ...given({ description }),
      params: jsonSchema(`the event ${full}`, params, "input"),
    });
    this.served.set(name, { run: runner(params, handler), result: nothing, progress: itself });
    return this;
  }

  #claim(name: string): string {
    const full = `${this.name}.${name}`;
    if (!methodName.test(name))
      throw new TypeError(`${full} is no method name: those are like ${methodName}`);
    if (this.served.has(name)) throw new TypeError(`${full} is there twice`);
    return full;
  }
}

function runner(params: z.ZodType, handler: Erased): Served["run"] {
  // The handler's type was derived from this very schema.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (raw, call) => handler(accepted(params, raw ?? {}) as never, call);
}

function accepted(params: z.ZodType, raw: unknown): unknown {
  const parsed = params.safeParse(raw);
  // A host may send bytes also where the schema wants their text.
  return parsed.success ? parsed.data : fit(params, inText(raw, Infinity), invalidParams);
}

function checked(schema: z.ZodType | undefined, what: string): (value: unknown) => unknown {
  if (schema === undefined) return (value) => value ?? null;
  return (value) => fit(schema, value === undefined ? null : value, invalidResult(what));
}

function positioned(check: (value: unknown) => unknown): NonNullable<Served["item"]> {
  return (item) => {
    const position = positionOf(item);
    if (position === undefined) return { value: check(item) };
    return { value: check(position.value), cursor: position.cursor };
  };
}

const nothing = (): null => null;
const itself = (value: unknown): unknown => value;

/** Without the members that are undefined. */
function given(members: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function errorOf([code, said]: readonly [
  string,
  string | { readonly description?: string | undefined },
]): object {
  return Object.assign({ code }, given({ description: typeof said === "string" ? said : said.description }));
}

function isErased(value: unknown): value is Erased {
  return typeof value === "function";
}

// Array.isArray does not narrow a readonly list out of a union.
function isList<T>(value: readonly T[] | object | undefined): value is readonly T[] {
  return Array.isArray(value);
}

function isSchema(spec: EventSpec): spec is z.ZodType {
  return isObject(spec) && "safeParse" in spec;
}

/** @throws TypeError when it is not `[a-z][a-z0-9-]*` of at most 64 characters */
export function assertName(of: string, name: string): void {
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(name))
    throw new TypeError(`${JSON.stringify(name)} is no ${of} name: those are like [a-z][a-z0-9-]*`);
}
