/** What a plugin says of itself in its answer to `initialize`. */
import semver from "semver";
import { z } from "zod";

export const pluginId = z
  .string()
  .max(64, "must be at most 64 characters")
  .regex(/^[a-z][a-z0-9-]*$/, "must be lower-case letters, digits and dashes, beginning with a letter");

const version = z
  .string()
  .max(64)
  .refine((text) => semver.valid(text) !== null, "must be a semantic version such as 1.2.0");
const range = z
  .string()
  .max(128)
  .refine((text) => semver.validRange(text) !== null, "must be a semver range such as ^1.2.0");
const methodName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, "must be a letter followed by letters, digits, - or _");

/** `host.storage`, `todo`, or one method of a service: `todo.query`. */
export const serviceName = z
  .string()
  .max(128)
  .regex(/^[a-z][a-z0-9-]*(\.[A-Za-z][A-Za-z0-9_-]*)*$/, "must be a name such as host.storage or todo.query");

/** `api.name`. */
export const eventName = z
  .string()
  .max(129)
  .regex(/^[a-z][a-z0-9-]*\.[A-Za-z][A-Za-z0-9_-]*$/, "must be api.name, such as todo.added");

/** A JSON Schema, draft 2020-12. Kept as it came. */
export const schemaValue = z.union([z.boolean(), z.record(z.string(), z.unknown())]);
export type JsonSchema = z.infer<typeof schemaValue>;

export const describedMethod = z.object({
  /** Without the api: the wire says `api.name`. */
  name: methodName,
  description: z.string().max(4096).optional(),
  params: schemaValue.optional(),
  result: schemaValue.optional(),
  progress: schemaValue.optional(),
  /** Present: the method streams items of this schema. */
  item: schemaValue.optional(),
  errors: z.array(z.object({ code: z.string(), description: z.string().optional() })).optional(),
  /** May be executed twice without harm, so may be retried after a crash. */
  idempotent: z.boolean().optional(),
});
export type Method = z.infer<typeof describedMethod>;

/** What a plugin wants to be told. Delivered as a request `api.name`. */
export const pluginEvent = z.object({
  name: methodName,
  description: z.string().max(4096).optional(),
  params: schemaValue.optional(),
});
export type PluginEvent = z.infer<typeof pluginEvent>;

/** What a person may start from a menu or with a key. */
export const action = z.object({
  id: methodName,
  /** Of the same api. */
  method: methodName,
  description: z.string().max(4096).optional(),
  /** Suggested, such as `ctrl+t`: the host decides. */
  key: z.string().max(32).optional(),
});
export type Action = z.infer<typeof action>;

export const api = z
  .object({
    name: pluginId,
    version,
    methods: z.array(describedMethod).max(1024),
    events: z.array(pluginEvent).max(256).optional(),
    actions: z.array(action).max(256).optional(),
  })
  .check(({ value, issues }) => {
    const methods = new Set(value.methods.map(({ name }) => name));
    const shared = value.events?.find(({ name }) => methods.has(name));
    const dangling = value.actions?.find((each) => !methods.has(each.method));
    const message =
      shared !== undefined
        ? `${shared.name} is both an event and a method`
        : dangling !== undefined
          ? `the action ${dangling.id} names no method of its api: ${dangling.method}`
          : undefined;
    if (message !== undefined) issues.push({ code: "custom", message, input: value });
  });
export type Api = z.infer<typeof api>;

export const build = z.object({
  language: z.string().max(256).optional(),
  compiler: z.string().max(256).optional(),
  profile: z.string().max(256).optional(),
  target: z.string().max(256).optional(),
  sdk: z.string().max(256).optional(),
});

export const description = z.object({
  protocol: z.int(),
  plugin: z.object({ name: pluginId, version }),
  build: build.optional(),
  apis: z.array(api).max(64),
  /** Host services that it calls; without a grant it is not started, unless the need is optional. */
  needs: z
    .array(z.object({ service: serviceName, range, optional: z.boolean().optional() }))
    .max(64)
    .optional(),
  config: schemaValue.optional(),
  exclusive: z.boolean().optional(),
  capabilities: z
    .object({
      ping: z.boolean().optional(),
      configure: z.boolean().optional(),
      /** Requests to it may carry bulk data. */
      bulk: z.boolean().optional(),
    })
    .optional(),
});
export type Description = z.infer<typeof description>;

/** The wire names of all methods of the agreed apis, with their descriptions. */
export function methodsOf(apis: readonly Api[]): Map<string, Method> {
  return new Map(
    apis.flatMap((each) => each.methods.map((one) => [`${each.name}.${one.name}`, one] as const)),
  );
}

export { range as semverRange, version as semverVersion };
