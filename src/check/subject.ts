/** What is known of the plugin that is checked. */
import type { PluginSpec } from "../../protocol/config.ts";
import { methodsOf } from "../../protocol/description.ts";
import type { Api, Description, JsonSchema, Method, PluginEvent } from "../../protocol/description.ts";
import type { Mismatch } from "../../protocol/json-schema.ts";
import { checker } from "../../protocol/json-schema.ts";
import { negotiate } from "../../protocol/version.ts";
import { isObject } from "../core/json-value.ts";
import { sampleOf } from "./sample.ts";

/** Lays what was given over the defaults, typed by the schema. */
export type ConfigFor = (schema: JsonSchema | undefined, defaults: Params) => Params;

export type Params = Readonly<Record<string, unknown>>;

/** A method, and params with which it can be called. */
export interface Callable {
  /** As the wire says it: `api.method`. */
  readonly name: string;
  readonly method: Method;
  readonly params: Params;
  /** The params come from the author of the plugin: nothing but a result will do. */
  readonly given: boolean;
}

/** Items of a stream that nobody has said how many of should be a few. */
const fewItems = 8;

export class Subject {
  readonly spec: PluginSpec;
  /** Params for methods, by their wire names, in the order in which they were given. */
  readonly given: ReadonlyMap<string, Params>;
  /** The answer to `initialize`, whatever it is. */
  raw: unknown;
  readonly #configFor: ConfigFor;
  #description: Description | undefined;
  #config: Params = {};
  /** Worked out once: a schema may be large. */
  #plain: readonly Callable[] = [];
  #streams: readonly Callable[] = [];

  constructor(spec: PluginSpec, configFor: ConfigFor, given: ReadonlyMap<string, Params>) {
    this.spec = spec;
    this.#configFor = configFor;
    this.given = given;
  }

  /** Only checks that need a valid description may ask. */
  get description(): Description {
    if (this.#description === undefined) throw new Error("the plugin has not described itself");
    return this.#description;
  }

  set description(description: Description) {
    this.#config = this.#configFor(description.config, defaultsOf(description.config));
    this.#description = description;
    const callables = [...this.methods].flatMap(([name, method]) => this.#callable(name, method));
    this.#plain = callables.filter(({ method }) => method.item === undefined);
    this.#streams = callables.filter(({ method }) => method.item !== undefined);
  }

  get isExclusive(): boolean {
    return this.#description?.exclusive === true;
  }

  get canPing(): boolean {
    return this.#description?.capabilities?.ping === true;
  }

  get canConfigure(): boolean {
    return this.description.capabilities?.configure === true;
  }

  /** The services that it needs, wherever it is optional too. */
  get services(): string[] {
    return (this.#description?.needs ?? []).map(({ service }) => service);
  }

  /** The apis in force: of each name the highest version. */
  get apis(): Api[] {
    const { apis } = this.description;
    const agreed = negotiate(apis, []);
    const chosen = agreed.ok ? agreed.apis : [];
    return apis.filter((api) =>
      chosen.some(({ name, version }) => name === api.name && version === api.version),
    );
  }

  /** By wire name. */
  get methods(): ReadonlyMap<string, Method> {
    return methodsOf(this.apis);
  }

  get events(): (readonly [name: string, event: PluginEvent])[] {
    return this.apis.flatMap((api) =>
      (api.events ?? []).map((event) => [`${api.name}.${event.name}`, event] as const),
    );
  }

  /** Methods that do not stream and may be called: idempotent ones, and those that were given. */
  get plain(): readonly Callable[] {
    return this.#plain;
  }

  get streams(): readonly Callable[] {
    return this.#streams;
  }

  /** Params with this text in them, for the first method that takes any. */
  calledWith(text: string, format?: string): Callable | undefined {
    for (const callable of this.#plain) {
      const { params: schema } = callable.method;
      if (!isObject(schema) || !isObject(schema["properties"])) continue;
      for (const [name, property] of Object.entries(schema["properties"])) {
        if (!isText(property, format)) continue;
        const params = { ...callable.params, [name]: text };
        if (misfit(schema, params) === undefined) return { ...callable, params };
      }
    }
    return undefined;
  }

  /** What `activate` gets. */
  get config(): Params {
    return this.#config;
  }

  /** What is wrong with the configuration that was given. */
  get configMismatch(): Mismatch | undefined {
    const { config } = this.description;
    return config === undefined ? undefined : misfit(config, this.#config);
  }

  #callable(name: string, method: Method): Callable[] {
    const given = this.given.get(name);
    if (given !== undefined) return [{ name, method, params: given, given: true }];
    const streams = method.item !== undefined;
    if (!streams && method.idempotent !== true) return [];
    const params = sampleOf(method.params, streams ? { number: fewItems } : {});
    return isObject(params) ? [{ name, method, params, given: false }] : [];
  }
}

/** The supervisor fills them in. */
function defaultsOf(config: JsonSchema | undefined): Params {
  const properties = isObject(config) && isObject(config["properties"]) ? config["properties"] : {};
  const present = Object.entries(properties).flatMap(([name, property]) =>
    isObject(property) && "default" in property ? [[name, property["default"]] as const] : [],
  );
  return Object.fromEntries(present);
}

function isText(schema: unknown, format: string | undefined): boolean {
  if (schema === true) return format === undefined;
  if (!isObject(schema)) return false;
  const { type, contentEncoding } = schema;
  if (contentEncoding !== undefined) return false;
  const takesText =
    type === undefined || type === "string" || (Array.isArray(type) && type.includes("string"));
  return takesText && (format === undefined || (schema["format"] === format && type !== undefined));
}

/** `undefined` also for a schema that can not be used: another check says so. */
function misfit(schema: JsonSchema, value: unknown): Mismatch | undefined {
  try {
    return checker(schema)(value);
  } catch {
    return undefined;
  }
}
