/** A process in the middle: a Unix socket on one side, the echo on the other. */
import { spawn } from "node:child_process";
import net from "node:net";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";

export interface Ends {
  readonly socket: Socket;
  readonly input: Readable;
  readonly output: Writable;
}

/** Listens at the first argument; the rest is the program that each connection gets. Ends with its stdin. */
export function relay(join: (ends: Ends) => void): void {
  const [, , listenAt = "", program = "", ...args] = process.argv;
  const server = net.createServer((socket) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    socket.on("close", () => child.kill());
    join({ socket, input: child.stdout, output: child.stdin });
  });
  server.listen(listenAt, () => void process.stdout.write("listening\n"));
  process.stdin.on("end", () => process.exit()).resume();
}
