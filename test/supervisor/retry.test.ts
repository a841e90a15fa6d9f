import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
afterAll(() => rmSync(directory, { recursive: true }));

const quick = { restart: { min_delay: "5ms", max_failures: 100 } };
const retry = { retry: true } as const;

test("an idempotent call that a crash took along is sent again once the plugin serves", async () => {
  const once = path.join(directory, "once");
  const supervisor = await supervise({ one: fixture({ idempotent: "dieOnce", once }, quick) });
  expect(await supervisor.call("one/fixture.dieOnce", {}, retry)).toBe("alive");
  expect(supervisor.status("one")).toMatchObject({ restarts: 1, calls: { answered: 1, failed: 0 } });
});

test("three times at most, and the error tells how often it was sent", async () => {
  const supervisor = await supervise({
    one: fixture({ idempotent: "die" }, { ...quick, quarantine: false }),
  });
  const error = await failure(supervisor.call("one/fixture.die", { signal: "SIGKILL" }, retry));
  expect(error).toMatchObject({ code: "plugin_crashed", settlement: "maybe_executed" });
  expect(error.data).toMatchObject({ attempts: 4 });
  expect(await supervisor.journal.crashes({ plugin: "one" })).toHaveLength(4);
});

test("what is quarantined meanwhile is not sent once more", async () => {
  const supervisor = await supervise({ one: fixture({ idempotent: "die" }, quick) });
  const error = await failure(supervisor.call("one/fixture.die", { signal: "SIGKILL" }, retry));
  expect(error).toMatchObject({ code: "quarantined", settlement: "maybe_executed" });
  expect(error.data).toMatchObject({ attempts: 3 });
});

test("a method that does not say that it is idempotent is refused unsent, and so is a stream", async () => {
  const supervisor = await supervise({ one: fixture({}, quick) });
  const error = await failure(supervisor.call("one/fixture.echo", {}, retry));
  expect(error).toMatchObject({ code: "invalid_params", settlement: "not_sent" });
  expect(error.message).toContain("idempotent");
  expect((await failure(supervisor.stream("one/fixture.count", {}, retry).result)).code).toBe(
    "invalid_params",
  );
});

test("its own total time is the end of it, whether the plugin comes back or not", async () => {
  const supervisor = await supervise({
    one: fixture({ idempotent: "die" }, { restart: { min_delay: "1h", max_delay: "1h" } }),
  });
  await supervisor.wait("one", "ready");
  const error = await failure(
    supervisor.call("one/fixture.die", { signal: "SIGKILL" }, { ...retry, timeout: 500 }),
  );
  expect(error).toMatchObject({ code: "timeout", settlement: "maybe_executed" });
});

test("a timeout is no crash: it is not sent again", async () => {
  const supervisor = await supervise({ one: fixture({ idempotent: "hang" }, quick) });
  await supervisor.wait("one", "ready");
  const error = await failure(supervisor.call("one/fixture.hang", {}, { ...retry, timeout: 50 }));
  expect(error.code).toBe("timeout");
  expect(error.data).toMatchObject({ attempts: 1 });
});

test("while it waits for the plugin it can be cancelled, and ends when the plugin will not come back", async () => {
  const supervisor = await supervise({
    one: fixture({ idempotent: "die" }, { restart: { min_delay: "1h", max_delay: "1h" } }),
  });
  await supervisor.wait("one", "ready");
  const waits = event(supervisor, "plugin.state", ({ to }) => to === "backoff");
  const cancelling = new AbortController();
  const [cancelled, stopped] = [
    { signal: "SIGKILL", n: 1 },
    { signal: "SIGKILL", n: 2 },
  ].map((params, n) =>
    failure(
      supervisor.call("one/fixture.die", params, n === 0 ? { ...retry, signal: cancelling.signal } : retry),
    ),
  );
  await waits;
  cancelling.abort();
  expect(await cancelled).toMatchObject({ code: "cancelled", settlement: "maybe_executed" });
  await supervisor.stop("one");
  expect(await stopped).toMatchObject({ code: "plugin_unavailable", settlement: "maybe_executed" });
});
