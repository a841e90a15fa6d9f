/** Drives one behaviour in a running daemon, and checks all that must hold whatever a plugin does. */
import { expect } from "vitest";
import { BulkheadError } from "../../protocol/error.ts";
import type { CrashReport } from "../../protocol/state.ts";
import type { Client } from "../../src/client/client.ts";
import { reasonOf } from "./behaviour.ts";
import type { Behaviour, Reported, Sees } from "./behaviour.ts";
import type { HostileDaemon } from "./hostile-daemon.ts";
import type { Neighbour } from "./neighbour.ts";
import { vanished } from "./processes.ts";

export interface World {
  readonly daemon: HostileDaemon;
  readonly client: Client;
  readonly neighbour: Neighbour;
}

/** What one behaviour cost the daemon. */
export interface Cost {
  readonly memoryBytes: number;
  readonly delayMs: number;
}

export async function survive(world: World, behaviour: Behaviour): Promise<Cost> {
  const { daemon, neighbour } = world;
  const id = daemon.idOf(behaviour);
  const { residentBytes } = await daemon.gauge();
  const failuresBefore = neighbour.failures.length;
  try {
    await behaves(world, behaviour, id);
    await neighbour.next();
  } finally {
    await world.client.control("plugin.stop", { plugin: id });
    await vanished(daemon.markOf(id));
  }
  await neighbour.next();
  expect(neighbour.failures.slice(failuresBefore)).toEqual([]);

  const { peakBytes, delayMs } = await daemon.gauge();
  return { memoryBytes: Math.max(0, peakBytes - residentBytes), delayMs };
}

/** What its caller sees, what is reported, and the state that follows are those of the table. */
async function behaves(world: World, behaviour: Behaviour, id: string): Promise<void> {
  const { daemon, client } = world;
  const { seen, report: named } = await provoke(world, behaviour, id);
  expectSeen(seen, behaviour.sees);
  if (behaviour.report === null) {
    const { state, lastCrash } = await client.control("plugin.status", { plugin: id });
    expect({ state, lastCrash }).toEqual({ state: behaviour.state, lastCrash: null });
    return;
  }
  const crash = await reportOf(world, id, 1);
  expect(inTable(crash)).toEqual(behaviour.report);
  if (named !== undefined) expect(named).toBe(crash.id);
  if (behaviour.afterwards !== undefined)
    expect(inTable(await reportOf(world, id, 2))).toEqual(behaviour.afterwards);
  await daemon.in(id, behaviour.state);
}

/** What a caller was told: the value, or the error. */
type Seen = { readonly result: unknown } | { readonly error: BulkheadError };

interface Provoked {
  readonly seen: Seen;
  /** The report that the caller's error names. */
  readonly report: string | undefined;
}

async function provoke(world: World, behaviour: Behaviour, id: string): Promise<Provoked> {
  const { client, daemon } = world;
  const { asked, timeouts } = behaviour;
  // Its start is not to be taken for its slowness.
  if (timeouts?.["call"] !== undefined) {
    await client.control("plugin.start", { plugin: id });
    await client.control("plugin.wait", { plugin: id, until: "ready" });
  }
  switch (asked?.kind) {
    case undefined:
      return told(client.call(`${id}/hostile.act`));
    case "stream":
      return told(drained(client, id, asked.credit));
    case "calls": {
      const filler = "x".repeat(asked.bytes);
      const calls = Array.from({ length: asked.count }, () =>
        told(client.call(`${id}/hostile.act`, { filler })),
      );
      const [first] = await Promise.all(calls);
      if (first === undefined) throw new Error("no call was asked for");
      return first;
    }
    case "again": {
      const first = await told(client.call(`${id}/hostile.act`));
      // What was written to a pipe that nobody holds any more tells that; a first one may be on its way yet.
      for (let next = first; "result" in next.seen;) next = await told(client.call(`${id}/hostile.echo`));
      return first;
    }
    case "stopped": {
      const call = told(client.call(`${id}/hostile.act`));
      await daemon.event("session.state", ({ plugin, to }) => plugin === id && to === "ready");
      await client.control("plugin.stop", { plugin: id });
      return call;
    }
  }
}

async function drained(client: Client, id: string, credit: number): Promise<unknown> {
  const stream = client.stream(`${id}/hostile.watch`, {}, { credit });
  let items = 0;
  for await (const item of stream) items += item.seq >= 0 ? 1 : 0;
  return { items, result: await stream.result };
}

async function told(call: Promise<unknown>): Promise<Provoked> {
  try {
    return { seen: { result: await call }, report: undefined };
  } catch (error) {
    if (!(error instanceof BulkheadError)) throw error;
    return { seen: { error }, report: error.report };
  }
}

function expectSeen(seen: Seen, expected: Sees): void {
  if ("result" in expected) {
    expect("error" in seen ? seen.error : seen.result).toEqual(expected.result);
    return;
  }
  if (!("error" in seen)) throw new Error(`the caller was answered: ${JSON.stringify(seen.result)}`);
  const { code, number, settlement, message } = seen.error;
  const error = typeof expected.error === "number" ? number : code;
  expect({ error, settlement, message }).toEqual({
    error: expected.error,
    settlement: expected.settlement,
    message: expected.message === undefined ? message : expect.stringMatching(expected.message),
  });
}

/** Of one of its lives. It is in the journal when it is heard of. */
async function reportOf({ daemon, client }: World, id: string, life: number): Promise<CrashReport> {
  const { report } = await daemon.event(
    "session.crash",
    ({ plugin, generation }) => plugin === id && generation === life,
  );
  const crash = await client.control("crash.get", { id: report });
  expect(crash.durable).toBe(true);
  return crash;
}

const inTable = (crash: CrashReport): Reported => ({
  class: crash.class,
  reason: reasonOf(crash.cause, crash.exit),
});
