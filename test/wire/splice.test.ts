import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { Deadlines } from "../../src/wire/deadlines.ts";
import { Peer } from "../../src/wire/peer.ts";
import { peerRelay } from "./mutants/peer-relay.ts";
import type { Wire } from "./mutants/peer-relay.ts";
import { mutants } from "./mutants/splice.mutants.ts";
import { properties } from "./mutants/splice.properties.ts";

const root = path.join(import.meta.dirname, "../..");
/** All that src/wire needs of anything else, when it runs. */
const needed = ["error.ts", "error-table.ts", "credit.ts"];

async function load(file: string, change: (source: string) => string): Promise<Wire> {
  const copy = mkdtempSync(path.join(tmpdir(), "bulkhead-mutant-"));
  try {
    cpSync(path.join(root, "src/wire"), path.join(copy, "src/wire"), { recursive: true });
    mkdirSync(path.join(copy, "protocol"));
    for (const each of needed) cpSync(path.join(root, "protocol", each), path.join(copy, "protocol", each));
    const source = path.join(copy, "src/wire", file);
    writeFileSync(source, change(readFileSync(source, "utf8")));
    writeFileSync(path.join(copy, "package.json"), '{"type":"module"}');
    const at = (name: string): string => pathToFileURL(path.join(copy, "src/wire", name)).href;
    const { Peer: Mutant } = (await import(/* @vite-ignore */ at("peer.ts"))) as Pick<Wire, "Peer">;
    const clock = (await import(/* @vite-ignore */ at("deadlines.ts"))) as Pick<Wire, "Deadlines">;
    return { Peer: Mutant, Deadlines: clock.Deadlines };
  } finally {
    rmSync(copy, { recursive: true });
  }
}

describe("two peers that pass on bytes: whoever parses can not tell them from two that parse and write again", () => {
  test.each(properties)("$name", async ({ counterexample }) => {
    expect(await counterexample(async () => peerRelay({ Peer, Deadlines }))).toBeNull();
  });
});

describe("the properties are sharp: they notice every known-bad splice", () => {
  test("and have nothing against a copy of the right one", async () => {
    const copy = await load("peer.ts", (source) => source);
    expect(copy.Peer).not.toBe(Peer);
    for (const { counterexample } of properties)
      expect(await counterexample(async () => peerRelay(copy), { runs: 20 })).toBeNull();
  });

  test.each(mutants)("$name", async ({ file, right, wrong, noticedBy }) => {
    const mutant = await load(file, (source) => {
      expect(source.split(right), "the mutant's place in the source").toHaveLength(2);
      return source.replace(right, () => wrong);
    });
    const sharp = properties.filter(({ name }) => name.startsWith(noticedBy));
    expect(sharp).toHaveLength(1);
    for (const { counterexample } of sharp)
      expect(await counterexample(async () => peerRelay(mutant), { shrinks: false })).not.toBeNull();
  });
});
