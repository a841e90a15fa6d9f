import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { attacks } from "./attacks.ts";
import { all, withTable } from "./table.ts";

const page = readFileSync(fileURLToPath(new URL("../../docs/hostile.md", import.meta.url)), "utf8");

describe("the hostile suite", () => {
  test("tries at least sixty behaviours of plugins", () => {
    expect(all.length).toBeGreaterThanOrEqual(60);
  });

  test("names each of them once", () => {
    const names = all.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    const ofAttacks = attacks.map(({ name }) => name);
    expect(ofAttacks.filter((name, index) => ofAttacks.indexOf(name) !== index)).toEqual([]);
  });

  test("is what docs/hostile.md shows; scripts/hostile-table.ts writes it anew", () => {
    expect(page).toBe(withTable(page));
  });
});
