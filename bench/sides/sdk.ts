/** Calls of the C SDK's reference plugin, or with the argument `items` the items of one of its streams. */
import { Supervisor } from "../../src/index.ts";
import { conformance } from "../places.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";

await serve(async () => {
  const supervisor = await Supervisor.open({ plugins: { reference: { command: conformance } } });
  await supervisor.wait("reference", "ready");
  /** Each `call` is the next item: as many calls as items. */
  const items = (to: number, credit: number): (() => Promise<unknown>) => {
    const stream = supervisor.stream("reference/conformance.count", { to }, { credit });
    const iterator = stream[Symbol.asyncIterator]();
    return async () => {
      if ((await iterator.next()).done === true) throw new Error("an item is missing");
    };
  };
  const streams = process.argv[2] === "items";
  return {
    about: { about: `the C SDK, ${streams ? "items of a stream" : "calls"}` },
    measure(work) {
      if (streams) return timed(items(work.calls, work.inFlight), { calls: work.calls, inFlight: 1 });
      return timed(() => supervisor.call("reference/conformance.add", { a: 1, b: 2 }), work);
    },
    close: () => supervisor.close(),
  };
});
