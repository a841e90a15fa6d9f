/** A supervisor with as many plugins as the argument says, each a process with its guard; calls go to them in turns. */
import { Supervisor } from "../../src/index.ts";
import { payload } from "../payload.ts";
import { echo } from "../places.ts";
import { residentBytes } from "../process-facts.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";

await serve(async () => {
  const count = Number(process.argv[2]);
  const ids = Array.from({ length: count }, (_, index) => `echo${index}`);
  // What the first plugin brings along is not the price of one more.
  const supervisor = await Supervisor.open({ plugins: { first: { command: echo } } });
  await supervisor.wait("first", "ready");
  const spec = supervisor.spec("first");
  const before = residentBytes(process.pid);
  const began = performance.now();
  const specs = ids.map((id) => ({ ...spec, id }));
  await supervisor.apply(specs, new Map());
  await Promise.all(ids.map((id) => supervisor.wait(id, "ready")));
  const readyMs = performance.now() - began;
  const residentBytesPerPlugin = (residentBytes(process.pid) - before) / count;
  const { params, check } = payload(0);
  const targets = ids.map((id) => `${id}/echo.one`);
  let next = 0;
  const call = async (): Promise<void> => {
    const target = targets[next++ % count] ?? "";
    check(await supervisor.call(target, params));
  };
  return {
    about: { about: `${count} plugins`, facts: { plugins: count, readyMs, residentBytesPerPlugin } },
    measure: (work) => timed(call, work),
    close: () => supervisor.close(),
  };
});
