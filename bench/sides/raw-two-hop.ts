/** The floor of every daemon: a Unix socket, a Node process that only copies, and the pipes to the C program. */
import { frameBytes } from "../payload.ts";
import { startMiddle } from "../middle.ts";
import type { Middle } from "../middle.ts";
import { pingPong } from "../ping-pong.ts";
import { echo } from "../places.ts";
import { cpuMicros } from "../process-facts.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";

await serve(async () => {
  const hops = new Map<number, { ping: () => Promise<void>; middle: Middle }>();
  const start = async (bytes: number) => {
    const size = frameBytes(bytes);
    const middle = await startMiddle("copy", [echo, "raw", String(size)]);
    const hop = { ping: pingPong(middle.socket, middle.socket, size), middle };
    hops.set(bytes, hop);
    return hop;
  };
  return {
    about: { about: "bytes through a Unix socket, a Node process that copies, and pipes", mostInFlight: 1 },
    async measure(work) {
      const { ping, middle } = hops.get(work.bytes) ?? (await start(work.bytes));
      return timed(ping, work, () => cpuMicros(middle.pid));
    },
    close: () => hops.forEach(({ middle }) => middle.close()),
  };
});
