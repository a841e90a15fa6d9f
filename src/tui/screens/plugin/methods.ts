/** What a plugin offers and wants, as a list to choose from and each entry in full. Pure. */
import type { Described } from "../../../../protocol/caller.ts";
import type { Api, JsonSchema, Method } from "../../../../protocol/description.ts";
import { schemaLines } from "../../../text/schema-lines.ts";
import type { SchemaLine } from "../../../text/schema-lines.ts";
import { members, signature } from "../../../text/signature.ts";
import { terminalLine } from "../../../text/sanitize.ts";
import { cut, widthOf, wrap } from "../../parts/fit.ts";
import { brokenLines } from "../../parts/labelled.ts";
import type { TableCell } from "../../parts/table.ts";
import { tone } from "../../theme.ts";

export interface Offer {
  readonly kind: "method" | "stream" | "event" | "action";
  /** `api.name` */
  readonly name: string;
  /** What is called when it is chosen; null: it is nothing to call. */
  readonly call: string | null;
  readonly description: string;
  readonly api: Api;
  readonly method: Method | undefined;
  /** Of an event: what it is told with. */
  readonly params: JsonSchema | undefined;
  /** Of an action. */
  readonly key: string | undefined;
  readonly isInForce: boolean;
}

/** In the order in which the plugin describes them. */
export function offersOf({ apis, agreed }: Described): readonly Offer[] {
  return apis.flatMap((api) => {
    const isInForce = agreed.some(({ name, version }) => name === api.name && version === api.version);
    const common = { api, isInForce, key: undefined };
    const named = (name: string): string => `${api.name}.${name}`;
    const methods = api.methods.map((method): Offer => ({
      ...common,
      kind: method.item === undefined ? "method" : "stream",
      name: named(method.name),
      call: named(method.name),
      description: method.description ?? "",
      method,
      params: method.params,
    }));
    const events = (api.events ?? []).map(({ name, params, description }): Offer => ({
      ...common,
      kind: "event",
      name: named(name),
      call: null,
      description: description ?? "",
      method: undefined,
      params,
    }));
    const actions = (api.actions ?? []).map(({ id, method, key, description }): Offer => {
      const meant = api.methods.find(({ name }) => name === method);
      return {
        ...common,
        kind: "action",
        name: named(id),
        call: named(method),
        description: description ?? "",
        method: meant,
        params: meant?.params,
        key,
      };
    });
    return [...methods, ...events, ...actions];
  });
}

export function offerCell({ kind, name, isInForce }: Offer): TableCell {
  return { text: name, tone: isInForce ? (kind === "event" ? "dim" : "plain") : "dim" };
}

const kinds: Readonly<Record<Offer["kind"], string>> = {
  method: "method",
  stream: "stream: it answers with items, one after the other",
  event: "event that it wants to be told of",
  action: "action, to be started from a menu or with a key",
};

/** Everything about one of them. */
export function offerLines(offer: Offer, width: number): string[] {
  const { kind, name, method, api, key, isInForce, description, params } = offer;
  const facts = [
    `${kinds[kind]}, of ${api.name} ${api.version}`,
    ...(isInForce ? [] : ["not in force: another version of the api is"]),
    ...(kind === "action" && method !== undefined ? [`calls ${api.name}.${method.name}`] : []),
    ...(key === undefined ? [] : [`suggested key ${key}`]),
    ...(method?.idempotent === true ? ["idempotent: it may be tried again after a crash"] : []),
  ];
  return [
    tone("strong", cut(terminalLine(name), width)),
    ...facts.flatMap((fact) => wrap(terminalLine(fact), width).map((line) => tone("dim", line))),
    ...(description === "" ? [] : ["", ...brokenLines(description, width, 12)]),
    ...section(kind === "event" ? "Told with" : "Parameters", params, width, "none described"),
    ...(method === undefined
      ? []
      : [
          ...section("Result", method.result, width, "not described"),
          ...(method.item === undefined ? [] : section("Each item", method.item, width, "not described")),
          ...(method.progress === undefined ? [] : section("Progress", method.progress, width, "")),
          ...errorSection(method, width),
        ]),
  ];
}

function errorSection({ errors = [] }: Method, width: number): string[] {
  if (errors.length === 0) return [];
  const each = errors.flatMap(({ code, description }) => [
    `  ${tone("warn", cut(terminalLine(code), width - 2))}`,
    ...indented(description ?? "", 4, width),
  ]);
  return ["", tone("title", "Its own errors"), ...each];
}

function section(title: string, schema: JsonSchema | undefined, width: number, absent: string): string[] {
  return ["", tone("title", title), ...schemaText(schema, width, absent)];
}

/** A description stays the same object for as long as it is true, and its outline is asked for in every picture. */
const outlines = new WeakMap<object, readonly SchemaLine[]>();
const signatures = new WeakMap<Method, string>();

function outlineOf(schema: JsonSchema): readonly SchemaLine[] {
  if (typeof schema === "boolean") return schemaLines(schema);
  const known = outlines.get(schema) ?? schemaLines(schema);
  outlines.set(schema, known);
  return known;
}

/** An outline: name, type, what must be kept to; `?` marks what may be left out. */
function schemaText(schema: JsonSchema | undefined, width: number, absent: string): string[] {
  if (schema === undefined) return [`  ${tone("dim", cut(absent, width - 2))}`];
  return outlineOf(schema).flatMap(({ depth, name, required, type, notes, description }) => {
    const indent = Math.min(2 + depth * 2, Math.floor(width / 3));
    const room = Math.max(2, width - indent);
    const title = name === "" ? "" : `${terminalLine(name)}${required ? "" : "?"}`;
    const words = [terminalLine(type), ...notes.map(terminalLine)].join(", ");
    const head = cut(title, room);
    const gap = head === "" ? "" : "  ";
    const beside = room - widthOf(head) - widthOf(gap);
    // A type that does not fit beside its name goes below it.
    const [first = "", ...rest] =
      widthOf(words) <= beside ? [words] : ["", ...brokenLines(words, Math.max(2, room - 2), 6)];
    return [
      `${" ".repeat(indent)}${tone("strong", head)}${first === "" ? "" : gap}${tone("accent", first)}`,
      ...rest.map((line) => `${" ".repeat(indent)}  ${tone("accent", line)}`),
      ...indented(description, indent + 2, width),
    ];
  });
}

function indented(text: string, indent: number, width: number): string[] {
  if (text === "") return [];
  const before = Math.min(indent, Math.floor(width / 2));
  return brokenLines(text, Math.max(2, width - before), 8).map(
    (line) => `${" ".repeat(before)}${tone("dim", line)}`,
  );
}

/** Longer than any line. */
const longestSignature = 400;

/** `(a: integer, b?: string) -> integer`, for the list. */
export function shortSignature({ method, params }: Offer): string {
  if (method === undefined) return `(${members(params)})`.slice(0, longestSignature);
  const known = signatures.get(method) ?? signature(method).slice(0, longestSignature);
  signatures.set(method, known);
  return known;
}
