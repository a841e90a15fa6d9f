/** `bulkhead.lock`: what is taken is written again as it was, and what is wrong is not forgotten. */
import * as fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { lockText, readLock } from "../../../src/io/trust/lock-file.ts";
import type { Lock } from "../../../src/io/trust/lock-file.ts";
import { must } from "../target.ts";
import type { Target, Trials } from "../target.ts";
import { Folder } from "./folder.ts";

function start(): Trials {
  const folder = new Folder();
  return {
    async run(input) {
      const read = await readLock(folder.write("bulkhead.lock", input));
      if (!read.ok) {
        must(read.problems.length > 0, "what is refused has a reason");
        return;
      }
      must(read.exists, "a file that is there is there");
      for (const [plugin, { sha256 }] of read.lock) {
        must(
          /^[a-z][a-z0-9-]*$/.test(plugin) && /^[0-9a-f]{64}$/.test(sha256),
          "what is accepted is a plugin's hash",
          { plugin, sha256 },
        );
      }
      const again = await readLock(folder.write("again.lock", Buffer.from(lockText(read.lock))));
      must(
        again.ok && isDeepStrictEqual(entriesOf(again.lock), entriesOf(read.lock)),
        "what is written again says the same",
        lockText(read.lock),
      );
    },
    close: () => folder.remove(),
  };
}

/** A time has several spellings. */
function entriesOf(lock: Lock): unknown {
  return [...lock]
    .map(([plugin, { sha256, version, trusted }]) => [plugin, sha256, version, Date.parse(trusted)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

/** Mostly the first ones, which are sound: one mistake hides the others. */
function mostly(sound: readonly string[], wrong: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...sound) },
    { weight: 1, arbitrary: fc.constantFrom(...wrong) },
  );
}

const entry = fc
  .tuple(
    mostly(["p", "q-1", "r"], ["P", "__proto__", '"a b"', "constructor"]),
    mostly(["ab".repeat(32), "AB".repeat(32)], ["ab".repeat(31), ""]),
    mostly(
      ["", 'version = "1.0.0"\n', 'version = ""\n', 'version = "\\u001b\\u007f\\"\\\\"\n'],
      ["version = 1\n", 'more = ""\n'],
    ),
    mostly(
      ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123+05:30", '"2026-01-01T00:00:00Z"'],
      ["2026-01-01", "00:00:00", "2026-13-01T00:00:00Z", "0000-01-01T00:00:00Z", "inf"],
    ),
  )
  .map(
    ([plugin, sha256, version, trusted]) =>
      `[plugins.${plugin}]\nsha256 = "${sha256}"\n${version}trusted = ${trusted}\n`,
  );

export const lock: Target = {
  name: "lock",
  inputs: fc
    .tuple(mostly(["lock = 1\n"], ["lock = 2\n", "", "lock = 1.0\n"]), fc.array(entry, { maxLength: 3 }))
    .map(([head, entries]) => Buffer.from(head + entries.join(""))),
  words: [
    "lock = 1\n",
    "[plugins.p]\n",
    `sha256 = "${"0f".repeat(32)}"\n`,
    "trusted = 2026-01-01T00:00:00Z\n",
    'version = "1.0.0"\n',
    "2026-01-01 00:00:00+01:00",
    "\\u0000",
    "\\U0010FFFF",
    '"""',
    "plugins = {}",
    "-00:00",
    ".000001",
  ],
  covers: ["src/io/trust/lock-file.ts", "src/io/config/read.ts", "protocol/toml-value.ts"],
  tried: 150,
  start,
};
