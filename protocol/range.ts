/** The versions of the two protocols that this build speaks, and which one two sides agree on. Pure. */

/** Inclusive range of protocol versions. */
export interface ProtocolRange {
  readonly min: number;
  readonly max: number;
}

/** The plugin protocol's versions that this build speaks. Independent of the product's version. */
export const protocolRange: ProtocolRange = { min: 1, max: 1 };

/** The control protocol's versions (client <-> daemon). */
export const controlRange: ProtocolRange = { min: 1, max: 1 };

/** The highest version inside both ranges; otherwise who has to be upgraded. */
export function negotiateProtocol(
  ours: ProtocolRange,
  theirs: ProtocolRange,
): { ok: true; version: number } | { ok: false; upgrade: "ours" | "theirs" } {
  const version = Math.min(ours.max, theirs.max);
  if (version >= Math.max(ours.min, theirs.min)) return { ok: true, version };
  return { ok: false, upgrade: ours.max < theirs.min ? "ours" : "theirs" };
}
