// `npm run check`: everything that must hold and is not a test.
import { run } from "./setup.mjs";

/** @type {[name: string, command: string, args: string[]][]} */
const checks = [
  ["types", "tsc", ["-p", "tsconfig.json"]],
  ["lint", "oxlint", ["--type-aware"]],
  ["format", "oxfmt", ["--check"]],
  ["dead code", "knip", []],
  ["schemas", "node", ["scripts/generate-schemas.ts", "--check"]],
];

for (const [name, command, args] of checks) {
  process.stderr.write(`check: ${name}\n`);
  run(command, args);
}
