/** What a relay that validates knows of the echo's methods. */
import { z } from "zod";

export const shapes = {
  "echo.one": { params: z.object({ a: z.int(), b: z.int() }), result: z.int() },
  "echo.back": { params: z.object({ text: z.string() }), result: z.object({ text: z.string() }) },
} as const;

export type Shaped = keyof typeof shapes;

/** @throws Error for a method that the echo does not have */
export function shapesOf(method: string): (typeof shapes)[Shaped] {
  if (method === "echo.one" || method === "echo.back") return shapes[method];
  throw new Error(`no method ${method}`);
}
