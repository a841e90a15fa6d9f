/** Contract documents that a plugin's entry names: what it must fit before it is ready. */
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { contractDocument } from "../../../protocol/contract.ts";
import type { ContractDocument } from "../../../protocol/contract.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import type { PluginEntry } from "../../../protocol/config.ts";
import { problemAt } from "./problem.ts";
import type { ConfigProblem, Section } from "./problem.ts";
import { reasonOf } from "./read.ts";

/** A document is small; a device that is named by mistake may have no end. Bytes. */
const largestDocument = 1024 * 1024;

/** @throws BulkheadError `invalid_config`, for a file that is not there or no contract document. */
export function readContract(file: string, dir: string): ContractDocument {
  const place = path.resolve(dir, file);
  let raw: unknown;
  try {
    const stats = statSync(place);
    if (!stats.isFile()) throw new Error("it is not a file");
    if (stats.size > largestDocument) throw new Error("it is larger than 1 MiB");
    raw = JSON.parse(readFileSync(place, "utf8"));
  } catch (error) {
    throw BulkheadError.of("invalid_config", `the contract ${place} cannot be read: ${reasonOf(error)}`);
  }
  const parsed = contractDocument.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined ? "" : ` at /${issue.path.map(String).join("/")}: ${issue.message}`;
  throw BulkheadError.of("invalid_config", `${place} is no contract document${where}`);
}

export function contractProblems({ contracts = [] }: PluginEntry, section: Section): ConfigProblem[] {
  return contracts.flatMap((file, index) => {
    try {
      readContract(file, path.dirname(section.file));
      return [];
    } catch (error) {
      return [
        problemAt(section, ["contracts", index], error instanceof Error ? error.message : String(error)),
      ];
    }
  });
}
