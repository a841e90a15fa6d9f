/** What a description is kept under, so that nobody is taken for somebody else. */
import { createHash } from "node:crypto";
import path from "node:path";
import type { PluginSpec } from "../../protocol/config.ts";
import { fingerprint } from "../io/watch.ts";

/**
 * The executable's hash; for one with arguments, also they and the state of the files that they name: `node x.ts` and
 * `node y.ts` are two plugins, and x.ts after a change is a third.
 */
export async function descriptionKey(
  sha256: string,
  { args, cwd }: Pick<PluginSpec, "args" | "cwd">,
): Promise<string> {
  if (args.length === 0) return sha256;
  const files = await Promise.all(args.map((arg) => fingerprint(path.resolve(cwd, arg))));
  return createHash("sha256")
    .update(JSON.stringify([sha256, args, files]))
    .digest("hex");
}
