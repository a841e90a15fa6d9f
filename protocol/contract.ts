/** What a host wants of a plugin, said once: the types of the client, the checks of values, and what plugins must fit. */
import semver from "semver";
import { z } from "zod";
import { hasBytes } from "./bytes.ts";
import { action, describedMethod, schemaValue, pluginId, semverRange, semverVersion } from "./description.ts";
import type { Api, Method } from "./description.ts";
import { BulkheadError } from "./error.ts";
import { toJsonSchema } from "./zod-schema.ts";

export { bytes } from "./bytes.ts";
export { jsonSchema } from "./zod-schema.ts";

/* As it is written */

export interface DeclaredError {
  readonly description?: string;
  /** Of the whole `data` of the error, `code` included. */
  readonly data?: z.ZodType;
}

export interface MethodDefinition {
  /** An object; none: `{}`. What travels is what parsing gives, defaults filled in. */
  readonly params?: z.ZodType;
  /** None: whatever comes. */
  readonly result?: z.ZodType;
  readonly progress?: z.ZodType;
  /** By their `code`. */
  readonly errors?: Readonly<Record<string, DeclaredError>>;
  /** May be executed twice without harm. */
  readonly idempotent?: boolean;
  readonly description?: string;
}

export interface StreamDefinition extends MethodDefinition {
  readonly item: z.ZodType;
}

export type Operation =
  | (MethodDefinition & { readonly kind: "method" })
  | (StreamDefinition & { readonly kind: "stream" });
export type Operations = Readonly<Record<string, Operation>>;

export interface ContractDefinition {
  /** Of the api. */
  readonly name: string;
  readonly version: string;
  /** Versions of the api that will do; default: `^version`. */
  readonly range?: string;
  readonly methods: Operations;
  /** Methods that a plugin may lack: all of a group or none. */
  readonly groups?: Readonly<Record<string, { readonly methods: Operations }>>;
  /** What the host tells the plugins that want to know, with the schema of what it tells them. */
  readonly events?: Readonly<Record<string, z.ZodType>>;
  /** By their id: actions that the plugin must have. */
  readonly actions?: Readonly<
    Record<string, { readonly method: string; readonly description?: string; readonly key?: string }>
  >;
}

/** A definition that has been looked at. */
export interface Contract extends ContractDefinition {
  readonly range: string;
  /** As plain JSON. @throws {Error} when a schema can not be said in JSON Schema */
  readonly document: () => ContractDocument;
}

/** A method that answers once. */
export function method<const D extends MethodDefinition>(definition: D): D & { readonly kind: "method" } {
  return { ...definition, kind: "method" };
}

/** A method that gives items, and an answer at the end. */
export function stream<const D extends StreamDefinition>(definition: D): D & { readonly kind: "stream" } {
  return { ...definition, kind: "stream" };
}

/** @throws {Error} when names collide */
export function contract<const D extends ContractDefinition>(
  definition: D,
): D & Pick<Contract, "range" | "document"> {
  refuseCollisions(definition);
  const { version, range = `^${version}` } = definition;
  let written: ContractDocument | undefined;
  return { ...definition, range, document: () => (written ??= documentOf(definition, range)) };
}

function refuseCollisions({ name, methods, groups = {} }: ContractDefinition): void {
  const names = [
    ...Object.keys(methods),
    ...Object.values(groups).flatMap((group) => Object.keys(group.methods)),
  ];
  const twice =
    names.find((each, i) => names.indexOf(each) !== i) ??
    Object.keys(groups).find((each) => Object.hasOwn(methods, each));
  if (twice !== undefined) throw new Error(`the contract ${name} has two things named ${twice}`);
  // A client is awaited.
  if ([...names, ...Object.keys(groups)].includes("then")) {
    throw new Error(
      `the contract ${name} can not have a method named then: JavaScript takes it for a promise`,
    );
  }
}

/* As plain JSON */

const documentMethod = describedMethod.omit({ name: true }).extend({
  params: schemaValue,
  result: schemaValue,
  errors: z
    .array(z.object({ code: z.string(), description: z.string().optional(), data: schemaValue.optional() }))
    .optional(),
  /** Of the optional methods that it belongs to. */
  group: z.string().optional(),
});

/** A contract for those who do not run it: a file that the configuration names, another language. */
export const contractDocument = z.object({
  name: pluginId,
  version: semverVersion,
  range: semverRange,
  methods: z.record(describedMethod.shape.name, documentMethod),
  events: z.record(describedMethod.shape.name, schemaValue).optional(),
  actions: z.record(action.shape.id, action.omit({ id: true })).optional(),
});
export type ContractDocument = z.infer<typeof contractDocument>;
export type DocumentMethod = z.infer<typeof documentMethod>;

function documentOf(definition: ContractDefinition, range: string): ContractDocument {
  const { name, version, methods, groups = {}, events, actions } = definition;
  const operations: [string, Operation, string | undefined][] = [
    ...Object.entries(methods).map(([key, each]): [string, Operation, undefined] => [key, each, undefined]),
    ...Object.entries(groups).flatMap(([group, { methods: optional }]) =>
      Object.entries(optional).map(([key, each]): [string, Operation, string] => [key, each, group]),
    ),
  ];
  return contractDocument.parse({
    name,
    version,
    range,
    methods: Object.fromEntries(
      operations.map(([key, each, group]) => [key, { ...operationDocument(`${name}.${key}`, each), group }]),
    ),
    events: events && mapped(events, (each, key) => written(`the event ${name}.${key}`, each, "output")),
    actions,
  });
}

/** What a plugin describes, as a contract that it fits: to be pinned, so that a later version has to fit it as well. */
export function documentOfApi({ name, version, methods, events, actions }: Api): ContractDocument {
  return {
    name,
    version,
    range: `^${version}`,
    methods: Object.fromEntries(methods.map(documentOfMethod)),
    ...(events && {
      events: Object.fromEntries(events.map((each) => [each.name, each.params ?? { type: "object" }])),
    }),
    ...(actions && { actions: Object.fromEntries(actions.map(({ id, ...rest }) => [id, rest])) }),
  };
}

function documentOfMethod({ name, params = { type: "object" }, result = true, ...rest }: Method) {
  return [name, { ...rest, params, result }] as const;
}

function operationDocument(name: string, operation: Operation): DocumentMethod {
  const { description, idempotent, params = noParams, result = anyResult, progress, errors } = operation;
  const schema = (what: string, type: z.ZodType | undefined, io: "input" | "output") =>
    type && written(`the ${what} of ${name}`, type, io);
  return {
    description,
    idempotent,
    params: written(`the params of ${name}`, params, "output"),
    result: written(`the result of ${name}`, result, "input"),
    progress: schema("progress", progress, "input"),
    item: schema("items", operation.kind === "stream" ? operation.item : undefined, "input"),
    errors:
      errors &&
      Object.entries(errors).map(([code, each]) => ({
        code,
        description: each.description,
        data: schema(`data of ${code}`, each.data, "input"),
      })),
  };
}

function written(what: string, type: z.ZodType, io: "input" | "output"): z.infer<typeof schemaValue> {
  try {
    return toJsonSchema(type, io);
  } catch (error) {
    throw new Error(
      `${what} can not be said in JSON Schema: ${error instanceof Error ? error.message : ""}`,
      {
        cause: error,
      },
    );
  }
}

function mapped<T, U>(
  record: Readonly<Record<string, T>>,
  to: (value: T, key: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value, key)]));
}

export const noParams = z.object({});
export const anyResult = z.unknown();

/** Whether an api of this version promises what the contract was written against. */
export function promises(offered: string, contractVersion: string): boolean {
  return semver.satisfies(offered, `^${contractVersion}`, { includePrerelease: true });
}

const carrying = new WeakMap<Operation, boolean>();

/** Whether params or result of an operation hold `bytes()`. Items, progress and errors are always text. */
export function carriesBytes(operation: Operation): boolean {
  const known = carrying.get(operation);
  if (known !== undefined) return known;
  const { params, result } = operation;
  const found =
    (params !== undefined && hasBytes(params, "output")) ||
    (result !== undefined && hasBytes(result, "input"));
  carrying.set(operation, found);
  return found;
}

/* Its types */

/** All methods of a contract, optional ones included. */
export type OperationsOf<D extends ContractDefinition> = D["methods"] &
  OptionalOperations<NonNullable<D["groups"]>>;
type OptionalOperations<G> = [keyof G] extends [never]
  ? unknown
  : Together<{ [K in keyof G]: MethodsOf<G[K]> }[keyof G]>;
type MethodsOf<G> = G extends { readonly methods: infer M } ? M : never;
type Together<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void ? I : never;

type SchemaOf<O, K extends string> = O extends { readonly [key in K]: infer S extends z.ZodType }
  ? S
  : undefined;
type InputOf<S, Otherwise> = S extends z.ZodType ? z.input<S> : Otherwise;
type OutputOf<S, Otherwise> = S extends z.ZodType ? z.output<S> : Otherwise;

/** What a caller gives. */
export type Params<O> = InputOf<SchemaOf<O, "params">, Record<string, never>>;
/** What a caller gets. */
export type Result<O> = OutputOf<SchemaOf<O, "result">, unknown>;
export type Progress<O> = OutputOf<SchemaOf<O, "progress">, unknown>;
export type Item<O> = OutputOf<SchemaOf<O, "item">, unknown>;

/** The errors that a method declares, to be told apart by their `code`. */
export type ContractError<O> = O extends { readonly errors: infer E }
  ? {
      [C in keyof E & string]: BulkheadError & {
        readonly code: C;
        readonly data: OutputOf<SchemaOf<E[C], "data">, unknown>;
      };
    }[keyof E & string]
  : never;

/** Whether this is an error that the method declares, with the data that it declares. */
export function isContractError<D extends ContractDefinition, M extends keyof OperationsOf<D> & string>(
  contract: D,
  name: M,
  error: unknown,
): error is ContractError<OperationsOf<D>[M]> {
  if (!(error instanceof BulkheadError)) return false;
  const declared = operationOf(contract, name)?.errors;
  if (declared === undefined || !Object.hasOwn(declared, error.code)) return false;
  const data = declared[error.code]?.data;
  return data === undefined || data.safeParse(error.data).success;
}

export function operationOf(
  { methods, groups = {} }: ContractDefinition,
  name: string,
): Operation | undefined {
  return [methods, ...Object.values(groups).map((group) => group.methods)].find((each) =>
    Object.hasOwn(each, name),
  )?.[name];
}
