/** Streams through a real daemon: relayed, held back, left, cut off. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { createInterface } from "node:readline/promises";
import { text as readAll } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { StreamItem } from "../../protocol/caller.ts";
import type { Client } from "../../src/client/client.ts";
import { DaemonProcess, table } from "../helpers/daemon.ts";
import { failure } from "../helpers/supervisor.ts";

const entry = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const quick = `restart = { min_delay = "10ms" }`;

const frame = (message: object): string => {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  return `Content-Length: ${body.length}\r\n\r\n${body}`;
};

let daemon: DaemonProcess;
let client: Client;

beforeAll(async () => {
  daemon = new DaemonProcess(table("one", {}, quick) + table("two"));
  client = await daemon.up();
  for (const plugin of ["one", "two"]) await client.control("plugin.wait", { plugin, until: "ready" });
});

interface Seen {
  readonly open: number;
  readonly left: number;
  readonly sent: number;
}

/** What the plugin itself knows of its streams. */
async function seenBy(plugin: string): Promise<Seen> {
  return (await client.call(`${plugin}/fixture.streams`)) as Seen;
}

describe("a stream through the daemon", () => {
  test("brings every item in order, with its cursor, and then the answer", async () => {
    const stream = client.stream("one/fixture.count", { to: 500 });
    const items: StreamItem[] = [];
    for await (const item of stream) items.push(item);
    expect(items).toEqual(
      Array.from({ length: 500 }, (_, n) => ({ seq: n, value: { n }, cursor: String(n + 1) })),
    );
    expect(await stream.result).toEqual({ counted: 500 });
  });

  test("holds the plugin back while its reader is slow, and is cancelled there when it is left", async () => {
    const before = await seenBy("two");
    const stream = client.stream("two/fixture.count", {}, { credit: 4 });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    expect((await seenBy("two")).sent - before.sent).toBe(4);
    await iterator.next();
    expect((await seenBy("two")).sent - before.sent).toBe(6);
    await iterator.return?.();
    expect(await seenBy("two")).toMatchObject({ open: 0, left: before.left + 1 });
  });

  test("that a crash ends rejects after the items that came, and the plugin goes on", async () => {
    const stream = client.stream("one/fixture.count", { crashAt: 3 });
    const seen: unknown[] = [];
    const error = await failure(
      (async () => {
        for await (const { value } of stream) seen.push(value);
      })(),
    );
    expect(seen).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    expect(error.code).toBe("plugin_crashed");
    const report = await client.control("crash.get", { id: error.report ?? "" });
    expect(report.lostCallCount).toBe(1);
    await client.control("plugin.wait", { plugin: "one", until: "ready" });
  });

  test("ends in the plugin when its client goes away", async () => {
    const other = await daemon.client();
    const before = await seenBy("two");
    const stream = other.stream("two/fixture.count", {}, { credit: 2 });
    await stream[Symbol.asyncIterator]().next();
    other.close();
    await expect(stream.result).rejects.toMatchObject({ code: "daemon_unreachable" });
    // The connection is closed in the daemon before anything else that this client asks for is answered.
    let now = await seenBy("two");
    while (now.open > 0) now = await seenBy("two");
    expect(now.left).toBe(before.left + 1);
  });

  test("is refused as a plain call", async () => {
    expect(await failure(client.call("two/fixture.count", {}))).toMatchObject({
      code: "stream_required",
      settlement: "not_sent",
    });
  });

  test("is refused with the fingerprint of another contract", async () => {
    const { fingerprint } = await client.describe("two");
    const right = client.stream("two/fixture.count", { to: 1 }, { fingerprint });
    expect(await right.result).toEqual({ counted: 1 });
    const wrong = await failure(client.call("two/fixture.echo", {}, { fingerprint: "another" }));
    expect(wrong).toMatchObject({ code: "contract_changed", data: { detail: { fingerprint } } });
  });
});

test("a client that takes items and does not read them is disconnected, and the plugin and its neighbour go on", async () => {
  const before = await seenBy("two");
  const socket = net.connect(daemon.socket);
  const hello = { protocol: { min: 1, max: 1 }, client: { name: "deaf", version: "1.0.0" } };
  socket.write(frame({ id: 1, method: "hello", params: hello }));
  await once(socket, "data");
  socket.pause();
  // Of 1 MiB each: far more than may wait for one client.
  const params = { bytes: 1024 * 1024 };
  socket.write(frame({ id: 2, method: "two/fixture.count", params, ctx: { credit: 1000 } }));
  const clients = async (): Promise<number> => (await client.control("daemon.status")).clients;
  while ((await clients()) > 1) expect(await client.call("one/fixture.echo", { a: 1 })).toEqual({ a: 1 });
  let now = await seenBy("two");
  while (now.open > 0) now = await seenBy("two");
  expect(now.left).toBe(before.left + 1);
  expect((await client.control("plugin.status", { plugin: "two" })).generation).toBe(1);
  socket.destroy();
}, 60_000);

test("a client that breaks the rules of a stream is disconnected", async () => {
  const socket = net.connect(daemon.socket);
  const hello = { protocol: { min: 1, max: 1 }, client: { name: "rude", version: "1.0.0" } };
  socket.write(frame({ id: 1, method: "hello", params: hello }));
  await once(socket, "data");
  socket.write(frame({ id: 2, method: "two/fixture.count", params: {}, ctx: { credit: 1 } }));
  socket.write(frame({ method: "$/credit", params: { id: 2, n: -1 } }));
  socket.resume();
  await once(socket, "close");
  expect(await client.call("two/fixture.echo", { a: 1 })).toEqual({ a: 1 });
});

test("the daemon names its plugins", async () => {
  expect(await client.plugins()).toEqual(["one", "two"]);
});

function bulkhead(...args: string[]) {
  return spawn(process.execPath, [entry, "--socket", daemon.socket, ...args], {
    env: { PATH: process.env["PATH"], HOME: daemon.directory },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

describe("bulkhead call of a streaming method", () => {
  test.each([[["--json"]], [[]]])("prints one JSON value a line %j", async (flags) => {
    const child = bulkhead(...flags, "call", "two.count", "to:=3");
    const [stdout, [status]] = await Promise.all([readAll(child.stdout), once(child, "close")]);
    expect(stdout).toBe('{"n":0}\n{"n":1}\n{"n":2}\n');
    expect(status).toBe(0);
  });

  test("is left with Ctrl-C", async () => {
    const before = await seenBy("two");
    const child = bulkhead("call", "two.count");
    const lines = createInterface(child.stdout);
    const closed = once(child, "close");
    await once(lines, "line");
    child.kill("SIGINT");
    lines.resume();
    const [status] = await closed;
    expect(status).toBe(130);
    let now = await seenBy("two");
    while (now.open > 0) now = await seenBy("two");
    expect(now.left).toBe(before.left + 1);
  });

  test("tells a crash in mid-stream after the items that came", async () => {
    const child = bulkhead("call", "one.count", "crashAt:=2");
    const [stdout, stderr, [status]] = await Promise.all([
      readAll(child.stdout),
      readAll(child.stderr),
      once(child, "close"),
    ]);
    expect(stdout).toBe('{"n":0}\n{"n":1}\n');
    expect(stderr).toContain("crashed");
    expect(status).toBe(6);
  });
});
