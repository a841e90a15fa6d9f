// `npm run chaos`: everything is broken at random, and an auditor looks whether what was promised held. Arguments go to
// test/chaos/main.ts: --seconds N, --seed S, --plugins N, --clients N, --keep.
import { run, setup } from "./setup.mjs";

await setup();
run("node", ["test/chaos/main.ts", ...process.argv.slice(2)]);
