/** Services, events and actions over a daemon: other programs on the other side of its socket. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { SupervisorEvent } from "../../protocol/state.ts";
import type { Client } from "../../src/client/client.ts";
import { controlRange } from "../../protocol/range.ts";
import { connect } from "../../src/io/socket.ts";
import { Deadlines } from "../../src/wire/deadlines.ts";
import { Peer, toSlice } from "../../src/wire/peer.ts";
import { DaemonProcess, table } from "../helpers/daemon.ts";
import { failure } from "../helpers/supervisor.ts";

const run = promisify(execFile);
const bin = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

interface Told {
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data: { readonly code: string };
  };
}

const ask = async (client: Client, method: string, params?: unknown): Promise<Told> =>
  (await client.call("one/fixture.ask", { method, params })) as Told;

const config =
  table("one", {}, 'services = ["todo", "host.storage", "host.emit"]\ncalls = ["one"]') +
  table("two", { events: "added" }, 'services = ["todo"]');

describe("a client that provides a service", () => {
  test("answers plugins: values, errors, progress", async () => {
    const daemon = new DaemonProcess(config);
    const client = await daemon.up();
    const provider = await daemon.client();
    const service = await provider.provide("todo", {
      query: (params, { plugin }) => ({ params, plugin }),
      broken: () => {
        throw new TypeError("the store is gone");
      },
    });
    expect(await client.control("service.list")).toEqual([{ service: "todo", provider: "test 0" }]);
    expect(await ask(client, "todo.query", { text: "ü" })).toEqual({
      result: { params: { text: "ü" }, plugin: "one" },
    });
    const { error } = await ask(client, "todo.broken");
    expect(error).toMatchObject({ code: -32603, message: "the store is gone" });
    expect(JSON.stringify(error)).not.toContain("at ");

    expect(await failure(client.provide("todo", {}))).toMatchObject({ code: "service_taken" });
    expect(await failure(client.provide("host", {}))).toMatchObject({ code: "invalid_params" });
    await service[Symbol.asyncDispose]();
    expect((await ask(client, "todo.query")).error?.data.code).toBe("service_unavailable");
    await client.provide("todo", { query: () => "mine" });
    expect(await ask(client, "todo.query")).toEqual({ result: "mine" });
    provider.close();
    client.close();
  });

  test("may provide so many and no more", async () => {
    const daemon = new DaemonProcess(config);
    const client = await daemon.up();
    for (let n = 0; n < 64; n++) await client.provide(`service-${n}`, {});
    expect(await failure(client.provide("todo", {}))).toMatchObject({ code: "plugin_busy" });
    await client.control("service.withdraw", { service: "service-0" });
    await client.provide("todo", { query: () => "yes" });
    expect(await ask(client, "todo.query")).toEqual({ result: "yes" });
    client.close();
  });

  test("and withdraws it twice, does not take away what it provides by then", async () => {
    const daemon = new DaemonProcess(config);
    const client = await daemon.up();
    const first = await client.provide("todo", { query: () => "first" });
    await first[Symbol.asyncDispose]();
    await client.provide("todo", { query: () => "second" });
    await first[Symbol.asyncDispose]();
    expect(await ask(client, "todo.query")).toEqual({ result: "second" });
    client.close();
  });

  test("calls plugins on their behalf: time and hops go on", async () => {
    const daemon = new DaemonProcess(config);
    const client = await daemon.up();
    await client.provide("todo", {
      nested: (_params, { caller }) => caller.call("two/fixture.context"),
      circle: (params, { caller }) => caller.call("one/fixture.ask", { method: "todo.circle", params }),
    });
    const nested = (await client.call("one/fixture.ask", { method: "todo.nested" }, { timeout: 9000 })) as {
      result: { ms: number; hops: number };
    };
    expect(nested.result.hops).toBe(2);
    expect(nested.result.ms).toBeLessThanOrEqual(9000);
    const circle = await ask(client, "todo.circle", {});
    expect(JSON.stringify(circle)).toContain("too_many_hops");
    client.close();
  });

  test("and leaves in mid-call, leaves an error behind at once", async () => {
    const daemon = new DaemonProcess(config);
    const client = await daemon.up();
    const provider = await daemon.client();
    const asked = Promise.withResolvers<AbortSignal>();
    await provider.provide("todo", {
      wait: (_params, { signal }) => {
        asked.resolve(signal);
        return new Promise(() => {});
      },
    });
    const call = ask(client, "todo.wait");
    const signal = await asked.promise;
    provider.close();
    expect((await call).error).toMatchObject({ data: { code: "service_unavailable" } });
    await provider.closed;
    expect(signal.aborted).toBe(true);
    expect((await ask(client, "todo.wait")).error?.data.code).toBe("service_unavailable");
    expect(await client.control("service.list")).toEqual([]);
    client.close();
  });

  test("is told when nobody waits for its answer any more", async () => {
    const daemon = new DaemonProcess(config);
    const client = await daemon.up();
    const asked = Promise.withResolvers<AbortSignal>();
    await client.provide("todo", {
      wait: (_params, { signal }) => {
        asked.resolve(signal);
        return new Promise(() => {});
      },
    });
    const stop = new AbortController();
    const call = client.call("one/fixture.ask", { method: "todo.wait" }, { signal: stop.signal });
    const signal = await asked.promise;
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    stop.abort();
    expect(await failure(call)).toMatchObject({ code: "cancelled" });
    await aborted;
    client.close();
  });
});

test("what plugins store outlives a daemon that was killed", async () => {
  const daemon = new DaemonProcess(config);
  const client = await daemon.up();
  const value = { seen: [1, 2] };
  expect(await ask(client, "host.storage.set", { key: "a", value })).toEqual({ result: null });
  await daemon.kill("SIGKILL");
  const again = await daemon.up();
  expect(await ask(again, "host.storage.get", { key: "a" })).toEqual({ result: { value } });
  again.close();
});

test("an event goes from a client to plugins and to whoever follows", async () => {
  const daemon = new DaemonProcess(config);
  const client = await daemon.up();
  await client.control("plugin.wait", { plugin: "two", until: "ready" });
  const done = new AbortController();
  const told: SupervisorEvent[] = [];
  const listening = Promise.withResolvers<void>();
  const follower = await daemon.client();
  const following = follower.follow(
    "event.read",
    { limit: 1 },
    (event) => {
      listening.resolve();
      if (event.type !== "plugin.event") return;
      told.push(event);
      if (told.length === 2) done.abort();
    },
    done.signal,
  );
  await listening.promise;
  const params = { title: "milk" };
  expect(await client.control("event.publish", { event: "fixture.added", params })).toEqual({
    subscribers: 1,
  });
  await ask(client, "host.emit", { event: "fixture.added", params: { n: 2 } });
  await following;
  expect(told).toMatchObject([
    { plugin: null, event: "fixture.added", params },
    { plugin: "one", event: "fixture.added", params: { n: 2 } },
  ]);
  const wrong = client.control("event.publish", { event: "added" });
  expect(await failure(wrong)).toMatchObject({ code: "invalid_params" });
  client.close();
});

test("the command line publishes events, and lists and runs actions", async () => {
  const actions = JSON.stringify([
    { id: "echoed", method: "echo", description: "says it again", key: "ctrl+e" },
  ]);
  const daemon = new DaemonProcess(table("one", { actions, events: "added" }));
  const client = await daemon.up();
  await client.control("plugin.wait", { plugin: "one", until: "ready" });
  const bulkhead = async (...args: string[]) =>
    run(process.execPath, [bin, "--socket", daemon.socket, ...args], {
      env: { PATH: process.env["PATH"], NO_COLOR: "1" },
    });
  expect((await bulkhead("actions")).stdout).toMatch(
    /ACTION +KEY +CALLS +WHAT\none\.echoed +ctrl\+e +one\.fixture\.echo +says it again/,
  );
  expect(JSON.parse((await bulkhead("run", "one.echoed", "a=1")).stdout)).toEqual({ a: 1 });
  await expect(bulkhead("run", "one.echod")).rejects.toMatchObject({
    code: 4,
    stderr: expect.stringContaining("did you mean one.echoed?"),
  });
  expect((await bulkhead("publish", "fixture.added", "title=milk")).stderr).toBe("on its way to 1 plugin\n");
  const { events } = (await client.call("one/fixture.seen")) as { events: unknown[] };
  expect(events).toEqual([["fixture.added", { title: "milk" }]]);
  expect((await bulkhead("status", "one")).stdout).toMatch(/event +fixture\.added 1 delivered, 0 dropped/);
  expect((await bulkhead("__complete", "run", "one")).stdout).toBe("one.echoed\n");
  client.close();
});

test("who follows events and is slow misses some that are not kept, is told how many, and stays", async () => {
  const daemon = new DaemonProcess(config);
  const client = await daemon.up();
  await client.control("plugin.wait", { plugin: "two", until: "ready" });
  const socket = await connect(daemon.socket);
  const peer = new Peer({ input: socket, output: socket, deadlines: new Deadlines() });
  await peer.request("hello", { protocol: controlRange, client: { name: "slow", version: "1" } });
  const heard: SupervisorEvent[] = [];
  const restarted = Promise.withResolvers<void>();
  const last = Promise.withResolvers<void>();
  const onItem = ({ value }: { readonly value: Buffer }): void => {
    const event: SupervisorEvent = JSON.parse(value.toString());
    heard.push(event);
    if (event.type === "session.state" && event.generation === 2 && event.to === "ready") restarted.resolve();
    if (event.type === "plugin.event" && event.event === "last.one") last.resolve();
  };
  peer.call("event.read", toSlice({ follow: true }), { credit: Infinity, onItem }, () => undefined);
  // Answered in order: from here on it follows.
  await peer.request("daemon.status", {});

  socket.pause();
  const text = "x".repeat(60_000);
  for (let round = 0; round < 10; round++) {
    const some = Array.from({ length: 32 }, () =>
      client.control("event.publish", { event: "big.one", params: { text } }),
    );
    await Promise.all(some);
  }
  await client.control("plugin.restart", { plugin: "two" });
  socket.resume();

  await restarted.promise;
  await client.control("event.publish", { event: "last.one" });
  await last.promise;
  const told = heard.filter((event) => event.type === "plugin.event" && event.event === "big.one").length;
  const dropped = heard.reduce((sum, event) => sum + (event.type === "events.dropped" ? event.count : 0), 0);
  expect(told).toBeGreaterThan(0);
  expect(dropped).toBeGreaterThan(0);
  expect(told + dropped).toBe(320);
  peer.destroy();
});
