import { describe, expect, test } from "vitest";
import { ServedCalls } from "../../src/supervisor/services/served.ts";
import type { IncomingRequest } from "../../src/wire/peer.ts";
import { failure, fixture, supervise } from "../helpers/supervisor.ts";

interface Told {
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly data: { readonly code: string } };
}

describe("a service of the embedding program", () => {
  test("is called however much time the plugin gives it", async () => {
    const supervisor = await supervise({ one: fixture({}, { services: ["svc"] }) });
    await supervisor.provide("svc", { hi: () => "hi" });
    for (const ms of [3e9, 5e9, 1e300]) {
      const told = await supervisor.call("one/fixture.ask", { method: "svc.hi", parent: null, ms });
      expect(told).toEqual({ result: "hi" });
    }
  });

  test("is told when the time that the plugin gave it is over", async () => {
    const supervisor = await supervise({ one: fixture({}, { services: ["svc"] }) });
    const aborted = Promise.withResolvers<void>();
    await supervisor.provide("svc", {
      never: (_params, { signal }) => {
        signal.addEventListener("abort", () => aborted.resolve());
        return new Promise(() => undefined);
      },
    });
    const params = { method: "svc.never", ms: 20 };
    const told = (await supervisor.call("one/fixture.ask", params)) as Told;
    expect(told.error?.data.code).toBe("timeout");
    await aborted.promise;
  });
});

const request = (ctx: object): IncomingRequest => ({
  id: 1,
  method: "one/text.count",
  params: undefined,
  ctx: Buffer.from(JSON.stringify(ctx)),
  data: undefined,
  release: () => undefined,
  cancelled: false,
  onCancel: () => undefined,
  respond: () => undefined,
  passOn: () => undefined,
  fail: () => undefined,
  progress: () => undefined,
  item: () => true,
  onCredit: () => undefined,
});

describe("a client that calls for a request of the daemon", () => {
  test("keeps its own bound when that request has been answered already", () => {
    const served = new ServedCalls(() => 1000);
    expect(served.nest(request({ parent: 7, ms: 50 }), "client")).toMatchObject({
      lineage: { deadlineAt: 1050, hops: 0, events: 0 },
    });
    expect(served.nest(request({ parent: 7 }), "client")).toMatchObject({
      lineage: { deadlineAt: Infinity },
    });
  });
});

describe("host.storage", () => {
  test("alone is no method, and the answer names those that are", async () => {
    const supervisor = await supervise({ one: fixture({}, { services: ["host.storage"] }) });
    const told = (await supervisor.call("one/fixture.ask", { method: "host.storage" })) as Told;
    expect(told.error?.data.code).toBe("method_not_found");
    expect(told.error?.message).not.toContain("did you mean host.storage?");
  });
});

describe("a plugin that has never described itself", () => {
  test("is not waited for, when it crashes as it starts, until it is given up", async () => {
    const supervisor = await supervise({
      one: fixture({ exit: "3" }, { start: "lazy", restart: { min_delay: "1h", max_delay: "1h" } }),
    });
    const error = await failure(supervisor.describe("one"));
    expect([error.code, supervisor.status("one").state]).toEqual(["plugin_unavailable", "backoff"]);
    expect(error.report).toBeDefined();
  });
});
