// `npm run bench`: Bulkhead beside its peers, as ratios within one run. Arguments go to bench/main.ts.
import { run, setup } from "./setup.mjs";

// The C SDK's reference plugin is what streams are measured with.
await setup({ conformance: true });
run("node", ["bench/main.ts", ...process.argv.slice(2)]);
