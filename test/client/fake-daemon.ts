/** A daemon of which a test decides every answer. */
import { mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { listen } from "../../src/io/socket.ts";
import { Deadlines } from "../../src/wire/deadlines.ts";
import { Peer, toSlice } from "../../src/wire/peer.ts";
import type { IncomingRequest } from "../../src/wire/peer.ts";

export interface FakeDaemon {
  readonly socket: string;
  /** Cuts every connection. */
  hangUp(): void;
  close(): Promise<void>;
}

/** What a request gets; undefined: nothing yet. */
export type Answer = (request: IncomingRequest, params: unknown, peer: Peer) => unknown;

export const hello = { protocol: 1, daemon: { name: "bulkhead", version: "9.9.9", pid: 4711 } };

export async function fakeDaemon(answers: Readonly<Record<string, Answer>>): Promise<FakeDaemon> {
  const directory = await mkdtemp(path.join(tmpdir(), "bulkhead-fake-"));
  const socket = path.join(directory, "fake.sock");
  const sockets = new Set<Socket>();
  const listener = await listen(socket, (connection) => {
    sockets.add(connection);
    connection.on("error", () => undefined);
    const peer = new Peer({
      input: connection,
      output: connection,
      deadlines: new Deadlines(),
      takesData: true,
      onRequest: (request) => {
        const answer = answers[request.method] ?? (request.method === "hello" ? () => hello : undefined);
        if (answer === undefined)
          return request.fail({ code: -32601, message: `no method ${request.method}` });
        const params: unknown =
          request.params === undefined ? undefined : JSON.parse(request.params.toString());
        const result = answer(request, params, peer);
        return result === undefined ? undefined : request.respond(toSlice(result));
      },
    });
  });
  const hangUp = (): void => sockets.forEach((each) => each.destroy());
  return {
    socket,
    hangUp,
    async close() {
      hangUp();
      await listener.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
