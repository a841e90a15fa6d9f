// `npm run bench`: Bulkhead beside its peers, as ratios within one run. Arguments go to bench/main.ts.
// `npm run bench -- tui --minutes 5`: the terminal interface, its start and its keys under a flood.
import { run, setup } from "./setup.mjs";

// The C SDK's reference plugin is what streams are measured with.
const parts = await setup({ conformance: true });
const [first, ...rest] = process.argv.slice(2);
if (first !== "tui") run("node", ["bench/main.ts", ...process.argv.slice(2)]);
else if (
  process.platform === "linux" &&
  parts.some(({ name, status }) => name === "conformance (C)" && status === "built")
)
  run("node", ["bench/tui.ts", ...rest]);
else process.stderr.write("bench: skipped bench/tui.ts: it needs Linux and a C compiler\n");
