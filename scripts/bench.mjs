// `npm run bench`: the measurements in bench/, as ratios within one run.
import { run, setup } from "./setup.mjs";

await setup();
run("node", ["bench/wire.ts", ...process.argv.slice(2)]);
