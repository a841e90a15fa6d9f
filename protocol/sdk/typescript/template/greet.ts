import { z } from "zod";
import { PluginError } from "./sdk/index.ts";

export const greetMethod = {
  description: "Greets somebody.",
  params: z.object({ name: z.string().describe("Who is greeted.") }),
  result: z.object({ greeting: z.string() }),
  errors: [{ code: "nobody", description: "The name is empty." }],
  idempotent: true,
};

export function greet({ name }: { name: string }): { greeting: string } {
  if (name === "") throw new PluginError("nobody", "there is nobody to greet");
  return { greeting: `Hello, ${name}!` };
}
