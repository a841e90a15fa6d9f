/** Which versions of its apis a plugin and those who require them agree on. Pure. */
import semver from "semver";

export interface OfferedApi {
  readonly name: string;
  readonly version: string;
}

export interface RequiredApi {
  readonly name: string;
  /** Semver range. */
  readonly range: string;
}

/** One requirement that nothing on offer meets. */
export interface Unmet {
  readonly name: string;
  readonly range: string;
  /** Versions on offer under that name; empty: the api is not offered at all. */
  readonly offered: readonly string[];
  /** `plugin`: its versions are too old (or it lacks the api); `host`: all it offers is newer than what is required. */
  readonly upgrade: "plugin" | "host";
}

/**
 * Matches what a plugin offers with what is required of it. For each name: the highest offered version inside the
 * required range; names that nobody requires are agreed on in their highest version, because callers may use them too.
 */
export function negotiate(
  offered: readonly OfferedApi[],
  required: readonly RequiredApi[],
): { ok: true; apis: OfferedApi[] } | { ok: false; unmet: Unmet[] } {
  const versions = new Map<string, string[]>();
  for (const { name, version } of offered) versions.set(name, [...(versions.get(name) ?? []), version]);
  const ranges = new Map<string, string[]>();
  for (const { name, range } of required) ranges.set(name, [...(ranges.get(name) ?? []), range]);

  const apis: OfferedApi[] = [];
  const unmet: Unmet[] = [];
  for (const name of new Set([...versions.keys(), ...ranges.keys()])) {
    const available = semver.rsort([...(versions.get(name) ?? [])]);
    const wanted = ranges.get(name) ?? ["*"];
    const best = available.find((version) =>
      wanted.every((range) => semver.satisfies(version, range, { includePrerelease: true })),
    );
    if (best !== undefined) apis.push({ name, version: best });
    else
      for (const range of wanted)
        unmet.push({ name, range, offered: available, upgrade: whoLags(available, range) });
  }
  return unmet.length === 0 ? { ok: true, apis } : { ok: false, unmet };
}

function whoLags(available: readonly string[], range: string): "plugin" | "host" {
  const tooNew = (version: string): boolean => semver.gtr(version, range, { includePrerelease: true });
  return available.length > 0 && available.every(tooNew) ? "host" : "plugin";
}
