/** The plugin as a whole: what its author says of it, and how it is run. */
import type { z } from "zod";
import { Api, assertName } from "./api.ts";
import type { Contract, Events, Groups, Handlers, Methods, NoEvents, NoGroups } from "./contract.ts";
import { PROTOCOL, type Activation, type Definition, type Hook, type Take } from "./definition.ts";
import { configInvalid, fit, jsonSchema } from "./schema.ts";
import { Session } from "./session.ts";
import { explain, takeStdout } from "./stdio.ts";

/** sysexits.h: started in a way that can not work. */
const EXIT_USAGE = 64;

const SDK = "bulkhead-plugin-typescript 0.1.0";

interface Need {
  readonly service: string;
  readonly range: string;
  readonly optional?: true;
}

export class Plugin {
  readonly #name: string;
  readonly #version: string;
  readonly #apis: Api[] = [];
  readonly #needs: Need[] = [];
  readonly #activations: Take[] = [];
  #config: object | undefined;
  #configure: Take | undefined;
  #exclusive = false;

  constructor(about: { readonly name: string; readonly version: string }) {
    assertName("plugin", about.name);
    this.#name = about.name;
    this.#version = about.version;
  }

  /** Offers an api. One of the same name may be offered in several versions. */
  api(name: string, version: string, build: (api: Api) => unknown): this {
    const api = new Api(name, version);
    build(api);
    return this.#offer(api);
  }

  /** Offers what a contract says; it may also stand in the `definition` of something larger. */
  implement<M extends Methods, E extends Events = NoEvents, G extends Groups = NoGroups>(
    contract: Contract<M, E, G> | { readonly definition: Contract<M, E, G> },
    handlers: Handlers<NoInfer<M>, NoInfer<E>, NoInfer<G>>,
  ): this {
    const definition = "definition" in contract ? contract.definition : contract;
    return this.#offer(Api.implementing(definition, handlers));
  }

  /**
   * Takes configuration: an object whose properties are strings, integers, booleans, arrays of strings or enums;
   * `.meta({ writeOnly: true })` marks a secret. `activate` runs before the first call. With `configure`, the plugin takes
   * another configuration while it runs. What they throw fails it: `PluginError.configInvalid` names the value that is wrong,
   * and after a failed `configure` the old configuration must still be in force.
   */
  config<T>(schema: z.ZodType<T>, hooks: { readonly activate: Hook<T>; readonly configure?: Hook<T> }): this {
    if (this.#config !== undefined) throw new TypeError(`${this.#name} has two configurations`);
    this.#config = jsonSchema(`the configuration of ${this.#name}`, schema, "input");
    const taking =
      (hook: Hook<T>): Take =>
      (config, activation) =>
        hook(fit(schema, config, configInvalid), activation);
    this.#activations.push(taking(hooks.activate));
    if (hooks.configure !== undefined) this.#configure = taking(hooks.configure);
    return this;
  }

  /** Runs before the first call. What it throws fails the start. */
  activate(hook: (activation: Activation) => void | Promise<void>): this {
    this.#activations.push((_, activation) => hook(activation));
    return this;
  }

  /** A service of the host that it calls. Where it is not granted, the plugin is not started, unless it is optional. */
  needs(service: string, range: string, options: { readonly optional?: boolean } = {}): this {
    this.#needs.push({ service, range, ...(options.optional === true && { optional: true }) });
    return this;
  }

  /** Two processes of it can not run at once, because it owns a port or a lock. */
  exclusive(): this {
    this.#exclusive = true;
    return this;
  }

  /**
   * Serves until the supervisor says `exit` or is gone, then ends the process: it never resolves. From here on,
   * `console.log` writes to stderr.
   */
  run(): Promise<never> {
    if (process.stdin.isTTY) {
      process.stderr.write(explain(this.#name));
      process.exit(EXIT_USAGE);
    }
    const session = new Session(this.#definition(), process.stdin, takeStdout());
    return session.run();
  }

  #definition(): Definition {
    const activations = [...this.#activations];
    return {
      apis: [...this.#apis],
      activate: async (config, activation) => {
        for (const activate of activations) await activate(config, activation);
      },
      configure: this.#configure,
      describe: () => this.#describe(),
    };
  }

  #offer(api: Api): this {
    if (this.#apis.some(({ name, version }) => name === api.name && version === api.version))
      throw new TypeError(`the api ${api.name} ${api.version} is offered twice`);
    this.#apis.push(api);
    return this;
  }

  #describe(): object {
    return {
      protocol: PROTOCOL,
      plugin: { name: this.#name, version: this.#version },
      build: {
        language: "typescript",
        compiler: `node ${process.versions.node}`,
        target: `${process.arch}-${process.platform}`,
        sdk: SDK,
      },
      apis: this.#apis.map((api) => api.describe()),
      ...(this.#needs.length > 0 && { needs: this.#needs }),
      ...(this.#config !== undefined && { config: this.#config }),
      ...(this.#exclusive && { exclusive: true }),
      capabilities: { ping: true, bulk: true, ...(this.#configure !== undefined && { configure: true }) },
    };
  }
}

/** A plugin, to which apis are added and which is then run. */
export function plugin(about: { readonly name: string; readonly version: string }): Plugin {
  return new Plugin(about);
}
