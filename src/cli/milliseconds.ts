import { BulkheadError } from "../../protocol/error.ts";

/** `10s` -> 10000, by the configuration's own rules. @throws {BulkheadError} `usage` */
export async function milliseconds(text: string | undefined, option: string): Promise<number | undefined> {
  if (text === undefined) return undefined;
  // Loads zod: only for who asks.
  const { duration } = await import("../../protocol/config.ts");
  const parsed = duration.safeParse(text);
  if (parsed.success && parsed.data > 0) return parsed.data;
  throw BulkheadError.of(
    "usage",
    `${option} must be a time such as "500ms", "10s" or "2m", found ${JSON.stringify(text)}`,
  );
}
