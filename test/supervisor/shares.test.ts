/** Several clients of one plugin: none takes all of it. */
import { afterEach, expect, test } from "vitest";
import { Shares } from "../../src/supervisor/shares.ts";
import type { CallOutcome, RoutedCall } from "../../src/supervisor/call.ts";
import type { Supervisor } from "../../src/supervisor/supervisor.ts";
import { fixture, supervise } from "../helpers/supervisor.ts";

const window = 8;

const callers: Caller[] = [];
// A supervisor that is closed gives calls the time that they need.
afterEach(() => {
  for (const caller of callers.splice(0)) caller.leave();
});

/** A client as the daemon has it: whatever it calls is called with the same object. */
class Caller {
  readonly #supervisor: Supervisor;
  readonly #client = {};
  readonly #calls: RoutedCall[] = [];

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
    callers.push(this);
  }

  call(target: string): { call: RoutedCall; outcome: Promise<CallOutcome> } {
    const settled = Promise.withResolvers<CallOutcome>();
    const options = { client: this.#client };
    const call = this.#supervisor.route(target, Buffer.from("{}"), options, settled.resolve);
    this.#calls.push(call);
    return { call, outcome: settled.promise };
  }

  /** Waits for nothing any more. */
  leave(): void {
    for (const call of this.#calls) call.cancel();
  }

  /** The code of the error, or `answered`. */
  async told(target: string): Promise<unknown> {
    const outcome = await this.call(target).outcome;
    if ("result" in outcome) return "answered";
    const { data } = outcome.error;
    return typeof data === "object" && data !== null && "code" in data ? data.code : outcome.error;
  }
}

test("a client that is alone has the whole window, and no more", async () => {
  const supervisor = await supervise({ one: fixture({}, { limits: { in_flight: window } }) });
  await supervisor.wait("one", "ready");
  const caller = new Caller(supervisor);
  for (let n = 0; n < window; n++) caller.call("one/fixture.hang");
  expect(supervisor.status("one").calls.inFlight).toBe(window);
  expect(await caller.told("one/fixture.echo")).toBe("plugin_busy");
});

test("one client has the whole window, and the calls of another one are answered", async () => {
  const supervisor = await supervise({ one: fixture({}, { limits: { in_flight: window } }) });
  await supervisor.wait("one", "ready");
  const [first, second] = [new Caller(supervisor), new Caller(supervisor)];
  for (let n = 0; n < window; n++) first.call("one/fixture.hang");
  for (let n = 0; n < 2 * window; n++) expect(await second.told("one/fixture.echo")).toBe("answered");
  expect(await first.told("one/fixture.echo")).toBe("plugin_busy");
});

test("one client has the whole window, and so the calls of the program that embeds the supervisor are answered", async () => {
  const supervisor = await supervise({ one: fixture({}, { limits: { in_flight: window } }) });
  await supervisor.wait("one", "ready");
  const first = new Caller(supervisor);
  for (let n = 0; n < window; n++) first.call("one/fixture.hang");
  expect(await supervisor.call("one/fixture.echo", { fine: true })).toEqual({ fine: true });
});

test("calls that a client gave up on stay its own until the plugin has answered them", async () => {
  const supervisor = await supervise({ one: fixture({}, { limits: { in_flight: window } }) });
  await supervisor.wait("one", "ready");
  const [first, second] = [new Caller(supervisor), new Caller(supervisor)];
  const calls = Array.from({ length: window }, () => first.call("one/fixture.hang"));
  // All of them have been sent.
  expect(await second.told("one/fixture.echo")).toBe("answered");
  for (const { call } of calls) call.cancel();
  expect(await first.told("one/fixture.echo")).toBe("plugin_busy");
  expect(await second.told("one/fixture.echo")).toBe("answered");
});

test("and from then on no more, however often it answers", () => {
  const shares = new Shares();
  const [share, other] = [shares.of({}), shares.of({})];
  share.calls = 2;
  other.calls = 1;
  shares.settled(share, 1, { settlement: "maybe_executed", cause: "cancelled" });
  shares.settled(share, 2, { settlement: "maybe_executed", cause: "timeout", timeout: "idle" });
  expect([share.calls, other.calls]).toEqual([2, 1]);
  for (const id of [1, 1, 3]) shares.forget(id);
  expect([share.calls, other.calls]).toEqual([1, 1]);
  shares.settled(other, 3, { settlement: "answered", result: Buffer.from("1") });
  expect([share.calls, other.calls]).toEqual([1, 0]);
});

test("one client takes all the places where calls wait for a start, and another one's call waits as well", async () => {
  const entry = fixture({ initialize: "never" }, { limits: { waiting: window } });
  const supervisor = await supervise({ one: entry });
  const [first, second] = [new Caller(supervisor), new Caller(supervisor)];
  const calls = Array.from({ length: window }, () => first.call("one/fixture.echo"));
  expect(await first.told("one/fixture.echo")).toBe("plugin_busy");
  const other = second.call("one/fixture.echo");
  expect(supervisor.status("one").calls.waiting).toBe(window + 1);
  // Who leaves makes room.
  for (const { call } of [...calls, other]) call.cancel();
  await Promise.all([...calls, other].map(({ outcome }) => outcome));
  first.call("one/fixture.echo");
  expect(supervisor.status("one").calls.waiting).toBe(1);
});
