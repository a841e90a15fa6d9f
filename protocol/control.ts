/** Client <-> daemon: the methods of the control socket. Same framing as the plugins' wire; calls are `plugin/api.method`. */
import { z } from "zod";
import { sha256 } from "./config.ts";
import { largestCredit } from "./credit.ts";
import { eventName, pluginId } from "./description.ts";
import { newPipe, pipeName } from "./pipe.ts";

const range = z.object({ min: z.int(), max: z.int() });
const onePlugin = z.object({ plugin: pluginId });
const onePipe = z.object({ pipe: pipeName });
const none = z.object({}).optional();

/** What a client may provide; `host` is the daemon's own. */
const providedService = pluginId.refine(
  (name) => name !== "host",
  "host.* services are the supervisor's own",
);
const oneService = z.object({ service: providedService });

/** Params of each daemon method. Results are plain data of the types in `state.ts`. */
export const control = {
  /** First message of a connection. */
  hello: z.object({
    protocol: range,
    client: z.object({ name: z.string(), version: z.string() }),
    /** The client promises to change nothing, and has the daemon hold it to that. */
    readOnly: z.boolean().optional(),
  }),

  "daemon.status": none,
  /** Drains and stops every plugin, answers, then the daemon leaves. */
  "daemon.stop": none,
  "daemon.doctor": none,

  "plugin.list": none,
  /** Calls, latency, memory and CPU: of all plugins in the order of `plugin.list`, or of one. */
  "plugin.stats": z.object({ plugin: pluginId.optional() }).optional(),
  "plugin.status": onePlugin,
  "plugin.start": onePlugin,
  "plugin.stop": onePlugin,
  /** `rolling`: the old process serves until the new one is ready. */
  "plugin.restart": onePlugin.extend({ rolling: z.boolean().optional() }),
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
  /** Its own configuration: every setting that it describes, the value in force, and where that stands. No secrets. */
  "plugin.settings": onePlugin,
  /** Checks the whole, hands it to the plugin, and keeps it in its settings file; or changes nothing. */
  "plugin.configure": onePlugin.extend({
    set: z.record(z.string(), z.unknown()).optional(),
    unset: z.array(z.string()).optional(),
  }),
  /** A settings file to begin with, all commented out but what is set. */
  "plugin.template": onePlugin,

  /** What vouches for each plugin's executable, as it is now. */
  "trust.list": none,
  /** Enters the file as it is now into `bulkhead.lock`; with `sha256` only if it has that hash. */
  "trust.accept": onePlugin.extend({ sha256: sha256.optional() }),
  /** Takes it out again. */
  "trust.remove": onePlugin,

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
  /** Calls that may have killed their plugin. */
  "quarantine.list": z.object({ plugin: pluginId.optional() }).optional(),
  /** Lets one go (any unique beginning of its id), or all; answers those that it let go. */
  "quarantine.release": z.union([
    z.strictObject({ id: z.string().min(1) }),
    z.strictObject({ all: z.literal(true) }),
  ]),
  "event.read": z
    .object({
      plugin: pluginId.optional(),
      /** Only events after this position. */
      since: z.int().nonnegative().optional(),
      limit: z.int().positive().max(10_000).optional(),
      follow: z.boolean().optional(),
    })
    .optional(),

  /** Tells clients and plugins; answers at once with how many plugins are to be told. */
  "event.publish": z.object({
    event: eventName,
    params: z.record(z.string(), z.unknown()).optional(),
  }),

  /** From here on calls of `service.method` by plugins come as requests on this connection. */
  "service.provide": oneService,
  "service.withdraw": oneService,
  "service.list": none,

  /** What plugins offer to be started from a menu or with a key, as far as their descriptions are known. */
  "action.list": z.object({ plugin: pluginId.optional() }).optional(),

  /** Joins a stream of one plugin to a method of another; see protocol/pipe.ts. */
  "pipe.create": newPipe,
  "pipe.list": none,
  "pipe.pause": onePipe,
  /** Of a pipe that waits: at once. `skip`: leaves out the item that is in its way. */
  "pipe.resume": onePipe.extend({ skip: z.boolean().optional() }),
  /** Answers the pipe as it was. */
  "pipe.remove": onePipe,

  /** The effective configuration with the origin of each value. */
  "config.show": none,
  "config.reload": none,
} as const;

export type ControlMethod = keyof typeof control;

/**
 * What each method is to a read-only client. `describe`: it reads, but starts a plugin that has not described itself yet,
 * which a read-only client can not have. Calls of plugins, events and services are changes, all of them.
 */
export const access = {
  hello: "read",
  "daemon.status": "read",
  "daemon.stop": "change",
  "daemon.doctor": "read",
  "plugin.list": "read",
  "plugin.stats": "read",
  "plugin.status": "read",
  "plugin.start": "change",
  "plugin.stop": "change",
  "plugin.restart": "change",
  "plugin.enable": "change",
  "plugin.disable": "change",
  "plugin.wait": "read",
  "plugin.describe": "describe",
  "plugin.settings": "describe",
  "plugin.configure": "change",
  "plugin.template": "describe",
  "trust.list": "read",
  "trust.accept": "change",
  "trust.remove": "change",
  "log.read": "read",
  "crash.list": "read",
  "crash.get": "read",
  "quarantine.list": "read",
  "quarantine.release": "change",
  "event.read": "read",
  "event.publish": "change",
  "service.provide": "change",
  "service.withdraw": "change",
  "service.list": "read",
  "action.list": "read",
  "pipe.create": "change",
  "pipe.list": "read",
  "pipe.pause": "change",
  "pipe.resume": "change",
  "pipe.remove": "change",
  "config.show": "read",
  "config.reload": "change",
} as const satisfies Record<ControlMethod, "read" | "describe" | "change">;
export type ControlParams<M extends ControlMethod> = z.input<(typeof control)[M]>;

/** How a client may bound one call: sent as the request's `ctx`. */
export const callBounds = z.object({
  /** Total time, milliseconds. */
  ms: z.number().positive().optional(),
  /** Time without progress or an item, milliseconds. */
  idle: z.number().positive().optional(),
  /** Of a stream: how many items the client takes before its first `$/credit`. */
  credit: z.int().min(0).max(largestCredit).optional(),
  /** Of the description that the client has compared its contract with. */
  fingerprint: z.string().max(64).optional(),
  /** The daemon's request that the client is serving with this call, as numbered on this connection. */
  parent: z.union([z.int(), z.string()]).optional(),
  /** The answer may carry bulk data. */
  bulk: z.boolean().optional(),
  /** Of an idempotent method: to be sent again when the plugin crashes. */
  retry: z.boolean().optional(),
});

export type CallBounds = z.output<typeof callBounds>;

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
  /** The connection can change nothing, whether the client wanted that or not. Absent: it can. */
  readonly readOnly?: true;
  /** `bulk`: calls of plugins and their answers may carry bulk data. Absent in daemons that know of none. */
  readonly capabilities?: { readonly bulk?: boolean };
}
