import { afterEach, describe, expect, test } from "vitest";
import type { StreamItem } from "../../protocol/caller.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { Client } from "../../src/client/client.ts";
import { toSlice } from "../../src/wire/peer.ts";
import type { Answer, FakeDaemon } from "./fake-daemon.ts";
import { fakeDaemon, hello } from "./fake-daemon.ts";

let daemon: FakeDaemon | undefined;
afterEach(() => daemon?.close());

async function connected(answers: Record<string, Answer>): Promise<Client> {
  daemon = await fakeDaemon(answers);
  return Client.connect({ socket: daemon.socket, name: "test", version: "0.0.1" });
}

describe("saying hello", () => {
  test("tells the range of protocols and who is there, and learns who answers", async () => {
    let said: unknown;
    const client = await connected({
      hello: (_, params) => {
        said = params;
        return hello;
      },
    });
    expect(said).toEqual({ protocol: { min: 1, max: 1 }, client: { name: "test", version: "0.0.1" } });
    expect(client.daemon).toEqual(hello.daemon);
    client.close();
  });

  test("names both versions and the side to upgrade, when the daemon is too new", async () => {
    daemon = await fakeDaemon({ hello: () => ({ ...hello, protocol: 3 }) });
    await expect(Client.connect({ socket: daemon.socket, version: "0.0.1" })).rejects.toMatchObject({
      code: "incompatible_client",
      message:
        "the daemon (9.9.9, pid 4711) speaks control protocol 3, this client (0.0.1) 1 to 1: upgrade the client",
    });
  });

  test("that is to be read-only is not made with a daemon that knows of none", async () => {
    let said: unknown;
    daemon = await fakeDaemon({
      hello: (_, params) => {
        said = params;
        return hello;
      },
    });
    await expect(Client.connect({ socket: daemon.socket, readOnly: true })).rejects.toMatchObject({
      code: "incompatible_client",
      message: "the daemon (9.9.9, pid 4711) knows no read-only connections",
    });
    expect(said).toMatchObject({ readOnly: true });
  });

  test("passes on the daemon's own refusal", async () => {
    const refusal = BulkheadError.of("incompatible_client", "upgrade the client").toRpc();
    daemon = await fakeDaemon({ hello: (request) => request.fail(refusal) });
    await expect(Client.connect({ socket: daemon.socket })).rejects.toMatchObject({
      code: "incompatible_client",
    });
  });

  test("passes on that nobody is let in just now, which answers no request", async () => {
    const full = { code: -32000, message: "too many come", data: { code: "plugin_busy", retryAfterMs: 5 } };
    const turnAway: Answer = (_request, _params, peer) => {
      peer.reject(full);
      void peer.end();
    };
    daemon = await fakeDaemon({ hello: turnAway });
    await expect(Client.connect({ socket: daemon.socket })).rejects.toMatchObject({
      message: "too many come",
      data: { retryAfterMs: 5 },
    });
  });

  test("recognises that something else answers", async () => {
    daemon = await fakeDaemon({ hello: () => "HTTP/1.1 400" });
    await expect(Client.connect({ socket: daemon.socket })).rejects.toMatchObject({
      code: "incompatible_client",
      message: `what answers at ${daemon.socket} is not a bulkhead daemon`,
    });
  });
});

describe("a call", () => {
  test("carries params and bounds, and brings back the result", async () => {
    let seen: unknown;
    const client = await connected({
      "min/min.min": (request, params) => {
        seen = { params, ctx: JSON.parse(request.ctx?.toString() ?? "null") as unknown };
        return { is: "ünïcode" };
      },
    });
    const result = await client.call("min/min.min", { a: 1 }, { timeout: 5000, idleTimeout: 1000 });
    expect(seen).toEqual({ params: { a: 1 }, ctx: { ms: 5000, idle: 1000 } });
    expect(result).toEqual({ is: "ünïcode" });
    client.close();
  });

  test("rejects with the error that was answered, whole", async () => {
    const answered = BulkheadError.of("plugin_crashed", "min crashed", {
      settlement: "maybe_executed",
      report: "min-1",
    });
    const client = await connected({ "min/a.b": (request) => request.fail(answered.toRpc()) });
    await expect(client.call("min/a.b")).rejects.toMatchObject({
      code: "plugin_crashed",
      settlement: "maybe_executed",
      report: "min-1",
      message: "min crashed",
    });
    client.close();
  });

  test("keeps a plugin's own error code", async () => {
    const error = { code: 7, message: "no such city", data: { code: "no_city" } };
    const client = await connected({ "min/a.b": (request) => request.fail(error) });
    await expect(client.call("min/a.b")).rejects.toMatchObject({ code: "no_city", number: 7 });
    client.close();
  });

  test("hears progress", async () => {
    const client = await connected({
      "min/a.b": (request) => {
        request.progress(toSlice({ done: 1 }));
        request.progress(toSlice({ done: 2 }));
        return "done";
      },
    });
    const heard: unknown[] = [];
    expect(await client.call("min/a.b", {}, { onProgress: (value) => void heard.push(value) })).toBe("done");
    expect(heard).toEqual([{ done: 1 }, { done: 2 }]);
    client.close();
  });

  test("that is aborted settles at once, and the daemon is told", async () => {
    const abort = new AbortController();
    const told = Promise.withResolvers<void>();
    const client = await connected({
      "min/a.b": (request) => {
        request.onCancel(told.resolve);
        abort.abort();
        return undefined;
      },
    });
    await expect(client.call("min/a.b", {}, { signal: abort.signal })).rejects.toMatchObject({
      code: "cancelled",
      settlement: "maybe_executed",
    });
    await told.promise;
    client.close();
  });

  test("settles when the connection is lost, and says what is known of it", async () => {
    const client = await connected({ "min/a.b": () => daemon?.hangUp() });
    await expect(client.call("min/a.b")).rejects.toMatchObject({
      code: "daemon_unreachable",
      settlement: "maybe_executed",
    });
    await client.closed;
    await expect(client.call("min/a.b")).rejects.toMatchObject({
      code: "daemon_unreachable",
      settlement: "not_sent",
    });
  });
});

describe("a call with bytes", () => {
  test("has them as text with a daemon that knows of no bulk data", async () => {
    const seen: unknown[] = [];
    const client = await connected({
      "one/image.turn": (request, params) => {
        seen.push([params, request.ctx, request.data]);
        return { image: "AQI=" };
      },
    });
    const params = { image: new Uint8Array([1, 2]), by: 90 };
    expect(await client.call("one/image.turn", params, { bulk: true })).toEqual({ image: "AQI=" });
    expect(seen).toEqual([[{ image: "AQI=", by: 90 }, undefined, undefined]]);
    client.close();
  });

  test("has them beside the JSON with one that does, and says so", async () => {
    const seen: unknown[] = [];
    const client = await connected({
      hello: () => ({ ...hello, capabilities: { bulk: true } }),
      "one/image.turn": (request, params) => {
        seen.push([params, request.ctx?.toString(), request.data]);
        request.respond(toSlice({ image: { $bytes: [1, 1] } }), Buffer.from([8, 9]));
      },
    });
    const params = { image: new Uint8Array([1, 2]) };
    const result = { image: new Uint8Array([9]) };
    expect(await client.call("one/image.turn", params, { bulk: true })).toEqual(result);
    expect(seen).toEqual([[{ image: { $bytes: [0, 2] } }, '{"bulk":true}', Buffer.from([1, 2])]]);
    client.close();
  });
});

describe("a stream", () => {
  test("carries its credit and gives it back, and brings the items", async () => {
    let ctx: unknown;
    const granted: number[] = [];
    const client = await connected({
      "ticks/a.b": (request) => {
        ctx = JSON.parse(request.ctx?.toString() ?? "null");
        request.onCredit((n) => {
          granted.push(n);
          request.item(2, toSlice("three"));
        });
        request.item(0, toSlice("one"), toSlice("1"));
        request.item(1, toSlice("two"));
      },
    });
    const stream = client.stream("ticks/a.b", {}, { credit: 3, idleTimeout: 1000, fingerprint: "f" });
    const items: StreamItem[] = [];
    for await (const item of stream) if (items.push(item) === 3) break;
    expect(items).toEqual([
      { seq: 0, value: "one", cursor: "1" },
      { seq: 1, value: "two" },
      { seq: 2, value: "three" },
    ]);
    expect(ctx).toEqual({ credit: 3, idle: 1000, fingerprint: "f" });
    expect(granted).toEqual([2]);
    client.close();
  });

  test("that is left is cancelled", async () => {
    const told = Promise.withResolvers<void>();
    const client = await connected({
      "ticks/a.b": (request) => {
        request.onCancel(told.resolve);
        request.item(0, toSlice(1));
      },
    });
    const stream = client.stream("ticks/a.b");
    for await (const _ of stream) break;
    await told.promise;
    await expect(stream.result).rejects.toMatchObject({ code: "cancelled" });
    client.close();
  });

  test("rejects after the items that came when the daemon leaves", async () => {
    const client = await connected({
      "ticks/a.b": (request) => {
        request.item(0, toSlice(1));
        request.onCredit(() => daemon?.hangUp());
      },
    });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const { value } of client.stream("ticks/a.b", {}, { credit: 1 })) seen.push(value);
    })();
    await expect(reading).rejects.toMatchObject({ code: "daemon_unreachable" });
    expect(seen).toEqual([1]);
  });
});

test("the plugins are those of the list", async () => {
  const client = await connected({ "plugin.list": () => [{ id: "min" }, { id: "chaos" }] });
  expect(await client.plugins()).toEqual(["min", "chaos"]);
  client.close();
});

describe("following", () => {
  test("hands over every item in order until it is aborted", async () => {
    const abort = new AbortController();
    let asked: unknown;
    const client = await connected({
      "log.read": (request, params) => {
        asked = params;
        for (const seq of [0, 1, 2]) request.item(seq, toSlice({ text: `line ${seq}` }));
      },
    });
    const texts: string[] = [];
    await client.follow(
      "log.read",
      { plugin: "min" },
      ({ text }) => {
        texts.push(text);
        if (texts.length === 3) abort.abort();
      },
      abort.signal,
    );
    expect(asked).toEqual({ plugin: "min", follow: true });
    expect(texts).toEqual(["line 0", "line 1", "line 2"]);
    client.close();
  });

  test("rejects when the daemon leaves", async () => {
    const client = await connected({ "event.read": () => daemon?.hangUp() });
    const never = new AbortController().signal;
    await expect(client.follow("event.read", {}, () => undefined, never)).rejects.toMatchObject({
      code: "daemon_unreachable",
    });
  });
});
