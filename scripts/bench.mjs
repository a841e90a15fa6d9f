// `npm run bench`: the measurements in bench/, as ratios within one run.
import { run, setup } from "./setup.mjs";

const parts = await setup({ conformance: true });
const args = process.argv.slice(2);
run("node", ["bench/wire.ts", ...args]);
if (parts.some(({ name, status }) => name === "conformance (C)" && status === "built")) {
  run("node", ["bench/typed.ts", ...args]);
} else process.stderr.write("bench: skipped bench/typed.ts: the C SDK's reference plugin is not built\n");
