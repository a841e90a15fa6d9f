import * as fc from "fast-check";
import semver from "semver";
import { describe, expect, test } from "vitest";
import { negotiateProtocol } from "../../protocol/range.ts";
import { negotiate, type OfferedApi, type RequiredApi } from "../../protocol/version.ts";

const protocolRange = fc
  .tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 8 }))
  .map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }));

describe("negotiateProtocol", () => {
  test("agrees on the highest version that both speak, and only then", () => {
    fc.assert(
      fc.property(protocolRange, protocolRange, (ours, theirs) => {
        const shared = Array.from({ length: 9 }, (_, version) => version).filter(
          (each) => each >= ours.min && each <= ours.max && each >= theirs.min && each <= theirs.max,
        );
        const result = negotiateProtocol(ours, theirs);
        expect(result.ok ? result.version : undefined).toBe(shared.at(-1));
      }),
    );
  });

  test("both sides come to the same result, and name the same side to upgrade: the older one", () => {
    fc.assert(
      fc.property(protocolRange, protocolRange, (ours, theirs) => {
        const here = negotiateProtocol(ours, theirs);
        const there = negotiateProtocol(theirs, ours);
        const oursIsOlder = ours.max < theirs.min;
        const mirrored = here.ok ? here : { ok: false, upgrade: oursIsOlder ? "theirs" : "ours" };
        expect(there).toEqual(mirrored);
        expect(here.ok || here.upgrade === (oursIsOlder ? "ours" : "theirs")).toBe(true);
      }),
    );
  });
});

const name = fc.constantFrom("min", "text", "todo");
const version = fc
  .tuple(fc.nat(3), fc.nat(3), fc.nat(2), fc.constantFrom("", "-rc.1", "-beta"))
  .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre}`);
const range = fc.oneof(
  fc.constantFrom("*", ">=1.0.0 <3.0.0", "1.x || 3.x"),
  fc.tuple(fc.constantFrom("^", "~", ">=", "<", ""), version).map((parts) => parts.join("")),
);
const offers = fc.array(fc.record({ name, version }), { maxLength: 6 });
const requirements = fc.array(fc.record({ name, range }), { maxLength: 4 });

/** The agreed version of each name must be within all ranges required under that name. */
const fits = (api: OfferedApi, required: readonly RequiredApi[]): boolean =>
  required
    .filter((each) => each.name === api.name)
    .every((each) => semver.satisfies(api.version, each.range, { includePrerelease: true }));

const sorted = (result: ReturnType<typeof negotiate>) =>
  result.ok
    ? result.apis.map((api) => JSON.stringify(api)).sort()
    : result.unmet.map((each) => each.name).sort();

describe("negotiate", () => {
  test("what is agreed on is offered, within every required range, and the highest such version", () => {
    fc.assert(
      fc.property(offers, requirements, (offered, required) => {
        const result = negotiate(offered, required);
        if (!result.ok) return;
        for (const api of result.apis) {
          expect(offered).toContainEqual(api);
          expect(fits(api, required)).toBe(true);
          const better = offered.filter(
            (each) => each.name === api.name && semver.gt(each.version, api.version) && fits(each, required),
          );
          expect(better).toEqual([]);
        }
      }),
    );
  });

  test("every offered and every required name is agreed on exactly once", () => {
    fc.assert(
      fc.property(offers, requirements, (offered, required) => {
        const result = negotiate(offered, required);
        if (!result.ok) return;
        const names = new Set([...offered, ...required].map((each) => each.name));
        expect(result.apis.map((api) => api.name).sort()).toEqual([...names].sort());
      }),
    );
  });

  test("it fails exactly when some name has no version within all its ranges, and lists every such requirement", () => {
    fc.assert(
      fc.property(offers, requirements, (offered, required) => {
        const result = negotiate(offered, required);
        const hopeless = required.filter(
          (each) => !offered.some((api) => api.name === each.name && fits(api, required)),
        );
        const told = result.ok ? [] : result.unmet.map((each) => `${each.name} ${each.range}`);
        expect(told.sort()).toEqual(hopeless.map((each) => `${each.name} ${each.range}`).sort());
      }),
    );
  });

  test("the order of offers and requirements does not matter", () => {
    fc.assert(
      fc.property(offers, requirements, (offered, required) => {
        const other = negotiate(offered.toReversed(), required.toReversed());
        expect(sorted(other)).toEqual(sorted(negotiate(offered, required)));
      }),
    );
  });

  test.each<[string, string[], string, "plugin" | "host"]>([
    ["the plugin is too old", ["1.0.0", "1.4.2"], "^2.0.0", "plugin"],
    ["the plugin lacks the api", [], "^1.0.0", "plugin"],
    ["the plugin has moved on", ["3.1.0", "2.0.0"], "^1.0.0", "host"],
    ["the plugin has versions on both sides of the gap", ["1.0.0", "3.0.0"], "^2.0.0", "plugin"],
  ])("names who lags: %s", (_, offered, wanted, upgrade) => {
    const result = negotiate(
      offered.map((each) => ({ name: "min", version: each })),
      [{ name: "min", range: wanted }],
    );
    const newestFirst = semver.rsort([...offered]);
    expect(result).toEqual({
      ok: false,
      unmet: [{ name: "min", range: wanted, offered: newestFirst, upgrade }],
    });
  });

  test("names who lags when ranges exclude each other", () => {
    const result = negotiate(
      [{ name: "min", version: "1.0.0" }],
      [
        { name: "min", range: "^1.0.0" },
        { name: "min", range: "^2.0.0" },
      ],
    );
    expect(result).toMatchObject({
      ok: false,
      unmet: [{ range: "^1.0.0" }, { range: "^2.0.0", upgrade: "plugin" }],
    });
  });
});
