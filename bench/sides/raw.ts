/** The floor: as many bytes as a call's frame, through Node's streams and back from the same C program. */
import { spawn } from "node:child_process";
import { frameBytes } from "../payload.ts";
import { pingPong } from "../ping-pong.ts";
import { echo } from "../places.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";

await serve(async () => {
  const pings = new Map<number, { ping: () => Promise<void>; kill: () => void }>();
  const start = (bytes: number) => {
    const size = frameBytes(bytes);
    const child = spawn(echo, ["raw", String(size)], { stdio: ["pipe", "pipe", "inherit"] });
    const side = { ping: pingPong(child.stdout, child.stdin, size), kill: () => void child.kill() };
    pings.set(bytes, side);
    return side;
  };
  return {
    about: { about: "bytes through pipes, no frames, no JSON", mostInFlight: 1 },
    measure: (work) => timed((pings.get(work.bytes) ?? start(work.bytes)).ping, work),
    close: () => pings.forEach(({ kill }) => kill()),
  };
});
