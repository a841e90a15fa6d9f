/** A method in one line. Pure; not harmless yet. */
import type { Method } from "../../protocol/description.ts";
import { locate, propertiesOf, typeName } from "./schema.ts";

/** `(a: integer, b?: string) -> integer` */
export function signature(method: Method): string {
  const params = members(method.params);
  const result =
    method.result === undefined
      ? ""
      : ` -> ${members(method.result, true) || typeName(locate(method.result))}`;
  return `(${params})${result}`;
}

/** `a: integer, b?: string` */
export function members(schema: Method["params"], braces = false): string {
  const list = propertiesOf(locate(schema)).map(
    (each) => `${each.name}${each.required ? "" : "?"}: ${typeName(each)}`,
  );
  return braces && list.length > 0 ? `{${list.join(", ")}}` : list.join(", ");
}
