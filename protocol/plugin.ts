/** Supervisor <-> plugin: the messages of protocol 1. README.md is the same in words. */
import { z } from "zod";
import { description, pluginId, semverRange, semverVersion } from "./description.ts";

export const initializeParams = z.object({
  protocol: z.object({ min: z.int(), max: z.int() }),
  host: z.object({ name: z.string(), version: z.string() }),
  plugin: pluginId,
  /** Which life of this plugin this process is, counted from 1 across restarts of the supervisor. */
  generation: z.int().positive(),
  apis: z.array(z.object({ name: pluginId, range: semverRange })),
  services: z.array(z.string()),
  limits: z.object({ frameBytes: z.int(), depth: z.int(), inFlight: z.int() }),
});
export type InitializeParams = z.infer<typeof initializeParams>;

export const initializeResult = description;

export const activateParams = z.object({
  apis: z.array(z.object({ name: pluginId, version: semverVersion })),
  config: z.record(z.string(), z.unknown()),
  dataDir: z.string(),
});
export type ActivateParams = z.infer<typeof activateParams>;

/** Brings another configuration, whole; only to plugins with the capability `configure`. */
export const configureParams = z.object({ config: z.record(z.string(), z.unknown()) });

export const shutdownParams = z.object({
  /** Time left to finish what is in flight. */
  ms: z.int().nonnegative(),
});

/** `data` of the error with code -32001. */
export const incompatibleProtocolData = z.object({
  code: z.literal("incompatible_protocol"),
  min: z.int(),
  max: z.int(),
});

/** `data` of the error with code -32002. */
export const configInvalidData = z.object({ code: z.literal("config_invalid"), path: z.string().optional() });

/** `$/progress` value, unless the method's `progress` schema says otherwise. */
export const progressValue = z.object({
  message: z.string().optional(),
  done: z.number().optional(),
  total: z.number().optional(),
});

/** About the call rather than of it; a top-level member of a request. */
export const callContext = z.object({
  /** Time left, in milliseconds. */
  ms: z.number().optional(),
  /** The request that caused this one, as numbered on the same connection. */
  parent: z.union([z.int(), z.string()]).optional(),
  /** How many calls of plugins by plugins led here. */
  hops: z.int().optional(),
  /** Of a stream: how many items the caller takes before its first `$/credit`. */
  credit: z.int().nonnegative().optional(),
  /** The answer may carry bulk data. */
  bulk: z.boolean().optional(),
});
export type CallContext = z.infer<typeof callContext>;

/** `$/item`: one value of a streaming call, before its answer. */
export const itemParams = z.object({
  id: z.union([z.int(), z.string()]),
  /** Counts the items of one call from 0. */
  seq: z.int().nonnegative(),
  value: z.unknown(),
  /** The position after this item; a durable source goes on from there. */
  cursor: z.string().max(1024).optional(),
});

/** `$/credit`: the reader of a stream takes so many more items. */
export const creditParams = z.object({ id: z.union([z.int(), z.string()]), n: z.int().positive() });
