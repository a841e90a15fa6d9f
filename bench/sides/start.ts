/**
 * What it takes until a plugin is ready; a "call" is one start, and the stop behind it does not count.
 * `bare`: Node's spawn of the program and its handshake by hand. `plugin`: a start in a supervisor that is open already.
 * `supervisor`: opening one with its journal as well.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Supervisor } from "../../src/index.ts";
import { handshake } from "../ends/handshake.ts";
import { echo } from "../places.ts";
import { serve } from "../serve.ts";
import type { Served } from "../serve.ts";
import type { Figure, Work } from "../side.ts";

/** One start; resolves with the way to end what was started. */
type Start = () => Promise<() => Promise<unknown>>;

async function bare(): Promise<() => Promise<unknown>> {
  const child = spawn(echo, [], { stdio: ["pipe", "pipe", "pipe"] });
  await handshake(child.stdout, child.stdin);
  return () => {
    child.stdin.end();
    return once(child, "exit");
  };
}

const plugins = { echo: { command: echo } };

async function supervisor(): Promise<() => Promise<unknown>> {
  const opened = await Supervisor.open({ plugins });
  await opened.wait("echo", "ready");
  return () => opened.close();
}

async function ofPlugin(): Promise<Start> {
  const opened = await Supervisor.open({ plugins });
  await opened.wait("echo", "ready");
  await opened.stop("echo");
  return async () => {
    await opened.start("echo");
    return () => opened.stop("echo");
  };
}

/** Only what passes until it is ready counts. */
async function timedStarts(start: Start, { calls }: Work): Promise<Figure> {
  let took = 0;
  let used = 0;
  for (let i = 0; i < calls; i++) {
    const cpu = process.cpuUsage();
    const began = performance.now();
    const stop = await start();
    took += performance.now() - began;
    const { user, system } = process.cpuUsage(cpu);
    used += user + system;
    await stop();
  }
  return { microsPerCall: (took * 1000) / calls, cpuMicrosPerCall: used / calls };
}

const starts: Readonly<Record<string, () => Promise<readonly [about: string, Start]>>> = {
  bare: async () => ["spawn and a handshake by hand", bare],
  plugin: async () => ["Supervisor.start until it is ready", await ofPlugin()],
  supervisor: async () => ["Supervisor.open, and wait until it is ready", supervisor],
};

await serve(async (): Promise<Served> => {
  const which = process.argv[2] ?? "";
  const begin = starts[which];
  if (begin === undefined) throw new Error(`no such start: ${which}`);
  const [about, start] = await begin();
  return {
    about: { about, mostInFlight: 1 },
    measure: (work) => timedStarts(start, work),
    close: () => undefined,
  };
});
