// `npm run bench`: the measurements in bench/, as ratios within one run. `npm run bench -- tui --minutes 5`: one of them.
import { run, setup } from "./setup.mjs";

const parts = await setup({ conformance: true });
const withC = parts.some(({ name, status }) => name === "conformance (C)" && status === "built");
const benches = { wire: true, typed: withC, tui: withC && process.platform === "linux" };

const [first, ...rest] = process.argv.slice(2);
const isNamed = first !== undefined && Object.hasOwn(benches, first);
for (const [name, isPossible] of Object.entries(benches)) {
  if (isNamed && name !== first) continue;
  if (isPossible) run("node", [`bench/${name}.ts`, ...(isNamed ? rest : process.argv.slice(2))]);
  else
    process.stderr.write(
      `bench: skipped bench/${name}.ts: it needs what a C compiler makes${name === "tui" ? ", and Linux" : ""}\n`,
    );
}
