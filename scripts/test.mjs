// `npm test`: sets everything up, then runs the tests. Arguments go to vitest.
import { run, setup } from "./setup.mjs";

// The golden transcripts are played against the Rust SDK's reference plugin.
await setup({ conformance: true });
run("vitest", ["run", ...process.argv.slice(2)]);
