import { spawnSync } from "node:child_process";
import { defineConfig } from "vitest/config";

/** Their fixtures are C programs. In CI nothing is skipped: there they fail, and say what is missing. */
const inC = ["test/native/**", "test/io/process/**", "test/hostile/**"];
const skipped = process.env["CI"] === undefined && spawnSync("cc", ["--version"]).error !== undefined;
if (skipped) process.stderr.write(`skipped, for want of a C compiler (cc): ${inC.join(", ")}\n`);

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    exclude: skipped ? inC : [],
    // Real child processes on a loaded machine: generous, because a hang should fail and slowness should not.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
