/** What one client asks for in a second is bounded; what others ask for, and calls of plugins, are not bounded by that. */
import { expect, test } from "vitest";
import { BulkheadError } from "../../protocol/error.ts";
import { DaemonProcess, table } from "../helpers/daemon.ts";

const settings = "[daemon]\nmax_request_rate = 10\nmax_connection_rate = 20\n";

test("a client that asks for too much in a second is told when to ask again; others and its own calls go on", async () => {
  const daemon = new DaemonProcess(settings + table("one"));
  const client = await daemon.up();
  await client.control("plugin.wait", { plugin: "one", until: "ready" });
  const greedy = await daemon.client();

  const asked = Promise.allSettled(
    Array.from({ length: 40 }, () => greedy.control("log.read", { plugin: "one", lines: 1 })),
  );
  const calls = Array.from({ length: 500 }, (_, n) => greedy.call("one/fixture.echo", { n }));
  expect(await client.control("log.read", { plugin: "one", lines: 0 })).toEqual([]);
  expect(await Promise.all(calls)).toEqual(Array.from({ length: 500 }, (_, n) => ({ n })));

  const refused = (await asked).flatMap((each) =>
    each.status === "rejected" ? [each.reason as unknown] : [],
  );
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThanOrEqual(31);
  for (const error of refused) {
    if (!(error instanceof BulkheadError)) throw error;
    expect(error).toMatchObject({ code: "plugin_busy", settlement: "not_sent" });
    expect(error.message).toContain("max_request_rate");
    expect(error.data).toMatchObject({ retryAfterMs: expect.any(Number) });
  }
  greedy.close();
  client.close();
});

test("what is answered from memory counts for less", async () => {
  const daemon = new DaemonProcess(settings + table("one"));
  const client = await daemon.up();
  // As work they would be too many.
  for (let n = 0; n < 100; n++) await client.control("plugin.list");
  expect((await client.control("daemon.status")).clients).toBe(1);
  client.close();
});

test("those who come all at once get in one after the other", async () => {
  const daemon = new DaemonProcess(settings + table("one"));
  const client = await daemon.up();
  const others = await Promise.all(Array.from({ length: 40 }, () => daemon.client()));
  expect((await client.control("daemon.status")).clients).toBe(41);
  for (const each of [...others, client]) each.close();
});

test("a daemon stops while others wait to be let in", async () => {
  const daemon = new DaemonProcess("[daemon]\nmax_connection_rate = 1\n");
  const client = await daemon.up();
  const waiting = Array.from({ length: 5 }, () => daemon.client().catch(String));
  await client.control("daemon.status");
  expect(await daemon.kill("SIGTERM")).toBe(0);
  await Promise.all(waiting);
});
