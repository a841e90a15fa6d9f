/** Clients that can look and change nothing: because they say so, or because of the socket that they came by. */
import { statSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { access, control } from "../../protocol/control.ts";
import type { ControlMethod } from "../../protocol/control.ts";
import { Client } from "../../src/client/client.ts";
import { DaemonProcess, table } from "../helpers/daemon.ts";
import { failure } from "../helpers/supervisor.ts";

const open: Client[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

const settings = `[daemon]\nread_only_socket = "shared.sock"\nmax_clients = 2\n`;

async function running(config = settings + table("one")) {
  const daemon = new DaemonProcess(config);
  const owner = await daemon.up();
  open.push(owner);
  const shared = path.join(daemon.directory, "shared.sock");
  const connect = async (socket: string, readOnly = false): Promise<Client> => {
    const client = await Client.connect({ socket, name: "dashboard", readOnly });
    open.push(client);
    return client;
  };
  await owner.control("plugin.wait", { plugin: "one", until: "ready" });
  return { daemon, owner, shared, connect };
}

const frame = (message: object): string => {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  return `Content-Length: ${body.length}\r\n\r\n${body}`;
};

/** Params that fit each method that changes something, so that nothing else can be the reason for a refusal. */
const changes = {
  "daemon.stop": {},
  "plugin.start": { plugin: "one" },
  "plugin.stop": { plugin: "one" },
  "plugin.restart": { plugin: "one" },
  "plugin.enable": { plugin: "one" },
  "plugin.disable": { plugin: "one" },
  "plugin.configure": { plugin: "one", set: { a: 1 } },
  "trust.accept": { plugin: "one" },
  "trust.remove": { plugin: "one" },
  "quarantine.release": { all: true },
  "event.publish": { event: "a.b" },
  "service.provide": { service: "clock" },
  "service.withdraw": { service: "clock" },
  "pipe.create": { name: "p", from: "one/fixture.a", to: "one/fixture.b" },
  "pipe.pause": { pipe: "p" },
  "pipe.resume": { pipe: "p" },
  "pipe.remove": { pipe: "p" },
  "config.reload": {},
} as const;

test("every method is either tried here, or only reads", () => {
  const methods = Object.keys(control) as ControlMethod[];
  expect(Object.keys(changes).sort()).toEqual(methods.filter((each) => access[each] === "change").sort());
});

describe.each(["that says so", "by the read-only socket, whatever it says"])("a client %s", (how) => {
  const connected = async () => {
    const { daemon, shared, connect, owner } = await running();
    const byPromise = how === "that says so";
    return { owner, client: await connect(byPromise ? daemon.socket : shared, byPromise) };
  };

  test("is refused whatever changes something, and every call of a plugin", async () => {
    const { client, owner } = await connected();
    expect(client.readOnly).toBe(true);
    const before = await owner.control("plugin.status", { plugin: "one" });
    for (const [method, params] of Object.entries(changes)) {
      const error = await failure(client.control(method as "plugin.stop", params as { plugin: string }));
      expect([method, error.code]).toEqual([method, "read_only"]);
    }
    expect(await failure(client.call("one/fixture.echo", {}))).toMatchObject({
      code: "read_only",
      settlement: "not_sent",
    });
    await expect(async () => {
      for await (const _ of client.stream("one/fixture.count", {}));
    }).rejects.toMatchObject({ code: "read_only" });
    const { pid, calls } = await owner.control("plugin.status", { plugin: "one" });
    expect({ pid, calls }).toEqual({ pid: before.pid, calls: before.calls });
  });

  test("sees what a dashboard shows", async () => {
    const { client } = await connected();
    const plugin = "one";
    expect(await client.control("plugin.list")).toHaveLength(1);
    expect(await client.control("plugin.wait", { plugin, until: "ready" })).toMatchObject({
      state: "serving",
    });
    expect(await client.describe(plugin)).toMatchObject({ plugin: { version: "1.0.0" } });
    for (const method of [
      "daemon.status",
      "plugin.stats",
      "trust.list",
      "crash.list",
      "event.read",
    ] as const) {
      expect(await client.control(method)).toBeDefined();
    }
  });

  test("does not take that back with a second greeting", async () => {
    const { daemon, shared } = await running();
    const byPromise = how === "that says so";
    const socket = net.connect(byPromise ? daemon.socket : shared);
    const greeting = { protocol: { min: 1, max: 1 }, client: { name: "x", version: "1" } };
    const hello = (id: number, readOnly: boolean): string =>
      frame({ id, method: "hello", params: { ...greeting, readOnly } });
    socket.write(
      hello(1, byPromise) +
        hello(2, false) +
        frame({ id: 3, method: "plugin.stop", params: { plugin: "one" } }),
    );
    let text = "";
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.includes('"id":3')) break;
    }
    expect(text).toContain('"code":"read_only"');
  });
});

test("a plugin that has not described itself is not started by a look at it", async () => {
  const { owner, daemon, connect } = await running(
    table("one") + table("idle", { tag: "idle" }, 'start = "lazy"'),
  );
  const client = await connect(daemon.socket, true);
  for (const method of ["plugin.describe", "plugin.settings", "plugin.template"] as const) {
    expect(await failure(client.control(method, { plugin: "idle" }))).toMatchObject({ code: "read_only" });
  }
  expect(await owner.control("plugin.status", { plugin: "idle" })).toMatchObject({
    state: "idle",
    generation: 0,
  });
  await owner.describe("idle");
  expect(await client.describe("idle")).toMatchObject({ plugin: { version: "1.0.0" } });
});

describe("the read-only socket", () => {
  test("is for its user and group, while the daemon's own is for its user", async () => {
    const { daemon, shared } = await running();
    expect(statSync(shared).mode & 0o777).toBe(0o660);
    expect(statSync(daemon.socket).mode & 0o777).toBe(0o600);
    await daemon.kill("SIGTERM");
    expect(() => statSync(shared)).toThrow(/ENOENT/);
  });

  test("cannot crowd out the operator: each socket has its own bound, and the oldest goes", async () => {
    const { owner, shared, connect } = await running();
    const first = await connect(shared);
    const second = await connect(shared);
    await connect(shared);
    await first.closed;
    expect(await second.control("daemon.status")).toMatchObject({ clients: 3 });
    expect(await owner.control("daemon.status")).toMatchObject({ clients: 3 });
  });

  test("takes no message that is larger than a request may be", async () => {
    const { shared, owner } = await running();
    const socket = net.connect(shared);
    const ended = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    socket.resume();
    socket.write(`Content-Length: ${2 * 1024 * 1024}\r\n\r\n{`);
    await ended;
    expect(await owner.control("daemon.status")).toMatchObject({ clients: 1 });
  });
});

test("the daemon's own socket has the bound of its configuration, and the oldest client goes", async () => {
  const { owner, daemon, connect } = await running();
  const second = await connect(daemon.socket);
  const third = await connect(daemon.socket);
  await owner.closed;
  expect(await second.control("daemon.status")).toMatchObject({ clients: 2 });
  expect(third.readOnly).toBe(false);
});
