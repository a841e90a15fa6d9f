/** What a JSON Schema says beside the type, in words. Pure. */
import { notesOf } from "../../text/schema-lines.ts";
import { optionIn } from "./field.ts";
import type { Field } from "./field.ts";

/** Not harmless yet. */
export function limitsOf(field: Field): readonly string[] {
  return [...new Set([...notesOf(optionIn(field).schema.schema), ...notesOf(field.schema.schema)])];
}
