// `npm test`: sets everything up, then runs the tests. Arguments go to vitest.
import { run, setup } from "./setup.mjs";

await setup();
run("vitest", ["run", ...process.argv.slice(2)]);
