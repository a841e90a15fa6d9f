import { statSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { SupervisorEvent } from "../../protocol/state.ts";
import type { Client } from "../../src/client/client.ts";
import { alive, dead, DaemonProcess, table } from "../helpers/daemon.ts";
import { withoutGuard } from "../helpers/guard.ts";
import { failure } from "../helpers/supervisor.ts";

const quick = `restart = { min_delay = "10ms" }`;

const frame = (message: object): string => {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  return `Content-Length: ${body.length}\r\n\r\n${body}`;
};

/** The position of the newest event. */
async function position(client: Client): Promise<number> {
  return (await client.control("event.read", { limit: 1 })).at(-1)?.seq ?? 0;
}

/** The first event that fits after a position: one that has come already is not missed. */
async function eventAfter(
  client: Client,
  since: number,
  fits: (event: SupervisorEvent) => boolean,
): Promise<SupervisorEvent> {
  const done = new AbortController();
  let found: SupervisorEvent | undefined;
  const look = (event: SupervisorEvent): void => {
    if (found !== undefined || !fits(event)) return;
    found = event;
    done.abort();
  };
  await client.follow("event.read", { since }, look, done.signal);
  if (found === undefined) throw new Error("the stream ended first");
  return found;
}

describe.skipIf(withoutGuard)("kill -9 of the daemon", () => {
  test("takes every plugin and descendant along, and loses nothing that was written", async () => {
    const daemon = new DaemonProcess(table("one", {}, quick) + table("stubborn"));
    const client = await daemon.up();
    await client.control("plugin.wait", { plugin: "one", until: "ready" });
    const lost = await failure(client.call("one/fixture.die", { signal: "SIGSEGV" }));
    await client.control("plugin.wait", { plugin: "one", until: "ready" });
    await client.call("stubborn/fixture.ignoreTerm");
    const escaped = Number(await client.call("stubborn/fixture.escape"));
    const list = await client.control("plugin.list");
    const pids = [...list.flatMap(({ pid, guardPid }) => [pid ?? 0, guardPid ?? 0]), escaped];
    expect(pids.every(alive)).toBe(true);
    const hanging = failure(client.call("one/fixture.hang"));

    expect(await daemon.kill("SIGKILL")).toBe("SIGKILL");
    expect(await hanging).toMatchObject({ code: "daemon_unreachable", settlement: "maybe_executed" });
    await Promise.all(pids.map(dead));

    const again = await daemon.up();
    await again.control("plugin.wait", { plugin: "one", until: "ready" });
    expect(await again.control("plugin.status", { plugin: "one" })).toMatchObject({
      restarts: 1,
      recentFailures: 1,
      lastCrash: { id: lost.report },
    });
    expect(await again.control("crash.get", { id: lost.report ?? "" })).toMatchObject({
      durable: true,
      exit: { signal: "SIGSEGV" },
      lostCallCount: 1,
    });
    expect((await again.control("daemon.status")).journal).toEqual({ ok: true, message: null });
    again.close();
  });
});

test("SIGTERM lets calls finish, stops every plugin and leaves with status 0", async () => {
  const daemon = new DaemonProcess(table("one"));
  const client = await daemon.up();
  const { pid } = await client.control("plugin.wait", { plugin: "one", until: "ready" });
  const slow = client.call("one/fixture.late", { ms: 300 });
  await client.call("one/fixture.echo");
  const left = daemon.kill("SIGTERM");
  expect(await slow).toBe("late");
  expect(await left).toBe(0);
  expect(alive(pid ?? 0)).toBe(false);
});

test("the socket is the owner's alone", async () => {
  const daemon = new DaemonProcess("");
  const client = await daemon.up();
  expect(statSync(daemon.socket).mode & 0o777).toBe(0o600);
  expect(statSync(path.dirname(daemon.socket)).mode & 0o777).toBe(0o700);
  expect(statSync(daemon.stateDir).mode & 0o777).toBe(0o700);
  client.close();
});

test("a second daemon on the same state is refused, and names the first", async () => {
  const daemon = new DaemonProcess("");
  const client = await daemon.up();
  const second = new DaemonProcess("");
  Object.defineProperty(second, "stateDir", { value: daemon.stateDir });
  await expect(second.up()).rejects.toThrow(new RegExp(`already_running|pid ${daemon.pid}`));
  client.close();
});

describe("SIGHUP", () => {
  test("applies a changed file, and restarts only what changed", async () => {
    const daemon = new DaemonProcess(table("keep", { tag: "1" }) + table("change", { tag: "1" }));
    const client = await daemon.up();
    const before = await client.control("plugin.wait", { plugin: "keep", until: "ready" });
    await client.control("plugin.wait", { plugin: "change", until: "ready" });
    const since = await position(client);
    daemon.configure(table("keep", { tag: "1" }) + table("change", { tag: "2" }));
    daemon.signal("SIGHUP");
    await eventAfter(
      client,
      since,
      (event) => event.type === "session.state" && event.plugin === "change" && event.to === "ready",
    );
    expect(await client.call("change/fixture.tag")).toBe("2");
    expect((await client.control("plugin.status", { plugin: "keep" })).pid).toBe(before.pid);
    client.close();
  });

  test("with a file that does not parse changes nothing", async () => {
    const daemon = new DaemonProcess(table("one"));
    const client = await daemon.up();
    const before = await client.control("plugin.wait", { plugin: "one", until: "ready" });
    const since = await position(client);
    daemon.configure("[plugins.one\n");
    daemon.signal("SIGHUP");
    const rejected = await eventAfter(client, since, ({ type }) => type === "config.rejected");
    expect(JSON.stringify(rejected)).toContain("bulkhead.toml:1");
    expect((await client.control("plugin.status", { plugin: "one" })).pid).toBe(before.pid);
    expect(await failure(client.control("config.reload"))).toMatchObject({ code: "invalid_config" });
    client.close();
  });
});

describe("many clients", () => {
  test("call at once, each getting its own answers", async () => {
    const daemon = new DaemonProcess(table("one"));
    const first = await daemon.up();
    await first.control("plugin.wait", { plugin: "one", until: "ready" });
    const clients = await Promise.all(Array.from({ length: 20 }, () => daemon.client()));
    const answers = await Promise.all(
      clients.flatMap((client, c) =>
        Array.from({ length: 100 }, (_, n) => client.call("one/fixture.echo", { c, n })),
      ),
    );
    expect(answers).toEqual(
      clients.flatMap((_, c) => Array.from({ length: 100 }, (_unused, n) => ({ c, n }))),
    );
    for (const client of [first, ...clients]) client.close();
  });

  test("one that leaves takes only its own calls along", async () => {
    const daemon = new DaemonProcess(table("one"));
    const client = await daemon.up();
    const leaving = await daemon.client();
    const gone = failure(leaving.call("one/fixture.late", { ms: 60_000 }));
    const staying = client.call("one/fixture.late", { ms: 200 });
    await client.call("one/fixture.echo");
    leaving.close();
    await gone;
    expect(await staying).toBe("late");
    client.close();
  });

  test("one that sends rubbish is cut off, and the others notice nothing", async () => {
    const daemon = new DaemonProcess(table("one"));
    const client = await daemon.up();
    for (const rubbish of ["GET / HTTP/1.1\r\n\r\n", "Content-Length: -1\r\n\r\n", "\0".repeat(100_000)]) {
      const socket = net.connect(daemon.socket);
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.on("error", () => undefined);
      socket.resume();
      socket.write(rubbish);
      await closed;
    }
    expect(await client.call("one/fixture.echo", { fine: true })).toEqual({ fine: true });
    client.close();
  });

  test("one of another protocol version is told so", async () => {
    const daemon = new DaemonProcess("");
    const client = await daemon.up();
    const socket = net.connect(daemon.socket);
    const params = { protocol: { min: 7, max: 9 }, client: { name: "future", version: "9.9.9" } };
    socket.write(frame({ id: 1, method: "hello", params }));
    const answer = await new Promise<string>((resolve) =>
      socket.once("data", (chunk) => resolve(chunk.toString())),
    );
    expect(answer).toContain("incompatible_client");
    expect(answer).toContain("future 9.9.9 speaks 7 to 9: restart the daemon");
    socket.destroy();
    client.close();
  });
});

test("large values pass the daemon whole", async () => {
  const daemon = new DaemonProcess(table("one"));
  const client = await daemon.up();
  const text = "Grüße 🌍 ".repeat(1_200_000);
  expect(await client.call("one/fixture.echo", { text })).toEqual({ text });
  client.close();
}, 60_000);

test("a flood on stderr neither blocks calls nor fills memory", async () => {
  const daemon = new DaemonProcess(table("noisy") + table("calm"));
  const client = await daemon.up();
  await Promise.all(
    ["noisy", "calm"].map((plugin) => client.control("plugin.wait", { plugin, until: "ready" })),
  );
  const before = (await client.control("daemon.status")).memoryBytes;
  const flood = client.call("noisy/fixture.flood", { lines: 200_000 });
  for (let n = 0; n < 50; n++) expect(await client.call("calm/fixture.echo", { n })).toEqual({ n });
  await flood;
  expect((await client.control("daemon.status")).memoryBytes - before).toBeLessThan(128 * 1024 * 1024);
  client.close();
}, 60_000);

test("what happened is told in order, and a client that comes back misses nothing", async () => {
  const daemon = new DaemonProcess(table("one", {}, quick));
  const client = await daemon.up();
  await client.control("plugin.wait", { plugin: "one", until: "ready" });
  const first = await client.control("event.read", {});
  const since = first.at(-1)?.seq ?? 0;
  await failure(client.call("one/fixture.die", { signal: "SIGKILL" }));
  await client.control("plugin.wait", { plugin: "one", until: "ready" });
  const missed = await client.control("event.read", { since });
  expect(missed.map(({ seq }) => seq)).toEqual(missed.map((_, n) => since + 1 + n));
  expect(missed.map(({ type }) => type)).toContain("session.crash");
  client.close();
});

test("a log that is larger than what may wait for a client is followed from its past on", async () => {
  const daemon = new DaemonProcess(table("one"));
  const client = await daemon.up();
  await client.control("plugin.wait", { plugin: "one", until: "ready" });
  // In JSON it is six times as long.
  const text = "\u0001".repeat(60_000);
  for (let n = 0; n < 60; n++) await client.call("one/fixture.say", { text });
  const done = new AbortController();
  const seen: string[] = [];
  const following = client.follow(
    "log.read",
    { plugin: "one", lines: 1000 },
    (line) => {
      if (seen.length === 0) void client.call("one/fixture.say", { text: "the end" });
      seen.push(line.text);
      if (line.text === "the end") done.abort();
    },
    done.signal,
  );
  await following;
  expect(seen.filter((each) => each === text)).toHaveLength(60);
  expect(seen.at(-1)).toBe("the end");
  client.close();
}, 60_000);

test("a client that does not read is disconnected at its bound, and nobody waits for it", async () => {
  const daemon = new DaemonProcess(table("noisy") + table("calm"));
  const client = await daemon.up();
  await Promise.all(
    ["noisy", "calm"].map((plugin) => client.control("plugin.wait", { plugin, until: "ready" })),
  );
  const socket = net.connect(daemon.socket);
  const hello = { protocol: { min: 1, max: 1 }, client: { name: "deaf", version: "1.0.0" } };
  socket.write(frame({ id: 1, method: "hello", params: hello }));
  await new Promise((resolve) => socket.once("data", resolve));
  socket.pause();
  // Each answer is 8 MiB, and none of them is read.
  for (let id = 2; id < 60; id++) {
    socket.write(frame({ id, method: "calm/fixture.big", params: { bytes: 8 * 1024 * 1024 } }));
  }
  const clients = async (): Promise<number> => (await client.control("daemon.status")).clients;
  while ((await clients()) > 1)
    expect(await client.call("noisy/fixture.echo", { fine: true })).toEqual({ fine: true });
  expect((await client.control("daemon.status")).memoryBytes).toBeLessThan(700 * 1024 * 1024);
  socket.destroy();
  client.close();
}, 60_000);

describe("no client can take the daemon along", () => {
  const filler = "x".repeat(2 * 1024 * 1024);
  const hello = { protocol: { min: 1, max: 1 }, client: { name: "clumsy", version: "1.0.0" } };

  test.each<[string, object[], string]>([
    ["a greeting of 2 MiB", [{ id: 1, method: "hello", params: { filler } }], "too_large"],
    ["a call before the greeting", [{ id: 1, method: "one/fixture.echo" }], "say hello first"],
    [
      "a context of 2 MiB",
      [
        { id: 1, method: "hello", params: hello },
        { id: 2, method: "one/fixture.echo", params: {}, ctx: { filler } },
      ],
      "too_large",
    ],
    [
      "a context that does not fit",
      [
        { id: 1, method: "hello", params: hello },
        { id: 2, method: "one/fixture.echo", params: {}, ctx: { ms: "soon" } },
      ],
      "invalid_params",
    ],
    [
      "the name of something else's method",
      [
        { id: 1, method: "hello", params: hello },
        { id: 2, method: "toString", params: {} },
      ],
      "method_not_found",
    ],
  ])("%s", async (_what, messages, answer) => {
    const daemon = new DaemonProcess(table("one"));
    const client = await daemon.up();
    const socket = net.connect(daemon.socket);
    let said = "";
    const answered = new Promise<void>((resolve) => {
      socket.on("data", (chunk) => {
        said += chunk.toString();
        if (said.includes(answer)) resolve();
      });
    });
    for (const message of messages) socket.write(frame(message));
    await answered;
    socket.destroy();
    expect(await client.call("one/fixture.echo", { fine: true })).toEqual({ fine: true });
    client.close();
  });

  test("half a surrogate pair in a log that somebody follows", async () => {
    const daemon = new DaemonProcess(table("one"));
    const client = await daemon.up();
    await client.control("plugin.wait", { plugin: "one", until: "ready" });
    const done = new AbortController();
    const seen: string[] = [];
    const following = client.follow(
      "log.read",
      {},
      ({ text }) => {
        seen.push(text);
        if (text.includes("half")) done.abort();
      },
      done.signal,
    );
    await client.call("one/fixture.say", { text: '{"level":"info","msg":"\\ud800 half"}' });
    await following;
    expect(seen.at(-1)).toBe("\ufffd half");
    client.close();
  });

  test("one that never reads, when the daemon is to stop", async () => {
    const daemon = new DaemonProcess(table("one"));
    const client = await daemon.up();
    await client.control("plugin.wait", { plugin: "one", until: "ready" });
    const socket = net.connect(daemon.socket);
    socket.write(frame({ id: 1, method: "hello", params: hello }));
    await new Promise((resolve) => socket.once("data", resolve));
    socket.pause();
    socket.write(frame({ id: 2, method: "one/fixture.big", params: { bytes: 32 * 1024 * 1024 } }));
    await client.call("one/fixture.echo");
    expect(await daemon.kill("SIGTERM")).toBe(0);
    socket.destroy();
  });
});

describe("many clients that do nothing good", () => {
  test("300 silent connections do not lock the operator out", async () => {
    const daemon = new DaemonProcess(table("one"));
    const first = await daemon.up();
    const silent = Array.from({ length: 300 }, () => net.connect(daemon.socket));
    for (const socket of silent) socket.on("error", () => undefined);
    await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
    const client = await daemon.client();
    expect(await client.call("one/fixture.echo", { fine: true })).toEqual({ fine: true });
    expect(await first.call("one/fixture.echo", { fine: true })).toEqual({ fine: true });
    for (const socket of silent) socket.destroy();
    client.close();
  });

  test("hundreds of requests for the past are taken a few at a time, and the rest refused", async () => {
    const daemon = new DaemonProcess(table("one"));
    const client = await daemon.up();
    await client.control("plugin.wait", { plugin: "one", until: "ready" });
    await client.call("one/fixture.flood", { lines: 20_000 });
    const greedy = await daemon.client();
    const answers = Promise.allSettled(
      Array.from({ length: 300 }, () => greedy.control("log.read", { plugin: "one", lines: 20_000 })),
    );
    for (let n = 0; n < 20; n++) expect(await client.call("one/fixture.echo", { n })).toEqual({ n });
    const refused = (await answers).filter(({ status }) => status === "rejected");
    expect(refused.length).toBeGreaterThan(200);
    expect((await client.control("daemon.status")).memoryBytes).toBeLessThan(700 * 1024 * 1024);
    greedy.close();
    client.close();
  }, 60_000);
});
