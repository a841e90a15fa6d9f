/** Contracts that the configuration pins: a plugin that does not fit them is not ready. */
import semver from "semver";
import type { ContractDocument } from "../../protocol/contract.ts";
import type { StartFailure } from "../../protocol/state.ts";
import { compare, differencesInWords, isMismatch } from "../core/compare.ts";
import type { Agreement } from "./agreement.ts";

/** Why the plugin does not fit; null: it fits all of them. */
export function unmetContract(
  contracts: readonly ContractDocument[],
  agreement: Agreement,
): StartFailure | null {
  for (const contract of contracts) {
    const failure = unmet(contract, agreement);
    if (failure !== null) return failure;
  }
  return null;
}

function unmet(contract: ContractDocument, { description, apis }: Agreement): StartFailure | null {
  const { name, range } = contract;
  const version = apis.find((each) => each.name === name)?.version;
  const offered = description.apis.find((each) => each.name === name && each.version === version);
  if (offered === undefined || !semver.satisfies(offered.version, range, { includePrerelease: true })) {
    const found = offered === undefined ? "does not offer it" : `${offered.version} is in force`;
    const message = `the pinned contract needs ${name} ${range}, and the plugin ${found}`;
    return { code: "incompatible_api", message, detail: { name, range, found: offered?.version ?? null } };
  }
  const differences = compare(contract, offered).filter(isMismatch);
  if (differences.length === 0) return null;
  // On one line: it stands in tables and events.
  const list = differencesInWords(name, differences).trim().split(/\n\s*/).join("; ");
  const message = `it does not fit the pinned contract ${name} ${contract.version}: ${list}`;
  return { code: "contract_mismatch", message, detail: { differences } };
}
