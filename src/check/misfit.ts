/** Params that do not fit a schema, wrong in one member. Pure. */
import { checker } from "../../protocol/json-schema.ts";
import type { JsonSchema } from "../../protocol/description.ts";
import { isObject, pointerStep } from "../core/json-value.ts";
import { sampleOf } from "./sample.ts";

export interface Misfit {
  readonly value: Readonly<Record<string, unknown>>;
  /** JSON pointer to the member that is wrong. */
  readonly path: string;
}

const wrong: readonly unknown[] = ["wrong", 5, true, ["wrong"], { wrong: true }];

/** `undefined`: the schema names no member that could be of a wrong type. Required members are tried first. */
export function misfitOf(schema: JsonSchema | undefined): Misfit | undefined {
  if (!isObject(schema) || !isObject(schema["properties"])) return undefined;
  const required: readonly unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
  const names = Object.keys(schema["properties"]);
  const ordered = [...names.filter((each) => required.includes(each)), ...names];
  const base = sampleOf(schema);
  if (!isObject(base)) return undefined;
  try {
    const check = checker(schema);
    for (const name of ordered) {
      const path = pointerStep(name);
      for (const each of wrong) {
        const value = { ...base, [name]: each };
        if (check(value)?.path === path) return { value, path };
      }
    }
  } catch {
    // A schema that can not be used is another check's business.
  }
  return undefined;
}
