/** What came of a trial that failed, and whether two failed alike. */
import type { Trials } from "../target.ts";

/** Undefined: all holds. */
export async function failureOf(trials: Trials, input: Buffer): Promise<Error | undefined> {
  try {
    await trials.run(input);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The same for the same mistake: what the error says up to its evidence, without numbers and quotations, and where it was thrown. */
export function kindOf(error: Error): string {
  const [first = ""] = error.message.split("\n");
  const words = (error.name === "Violated" ? first.split(": ")[0]! : first)
    .replaceAll(/"[^"]*"?|'[^']*'?/g, "…")
    .replaceAll(/\d+/g, "0")
    .slice(0, 120);
  const place = /\/((?:src|protocol|test)\/[^:)]+:\d+)/.exec(
    error.stack?.replace(error.message, "") ?? "",
  )?.[1];
  return error.name === "Violated" ? words : `${error.name}: ${words} (${place ?? "nowhere of ours"})`;
}
