/** Compares what a contract says with what a plugin offers, before the first call. */
import { toJsonSchema } from "../../protocol/zod-schema.ts";
import { nearest } from "../../protocol/nearest.ts";
import { promises } from "../../protocol/contract.ts";
import type { ContractDocument, DocumentMethod } from "../../protocol/contract.ts";
import type { Api, JsonSchema, Method } from "../../protocol/description.ts";
import { progressValue } from "../../protocol/plugin.ts";
import { accepts } from "./schema/compare.ts";

/** What goes where: params and events from the host to the plugin, the rest the other way. */
export type Direction = "params" | "result" | "item" | "progress" | "event" | "action" | "method";

interface Place {
  /** Of the method, the event or the action. */
  readonly method: string;
  readonly direction: Direction;
  /** JSON pointer to the value; `*` stands for any item or further property. */
  readonly path: string;
  /** What the contract says. */
  readonly expected: string;
  /** What the plugin says. */
  readonly found: string;
  /** The side that does not keep to the version which both name. */
  readonly change: "plugin" | "contract";
}

export type Difference = Place &
  (
    | { readonly kind: "missing_method"; readonly nearest?: string }
    /** Some methods of an optional group are there and some are not. */
    | { readonly kind: "partial_group"; readonly group: string; readonly missing: readonly string[] }
    | { readonly kind: "mismatch"; readonly example?: unknown }
    /** Accepted; values that do not fit are refused one by one. */
    | { readonly kind: "cannot_tell" }
  );

/** What a plugin reports as progress unless it says otherwise. */
const usualProgress: JsonSchema = toJsonSchema(progressValue, "input");

/** None: they fit. Those of kind `cannot_tell` are warnings. */
export function compare(contract: ContractDocument, offered: Api): Difference[] {
  // Who names a version promises what it says; a contract for another version has to follow the plugin.
  const change = promises(offered.version, contract.version) ? "plugin" : "contract";
  const methods = new Map(offered.methods.map((each) => [each.name, each]));
  const groups = Map.groupBy(Object.entries(contract.methods), ([, { group }]) => group);
  const differences: Difference[] = [];
  for (const [group, wanted] of groups) {
    const missing = wanted.map(([name]) => name).filter((name) => !methods.has(name));
    if (group === undefined) {
      differences.push(...missing.map((name) => missingMethod(name, methods.keys(), contract, change)));
    } else if (missing.length === wanted.length) continue;
    else if (missing.length > 0) {
      const found = `without ${missing.join(", ")}`;
      const expected = `all of the group ${group}, or none of it`;
      const place = {
        method: missing[0] ?? "",
        direction: "method",
        path: "",
        expected,
        found,
        change,
      } as const;
      differences.push({ kind: "partial_group", group, missing, ...place });
    }
    for (const [name, one] of wanted) {
      const other = methods.get(name);
      if (other !== undefined) differences.push(...compareMethod(name, one, other, change));
    }
  }
  return [
    ...differences,
    ...compareEvents(contract, offered, change),
    ...compareActions(contract, offered, change),
  ];
}

export function isMismatch(difference: Difference): boolean {
  return difference.kind !== "cannot_tell";
}

function missingMethod(
  method: string,
  offered: Iterable<string>,
  contract: ContractDocument,
  change: Place["change"],
): Difference {
  // A method that the contract has anyway is not a misspelt other one.
  const near = nearest(
    method,
    [...offered].filter((name) => !Object.hasOwn(contract.methods, name)),
  );
  const found = near === undefined ? "no such method" : `no such method, but ${near}`;
  const place = { method, direction: "method", path: "", expected: "a method", found, change } as const;
  return { kind: "missing_method", ...place, ...(near === undefined ? {} : { nearest: near }) };
}

function compareMethod(
  method: string,
  wanted: DocumentMethod,
  offered: Method,
  change: Place["change"],
): Difference[] {
  const place = (direction: Direction, expected: string, found: string): Difference => ({
    kind: "mismatch",
    method,
    direction,
    path: "",
    expected,
    found,
    change,
  });
  if ((wanted.item === undefined) !== (offered.item === undefined)) {
    const [stream, once] = ["a stream of items", "a method that answers once"];
    const [expected, found] = wanted.item === undefined ? [once, stream] : [stream, once];
    return [place("item", expected, found)];
  }
  const reads = (direction: Direction, reader: JsonSchema | undefined, writer: JsonSchema | undefined) =>
    reader === undefined ? [] : fit({ method, direction, change }, writer ?? null, reader, "plugin");
  return [
    ...fit({ method, direction: "params", change }, wanted.params, offered.params ?? true, "host"),
    ...reads("result", wanted.result, offered.result),
    ...reads("progress", wanted.progress, offered.progress ?? usualProgress),
    ...reads("item", wanted.item, offered.item),
    ...(wanted.idempotent === true && offered.idempotent === false
      ? [place("method", "idempotent", "not idempotent")]
      : []),
  ];
}

/** @param writer null: nothing is said about what is written */
function fit(
  place: Pick<Place, "method" | "direction" | "change">,
  writer: JsonSchema | null,
  reader: JsonSchema,
  writes: "host" | "plugin",
): Difference[] {
  const result = accepts(writer ?? true, reader);
  if (result.decided === "yes") return [];
  if (writer === null) {
    const found = `no schema of the ${place.direction}`;
    return [{ kind: "cannot_tell", ...place, path: "", expected: "a schema that fits", found }];
  }
  return result.misfits.map((misfit): Difference => {
    const { path, reads, witness } = misfit;
    const [expected, found] = writes === "host" ? [misfit.writes, reads] : [reads, misfit.writes];
    const where = { ...place, path, expected, found };
    return witness === undefined
      ? { kind: "cannot_tell", ...where }
      : { kind: "mismatch", ...where, example: witness.value };
  });
}

function compareEvents(contract: ContractDocument, offered: Api, change: Place["change"]): Difference[] {
  return (offered.events ?? []).flatMap(({ name, params }) => {
    const { events = {} } = contract;
    const event = Object.hasOwn(events, name) ? events[name] : undefined;
    if (event === undefined || params === undefined) return [];
    return fit({ method: name, direction: "event", change }, event, params, "host");
  });
}

function compareActions(contract: ContractDocument, offered: Api, change: Place["change"]): Difference[] {
  return Object.entries(contract.actions ?? {}).flatMap(([id, { method }]): Difference[] => {
    const action = offered.actions?.find((each) => each.id === id);
    if (action?.method === method) return [];
    const found = action === undefined ? "no such action" : `calls ${action.method}`;
    const place = { method: id, direction: "action", path: "", change } as const;
    return [{ kind: "mismatch", ...place, expected: `calls ${method}`, found }];
  });
}

/** Differences for a person: one line each, `what at path: expected …, found …; change …`. */
export function differencesInWords(api: string, differences: readonly Difference[]): string {
  return differences.map((each) => `  ${inWords(api, each)}`).join("\n");
}

function inWords(api: string, difference: Difference): string {
  const { method, direction, path, expected, found, change } = difference;
  const what =
    difference.kind === "partial_group"
      ? `the group ${difference.group}`
      : direction === "method"
        ? `${api}.${method}`
        : `${api}.${method} ${direction}${path === "" ? "" : ` at ${path}`}`;
  const says = `the contract says ${expected}, the plugin ${found}`;
  const example =
    difference.kind === "mismatch" && "example" in difference
      ? ` (for example ${short(difference.example)})`
      : "";
  return difference.kind === "cannot_tell"
    ? `${what}: ${says}; it can not be told whether they fit`
    : `${what}: ${says}${example}; change the ${change}`;
}

function short(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
