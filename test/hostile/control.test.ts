/** Attacks on the control socket: the daemon serves on, and the operator still gets in. */
import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attacks } from "./attacks.ts";
import type { Attack } from "./attacks.ts";
import { act, bounds, answered } from "./behaviour.ts";
import type { Behaviour } from "./behaviour.ts";
import { frameOf, hello } from "./frame.ts";
import { HostileDaemon } from "./hostile-daemon.ts";
import type { World } from "./survive.ts";
import { withoutTools } from "./suite.ts";

const chatty: Behaviour = {
  name: "writes much to its log",
  does: act("repeat", "200000", "cry", `${"w".repeat(80)}\\n`, "answer"),
  sees: answered,
  report: null,
  state: "serving",
};

const window = 8;
const silent: Behaviour = {
  name: "never answers",
  does: act(),
  limits: { in_flight: window },
  sees: answered,
  report: null,
  state: "serving",
};

describe.skipIf(withoutTools)("the daemon survives a client that sends", () => {
  const daemon = new HostileDaemon([chatty, silent]);
  let world: World;
  beforeAll(async () => {
    world = { daemon, ...(await daemon.up()) };
    for (const plugin of ["h0", "h1"]) {
      await world.client.control("plugin.start", { plugin });
      await world.client.control("plugin.wait", { plugin, until: "ready" });
    }
  });
  afterAll(async () => {
    await daemon.down("SIGKILL");
    daemon.remove();
  });

  test.each(attacks)("$name", async (attack) => {
    const connections = attack.connections ?? 1;
    await expectUnnoticed(async () => {
      await Promise.all(Array.from({ length: connections }, () => attacked(attack)));
    });
  });

  test("requests, and reads nothing of what it follows", async () => {
    await expectUnnoticed(async () => {
      const socket = await greeted();
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.write(frameOf({ id: 2, method: "log.read", params: { plugin: "h0", lines: 1, follow: true } }));
      // The past is there: from here on it follows.
      await new Promise((resolve) => socket.once("data", resolve));
      socket.pause();
      await world.client.call("h0/hostile.act");
      // What is still on its way is taken, and then the end.
      socket.resume();
      await closed;
    });
  });

  test("so many calls of a plugin that its window is full, while another client calls that plugin", async () => {
    const socket = await greeted();
    const calls = Array.from({ length: window }, (_, n) => frameOf({ id: n + 2, method: "h1/hostile.act" }));
    socket.write(calls.join("") + frameOf({ id: 1000, method: "daemon.status" }));
    // It is answered when the calls have been taken.
    await new Promise((resolve) => socket.once("data", resolve));
    try {
      expect(await world.client.call("h1/hostile.echo")).toEqual({ worked: false });
    } finally {
      socket.destroy();
    }
  });

  test("greetings, and leaves, all the time and on many connections, while the operator comes", async () => {
    await expectUnnoticed(async () => {
      const storm = Promise.all(Array.from({ length: 32 }, () => comeAndGo(40)));
      const operator = await daemon.client();
      expect((await operator.control("plugin.list")).length).toBe(3);
      operator.close();
      await storm;
    });
  });

  test("and stops when it is told to", async () => {
    await world.neighbour.stop();
    expect(await daemon.down()).toBe(0);
  });

  /** Meanwhile the neighbour is served; afterwards the operator gets in, and the daemon is as it was. */
  async function expectUnnoticed(attack: () => Promise<void>): Promise<void> {
    const { client, neighbour } = world;
    const { residentBytes } = await daemon.gauge();
    const failuresBefore = neighbour.failures.length;
    await attack();
    await neighbour.next();
    expect(neighbour.failures.slice(failuresBefore)).toEqual([]);
    const operator = await daemon.client();
    for (const each of [client, operator])
      expect((await each.control("daemon.status")).journal.ok).toBe(true);
    operator.close();
    const { peakBytes, delayMs } = await daemon.gauge();
    expect(peakBytes - residentBytes).toBeLessThan(bounds.memoryBytes);
    expect(delayMs).toBeLessThan(bounds.delayMs);
  }

  /** A connection that has said hello. */
  async function greeted(): Promise<net.Socket> {
    const socket = net.connect(daemon.socket);
    socket.on("error", () => undefined);
    socket.write(frameOf(hello(1)));
    await new Promise((resolve) => socket.once("data", resolve));
    return socket;
  }

  async function comeAndGo(times: number): Promise<void> {
    for (let n = 0; n < times; n++) (await greeted()).destroy();
  }

  /** Resolves when what should be seen was seen, and the connection is over. */
  function attacked({ sends, sees }: Attack): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(daemon.socket);
      let said = "";
      let done = sees === "cut off";
      socket.on("data", (chunk) => {
        said += chunk.toString("latin1");
        if (typeof sees === "string" || !sees.answer.test(said)) return;
        done = true;
        socket.destroy();
      });
      // A reset is as good as an end.
      socket.on("error", () => undefined);
      socket.once("close", () => {
        if (done) resolve();
        else reject(new Error(`it was cut off, and told: ${said}`));
      });
      socket.once("connect", () => {
        const pieces = sends();
        for (const piece of pieces) socket.write(piece);
        if (sees !== "nothing") return;
        done = true;
        socket.end(() => socket.destroy());
      });
    });
  }
});
