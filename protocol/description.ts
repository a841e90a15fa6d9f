/** What a plugin says of itself in its answer to `initialize`. */
import semver from "semver";
import { z } from "zod";

export const pluginId = z
  .string()
  .max(64)
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

/** A JSON Schema, draft 2020-12. Kept as it came. */
export const jsonSchema = z.union([z.boolean(), z.record(z.string(), z.unknown())]);
export type JsonSchema = z.infer<typeof jsonSchema>;

export const method = z.object({
  /** Without the api: the wire says `api.name`. */
  name: methodName,
  description: z.string().max(4096).optional(),
  params: jsonSchema.optional(),
  result: jsonSchema.optional(),
  progress: jsonSchema.optional(),
  /** Present: the method streams items of this schema. */
  item: jsonSchema.optional(),
  errors: z.array(z.object({ code: z.string(), description: z.string().optional() })).optional(),
  /** May be executed twice without harm, so may be retried after a crash. */
  idempotent: z.boolean().optional(),
});
export type Method = z.infer<typeof method>;

export const api = z.object({
  name: pluginId,
  version,
  methods: z.array(method).max(1024),
  events: z.array(z.object({ name: z.string().max(128) })).optional(),
  actions: z
    .array(
      z.object({
        id: z.string().max(128),
        method: z.string().max(128),
        description: z.string().max(4096).optional(),
        key: z.string().max(32).optional(),
      }),
    )
    .optional(),
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
  needs: z.array(z.object({ service: z.string().max(128), range })).optional(),
  config: jsonSchema.optional(),
  exclusive: z.boolean().optional(),
  capabilities: z.object({ ping: z.boolean().optional() }).optional(),
});
export type Description = z.infer<typeof description>;

/** The wire names of all methods of the agreed apis, with their descriptions. */
export function methodsOf(apis: readonly Api[]): Map<string, Method> {
  return new Map(
    apis.flatMap((each) => each.methods.map((one) => [`${each.name}.${one.name}`, one] as const)),
  );
}

export { range as semverRange, version as semverVersion };
