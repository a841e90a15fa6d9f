/** What a session is made of, and what it tells. */
import type { Api } from "./api.ts";
import type { Host } from "./host.ts";

/** The version of the protocol that this SDK speaks. */
export const PROTOCOL = 1;

/** What a plugin is told when it is activated. */
export interface Activation {
  /** The name under which the supervisor runs this process. */
  readonly plugin: string;
  /** Which life of that name this is, counted from 1. */
  readonly generation: number;
  /** A directory of the plugin's own that outlives the process. */
  readonly dataDir: string;
  /** Services of the host that it may call. */
  readonly services: readonly string[];
  /** The host's services, asked on nobody's behalf: for the plugin's own work, as long as it lives. */
  readonly host: Host;
}

/** Runs with a configuration that fits its schema. */
export type Hook<T> = (config: T, activation: Activation) => void | Promise<void>;

/** The same, before anybody has looked at the configuration. */
export type Take = (config: unknown, activation: Activation) => void | Promise<void>;

export interface Definition {
  readonly apis: readonly Api[];
  readonly activate: Take;
  /** Absent: the plugin does not take another configuration while it runs. */
  readonly configure: Take | undefined;
  /** The result of `initialize`. */
  readonly describe: () => object;
}
