/** What a relay promises, of a real daemon: the test is the client at one of its ends, and the plugin at the other. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { controlRange } from "../../protocol/range.ts";
import { encodeFrame } from "../../src/wire/framing.ts";
import { DaemonProcess } from "../helpers/daemon.ts";
import { endOf } from "../wire/mutants/end.ts";
import type { End } from "../wire/mutants/end.ts";
import type { Relay, Way } from "../wire/mutants/exchange.ts";
import { properties } from "../wire/mutants/splice.properties.ts";

/** A plugin that passes on all bytes to whoever listens there. */
const bridge = `const far = require("node:net").connect(process.argv[1]);
process.stdin.pipe(far).pipe(process.stdout);
far.on("close", () => process.exit());`;

const description = {
  protocol: 1,
  plugin: { name: "far", version: "1.0.0" },
  apis: [
    {
      name: "api",
      version: "1.0.0",
      methods: [
        { name: "m", params: {}, result: {} },
        { name: "s", params: {}, result: {}, item: {} },
      ],
    },
  ],
  capabilities: { bulk: true },
};

const onSocket = (socket: Socket): End =>
  endOf(socket, async (found) => {
    while (!found() && !socket.destroyed) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          socket.off("data", done).off("close", done);
          resolve();
        };
        socket.on("data", done).on("close", done);
      });
    }
  });

const json = (message: object): Buffer => encodeFrame(JSON.stringify({ jsonrpc: "2.0", ...message }));

/** The answer must be the next message. */
async function ask(end: End, method: string, params: object): Promise<void> {
  end.send(json({ id: method, method, params }));
  const { message } = await end.next();
  expect([message["id"], Object.keys(message)]).toEqual([method, ["jsonrpc", "id", "result"]]);
}

const server = createServer();
let relay: Relay;

beforeAll(async () => {
  const daemon = new DaemonProcess("");
  const at = path.join(daemon.directory, "far");
  await once(server.listen(at), "listening");
  daemon.configure(`[plugins.far]
command = ${JSON.stringify(process.execPath)}
args = ${JSON.stringify(["-e", bridge, at])}
services = ["near"]
quarantine = false
`);
  const joined = once(server, "connection");
  (await daemon.up()).close();
  const client = onSocket(connect(daemon.socket));
  const plugin = onSocket((await joined)[0] as Socket);
  for (const result of [description, {}]) {
    const { id } = (await plugin.next()).message;
    plugin.send(json({ id, result }));
  }
  await ask(client, "hello", { protocol: controlRange, client: { name: "test", version: "0" } });
  await ask(client, "plugin.wait", { plugin: "far", until: "ready" });
  await ask(client, "service.provide", { service: "near" });

  const ours = { passesContext: false, passesNotifications: false };
  const there: Way = {
    name: "there",
    from: client,
    to: plugin,
    target: () => "far/api.m",
    streaming: "far/api.s",
    methodOf: (target) => target.slice("far/".length),
    bulk: true,
    ...ours,
  };
  const back: Way = {
    name: "back",
    from: plugin,
    to: client,
    target: () => "near.m",
    methodOf: (target) => target,
    bulk: false,
    ...ours,
  };
  relay = { ways: [there, back], close: () => {} };
});

afterAll(() => void server.close());

describe("a daemon that passes on bytes: whoever parses can not tell it from one that parses and writes again", () => {
  test.for(properties)("$name", async ({ appliesTo, counterexample }, { skip }) => {
    if (!relay.ways.some(appliesTo)) skip("nothing of this goes through a daemon");
    expect(await counterexample(async () => relay, { runs: 60, shrinks: false })).toBeNull();
  });
});
