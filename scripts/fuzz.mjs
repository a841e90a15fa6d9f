// `npm run fuzz`: looks for inputs that a reader does not stand. Arguments go to test/fuzz/main.ts: TARGET…, --seconds N,
// --seed S. What is found, and what reaches more of the sources, goes into test/fuzz/seeds.
import { run } from "./setup.mjs";

run("node", ["test/fuzz/main.ts", ...process.argv.slice(2)]);
