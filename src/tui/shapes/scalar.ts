/** A number, a truth value, null, a short text. Pure. */
import { tone } from "../theme.ts";
import { isScalar, oneLine } from "./plain.ts";

export interface ScalarDrawing {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
}

const short = 60;

export function scalarOf(value: unknown): ScalarDrawing | undefined {
  if (!isScalar(value)) return undefined;
  if (typeof value === "string" && (value.length > short || /[\n\r]/.test(value))) return undefined;
  return { kind: "scalar", value };
}

export function scalarLines({ value }: ScalarDrawing, width: number): string[] {
  if (value === "") return [tone("dim", "(an empty text)")];
  if (value === null) return [tone("dim", "null")];
  // A number as it is: digits are what it is about.
  return [tone("strong", oneLine(String(value), width))];
}
