/** A whole program from start to end, as a "call": `node -e 0`, or with the argument `ps` the command line beside a daemon. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { startDaemon } from "../daemon-process.ts";
import { launcher } from "../places.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";

async function run(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [status] = (await once(child, "exit")) as [number | null];
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${String(status)}`);
}

await serve(async () => {
  if (process.argv[2] !== "ps") {
    return {
      about: { about: "node -e 0", mostInFlight: 1 },
      measure: (work) => timed(() => run(["-e", "0"]), work),
      close: () => undefined,
    };
  }
  const { stateDir, close } = await startDaemon();
  const args = [launcher, "ps", "--state-dir", stateDir];
  return {
    about: { about: "bulkhead ps, with a daemon", mostInFlight: 1 },
    measure: (work) => timed(() => run(args), work),
    close,
  };
});
