/** Client <-> daemon: the methods of the control socket. Same framing as the plugins' wire; calls are `plugin/api.method`. */
import { z } from "zod";
import { pluginId } from "./description.ts";

const range = z.object({ min: z.int(), max: z.int() });
const onePlugin = z.object({ plugin: pluginId });
const none = z.object({}).optional();

/** Params of each daemon method. Results are plain data of the types in `state.ts`. */
export const control = {
  /** First message of a connection. */
  hello: z.object({ protocol: range, client: z.object({ name: z.string(), version: z.string() }) }),

  "daemon.status": none,
  /** Drains and stops every plugin, answers, then the daemon leaves. */
  "daemon.stop": none,
  "daemon.doctor": none,

  "plugin.list": none,
  "plugin.status": onePlugin,
  "plugin.start": onePlugin,
  "plugin.stop": onePlugin,
  "plugin.restart": onePlugin,
  "plugin.enable": onePlugin,
  "plugin.disable": onePlugin,
  /** Answers when the plugin is so far, or with an error when it can not get there any more. */
  "plugin.wait": z.object({
    plugin: pluginId,
    until: z.enum(["ready", "stopped"]),
    timeoutMs: z
      .int()
      .positive()
      .max(2 ** 31 - 1)
      .optional(),
  }),
  /** The description: of the running session, or as cached by the binary's hash, else by starting it. */
  "plugin.describe": onePlugin,

  /** Answers past lines; with `follow`, more come as `$/item` until cancelled. */
  "log.read": z.object({
    plugin: pluginId.optional(),
    lines: z.int().min(0).max(100_000).optional(),
    /** 0: the current life; 1: the one before; absent: all that is kept. */
    previous: z.int().min(0).optional(),
    follow: z.boolean().optional(),
  }),
  "crash.list": z
    .object({ plugin: pluginId.optional(), limit: z.int().positive().max(10_000).optional() })
    .optional(),
  "crash.get": z.object({ id: z.string() }),
  "event.read": z
    .object({
      plugin: pluginId.optional(),
      /** Only events after this position. */
      since: z.int().nonnegative().optional(),
      limit: z.int().positive().max(10_000).optional(),
      follow: z.boolean().optional(),
    })
    .optional(),

  /** The effective configuration with the origin of each value. */
  "config.show": none,
  "config.reload": none,
} as const;

export type ControlMethod = keyof typeof control;
export type ControlParams<M extends ControlMethod> = z.input<(typeof control)[M]>;

/** How a client may bound one call: sent as the request's `ctx`. */
export const callBounds = z.object({
  /** Total time, milliseconds. */
  ms: z.number().positive().optional(),
  /** Time without progress, milliseconds. */
  idle: z.number().positive().optional(),
});

export interface DaemonStatus {
  readonly pid: number;
  readonly version: string;
  readonly protocol: number;
  readonly startedAt: number;
  readonly socket: string;
  readonly stateDir: string;
  readonly configFile: string | null;
  readonly configErrors: readonly string[];
  readonly clients: number;
  readonly memoryBytes: number;
  readonly journal: { readonly ok: boolean; readonly message: string | null };
  readonly isolation: Readonly<Record<string, boolean>>;
}

export interface HelloResult {
  readonly protocol: number;
  readonly daemon: { readonly name: string; readonly version: string; readonly pid: number };
}
