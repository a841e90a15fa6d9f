/** A JSON Schema as an outline to read: one entry for each value that it describes. Pure; what is shown is made harmless by whoever shows it. */
import type { JsonSchema } from "../../protocol/description.ts";
import {
  additional,
  alternatives,
  isObject,
  locate,
  propertiesOf,
  resolve,
  typeName,
  valuesOf,
} from "./schema.ts";
import type { Located, SchemaObject } from "./schema.ts";

export interface SchemaLine {
  /** How deep it is nested. */
  readonly depth: number;
  /** Of a property; `*` for properties of any other name, "" for the value as a whole. */
  readonly name: string;
  /** Always true of what is no property. */
  readonly required: boolean;
  readonly type: string;
  /** Default and constraints: `default 3`, `at least 1`. */
  readonly notes: readonly string[];
  readonly description: string;
}

/** Deeper than this, and longer than this, nobody reads; and a schema may lead back to itself. */
const most = { depth: 6, lines: 400, alternatives: 16, characters: 300 } as const;

/** The properties of an object of its own are the outline; anything else is one value with what is inside it. */
export function schemaLines(schema: JsonSchema | undefined): readonly SchemaLine[] {
  if (schema === undefined) return [];
  const lines: SchemaLine[] = [];
  const located = locate(schema);
  const [only, ...others] = alternatives(located);
  const isPlainObject = only !== undefined && others.length === 0 && propertiesOf(only).length > 0;
  if (isPlainObject) addMembers(lines, only, 0, []);
  else add(lines, { ...located, name: "", required: true }, 0, []);
  return lines;
}

interface Member extends Located {
  readonly name: string;
  readonly required: boolean;
}

/** @param path the objects that lead here: one of them again is a circle */
function add(lines: SchemaLine[], member: Member, depth: number, path: readonly unknown[]): void {
  if (lines.length >= most.lines) return;
  const options = alternatives(member).slice(0, most.alternatives);
  const elements = depth >= most.depth ? [] : options.map(elementOf);
  const isCircle = elements.some((each) => path.includes(identityOf(each) ?? each));
  const inner = isCircle ? [] : elements.filter(hasMembers);
  const description = member.schema["description"];
  const notes = new Set([...options.flatMap(({ schema }) => notesOf(schema)), ...notesOf(member.schema)]);
  lines.push({
    depth,
    name: member.name,
    required: member.required,
    type: cut(typeName(member)),
    notes: isCircle ? [...notes, "the same again"] : [...notes],
    description: typeof description === "string" ? cut(description.trim(), 4096) : "",
  });
  for (const [at, each] of inner.entries()) {
    if (lines.length >= most.lines) return;
    // Several kinds of objects: a word between them.
    if (inner.length > 1) lines.push({ ...alternative(each, at), depth: depth + 1 });
    addMembers(lines, each, depth + (inner.length > 1 ? 2 : 1), path);
  }
}

function addMembers(lines: SchemaLine[], object: Located, depth: number, path: readonly unknown[]): void {
  const more = additional(object);
  const others = more === undefined ? [] : [{ schema: more, root: object.root, name: "*", required: false }];
  for (const each of [...propertiesOf(object), ...others]) {
    if (lines.length >= most.lines) return;
    add(lines, each, depth, [...path, identityOf(object)]);
  }
}

/** The same for the same place in a document, however it was come to. */
function identityOf({ schema }: Located): unknown {
  return schema["properties"] ?? schema["allOf"] ?? schema["additionalProperties"];
}

/** Cheap, because most of what is asked about is not shown. A map of anything has nothing to tell. */
function hasMembers(object: Located): boolean {
  const { properties, allOf } = object.schema;
  const more = additional(object);
  return (
    (isObject(properties) && Object.keys(properties).length > 0) ||
    (Array.isArray(allOf) && allOf.length > 0) ||
    (more !== undefined && Object.keys(more).length > 0)
  );
}

function alternative({ schema }: Located, at: number): Omit<SchemaLine, "depth"> {
  const { title } = schema;
  return {
    name: "",
    required: true,
    type: `${at === 0 ? "either" : "or"}${typeof title === "string" ? ` ${cut(title)}` : ""}`,
    notes: [],
    description: "",
  };
}

/** What an array holds, however deeply; anything else is itself. */
function elementOf(located: Located): Located {
  let { schema } = located;
  for (let depth = 0; depth < most.depth && isObject(schema["items"]); depth += 1) {
    ({ schema } = resolve({ schema: schema["items"], root: located.root }));
  }
  return { schema, root: located.root };
}

const bounds = [
  ["minimum", (value: string) => `at least ${value}`],
  ["exclusiveMinimum", (value: string) => `more than ${value}`],
  ["maximum", (value: string) => `at most ${value}`],
  ["exclusiveMaximum", (value: string) => `less than ${value}`],
  ["multipleOf", (value: string) => `a multiple of ${value}`],
  ["minLength", (value: string) => `${value} or more characters`],
  ["maxLength", (value: string) => `${value} or fewer characters`],
  ["minItems", (value: string) => `${value} or more elements`],
  ["maxItems", (value: string) => `${value} or fewer elements`],
] as const;

/** Default and constraints; not harmless yet. */
export function notesOf(schema: SchemaObject): string[] {
  const notes = bounds.flatMap(([key, words]) => {
    const value = schema[key];
    // What every integer of the wire fits into says nothing.
    return typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER
      ? [words(String(value))]
      : [];
  });
  const { pattern, format } = schema;
  if (schema["uniqueItems"] === true) notes.push("no element twice");
  if (typeof pattern === "string") notes.push(`matches ${cut(pattern)}`);
  if (typeof format === "string" && format !== "int64") notes.push(cut(format));
  if ("default" in schema && valuesOf(schema)?.length !== 1)
    notes.push(`default ${cut(JSON.stringify(schema["default"]) ?? "")}`);
  if (schema["deprecated"] === true) notes.push("deprecated");
  return notes;
}

function cut(text: string, room: number = most.characters): string {
  return text.length <= room ? text : `${text.slice(0, room)}…`;
}
