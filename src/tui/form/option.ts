/** The ways in which a place can be filled in, by its JSON Schema. Pure. */
import { additional, alternatives, anyType, isObject, propertiesOf, resolve } from "../../text/schema.ts";
import { typesOf, valuesOf } from "../../text/schema.ts";
import type { JsonType, Located, Property } from "../../text/schema.ts";

export type Option =
  /** Typed as text. `int64` is a string on the wire. */
  | { readonly kind: "text"; readonly as: TextType; readonly schema: Located }
  /** One of a list; true, false and null are such a list too. */
  | { readonly kind: "choice"; readonly values: readonly unknown[]; readonly schema: Located }
  | {
      readonly kind: "object";
      readonly properties: readonly Property[];
      /** Of members that are not declared; null: there are none. */
      readonly more: Located | null;
      readonly schema: Located;
    }
  | { readonly kind: "array"; readonly schema: Located }
  /** Anything, typed as JSON. */
  | { readonly kind: "json"; readonly schema: Located };

export type TextType = "string" | "int64" | "integer" | "number";

/** At least one. What is only null comes last: whoever fills in a form has something to say. */
export function optionsOf(located: Located, isRoot = false): readonly Option[] {
  const options: Option[] = [];
  const finite: unknown[] = [];
  let place = 0;
  for (const alternative of alternatives(located)) {
    const values = valuesOf(alternative.schema);
    const types = typesOf(alternative.schema);
    if (values !== undefined) finite.push(...values);
    else if (types === anyType) {
      // Parts of an `allOf` may be objects, though the whole does not say so.
      if (propertiesOf(alternative).length > 0) options.push(objectOption(alternative, isRoot));
      options.push({ kind: "json", schema: alternative });
    } else {
      if (types.includes("null")) finite.push(null);
      if (types.includes("boolean")) finite.push(false, true);
      options.push(...types.flatMap((type) => optionOf(type, types, alternative, isRoot)));
    }
    if (finite.length === 0) place = options.length;
  }
  const distinct = [...new Map(finite.map((value) => [JSON.stringify(value), value])).values()];
  if (distinct.length > 0) {
    const isNull = distinct.every((value) => value === null);
    const choice = { kind: "choice", values: distinct, schema: located } as const;
    options.splice(isNull ? options.length : place, 0, choice);
  }
  return options.length === 0 ? [{ kind: "json", schema: located }] : options;
}

function optionOf(type: JsonType, types: readonly JsonType[], schema: Located, isRoot: boolean): Option[] {
  switch (type) {
    case "null":
    case "boolean":
      return [];
    case "string":
      return [{ kind: "text", as: schema.schema["format"] === "int64" ? "int64" : "string", schema }];
    case "integer":
      return types.includes("number") ? [] : [{ kind: "text", as: "integer", schema }];
    case "number":
      return [{ kind: "text", as: "number", schema }];
    case "array":
      return [{ kind: "array", schema }];
    case "object":
      return [objectOption(schema, isRoot)];
    default:
      return type satisfies never;
  }
}

function objectOption(schema: Located, isRoot: boolean): Option {
  const properties = [...new Map(propertiesOf(schema).map((each) => [each.name, each])).values()];
  const declared = additional(schema);
  // An object of which nothing is said takes anything; params of which nothing is said are no params.
  const isFree = properties.length === 0 && !isRoot && schema.schema["additionalProperties"] !== false;
  const more = declared ?? (isFree ? {} : undefined);
  return {
    kind: "object",
    properties: properties.toSorted((a, b) => Number(b.required) - Number(a.required)),
    more: more === undefined ? null : resolve({ schema: more, root: schema.root }),
    schema,
  };
}

/** The schema of an array's element. */
export function itemOf({ schema: { schema, root } }: Option, index: number): Located {
  const { prefixItems, items } = schema;
  const own: unknown = Array.isArray(prefixItems) ? prefixItems[index] : undefined;
  const found = [own, items].find(isObject);
  return resolve({ schema: found ?? {}, root });
}

/** In a word or two. Not harmless yet. */
export function optionName(option: Option): string {
  switch (option.kind) {
    case "text":
      return option.as;
    case "choice":
      return choiceName(option.values);
    case "object":
      return objectName(option.properties, option.schema);
    case "array": {
      const [item, ...others] = optionsOf(itemOf(option, 0));
      return item === undefined || others.length > 0 || item.kind === "array"
        ? "list"
        : `list of ${optionName(item)}`;
    }
    case "json":
      return "any JSON";
    default:
      return option satisfies never;
  }
}

function choiceName(values: readonly unknown[]): string {
  const rest = values.filter((value) => value !== null);
  const isOrNull = rest.length < values.length;
  if (rest.length === 0) return "null";
  const all = rest.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join("|");
  const isShort = rest.length > 1 && all.length <= 28;
  const listed = isShort ? all : rest.length === 1 ? "constant" : `one of ${rest.length}`;
  const name = rest.every((value) => typeof value === "boolean") ? "boolean" : listed;
  return isOrNull ? `${name} or null` : name;
}

/** A tagged union is told apart by its tag. */
function objectName(properties: readonly Property[], { schema }: Located): string {
  const tag = properties.flatMap((each) => {
    const values = valuesOf(each.schema);
    return values?.length === 1 && typeof values[0] === "string" ? [values[0]] : [];
  })[0];
  if (tag !== undefined) return tag;
  return typeof schema["title"] === "string" ? schema["title"] : "object";
}
