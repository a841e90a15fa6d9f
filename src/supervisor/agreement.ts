/** What is in force of a plugin's description, and a fingerprint of it. */
import { createHash } from "node:crypto";
import type { Described } from "../../protocol/caller.ts";
import { methodsOf } from "../../protocol/description.ts";
import type { Api, Description, Method } from "../../protocol/description.ts";
import { negotiate } from "../../protocol/version.ts";
import type { OfferedApi, RequiredApi, Unmet } from "../../protocol/version.ts";
import { canonical } from "../core/json-value.ts";

/** What both sides agreed on in the handshake. */
export interface Agreement {
  readonly description: Description;
  readonly apis: readonly OfferedApi[];
  /** Wire name -> method, of the agreed apis: nothing else is ever sent. */
  readonly methods: ReadonlyMap<string, Method>;
  /** Of the agreed apis with all that they describe: equal for equal contracts. */
  readonly fingerprint: string;
}

export function agreeOn(
  description: Description,
  required: readonly RequiredApi[],
): { readonly ok: true; readonly agreement: Agreement } | { readonly ok: false; readonly unmet: Unmet[] } {
  const matched = negotiate(description.apis, required);
  if (!matched.ok) return matched;
  const agreed = description.apis.filter((api) =>
    matched.apis.some(({ name, version }) => name === api.name && version === api.version),
  );
  const agreement = {
    description,
    apis: matched.apis,
    methods: methodsOf(agreed),
    fingerprint: fingerprintOf(agreed),
  };
  return { ok: true, agreement };
}

export function describedAs({ description, apis, fingerprint }: Agreement): Described {
  return { ...description, fingerprint, agreed: apis };
}

/** A description that no session has agreed on. Where its apis are not those required, nothing is in force. */
export function describedUnstarted(description: Description, required: readonly RequiredApi[]): Described {
  const agreed = agreeOn(description, required);
  if (agreed.ok) return describedAs(agreed.agreement);
  return { ...description, fingerprint: fingerprintOf([]), agreed: [] };
}

/** What a user of this one api needs. The fingerprint is still that of all: calls are compared with that. */
export function onlyApi(described: Described, api: string): Described {
  const isMeant = ({ name }: OfferedApi): boolean => name === api;
  return { ...described, apis: described.apis.filter(isMeant), agreed: described.agreed.filter(isMeant) };
}

const fingerprintLength = 32;

/** In which order a plugin lists its apis, or the members of a schema, means nothing. */
function fingerprintOf(apis: readonly Api[]): string {
  const ordered = apis.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return createHash("sha256").update(canonical(ordered)).digest("hex").slice(0, fingerprintLength);
}
