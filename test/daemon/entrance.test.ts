import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { displaced, Entrance } from "../../src/daemon/entrance.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A socket with an entrance; the clock stands, unless it is told to go. */
async function open(perSecond: number, clock?: () => number) {
  const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-entrance-"));
  const at = path.join(directory, "socket");
  const entered: net.Socket[] = [];
  /** By each of them. */
  const said: string[] = [];
  const refused: number[] = [];
  let wake = Promise.withResolvers<void>();
  const changed = (): void => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const entrance = new Entrance({
    perSecond,
    now: clock ?? (() => 0),
    enter: (socket) => {
      const index = entered.push(socket) - 1;
      said[index] = "";
      socket.on("data", (chunk) => {
        said[index] += String(chunk);
        changed();
      });
      changed();
    },
    onRefused: (count) => refused.push(count),
  });
  const server = net.createServer((socket) => {
    entrance.arrive(socket);
    socket.once("close", () => setImmediate(changed));
    changed();
  });
  server.listen(at);
  await once(server, "listening");
  closers.push(() => {
    entrance.close();
    server.close();
    for (const socket of entered) socket.destroy();
    rmSync(directory, { recursive: true });
  });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await wake.promise;
  };
  const connect = async (): Promise<net.Socket> => {
    const socket = net.connect(at);
    socket.on("error", () => undefined);
    closers.push(() => socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  return { entrance, entered, said, refused, until, connect };
}

describe("the entrance", () => {
  test("lets so many in at once, and the next waits, with all that it says", async () => {
    let now = 0;
    const { entrance, entered, said, until, connect } = await open(2, () => now);
    await connect();
    await connect();
    const third = await connect();
    await until(() => entrance.waiting === 1);
    expect(entered).toHaveLength(2);
    const text = "hello ".repeat(20_000);
    third.write(text);
    now = 60_000;
    await until(() => entered.length === 3);
    await until(() => said[2]!.length === text.length);
    expect(said[2]).toBe(text);
    entered[2]!.write("welcome");
    const [answer] = await once(third, "data");
    expect(String(answer)).toBe("welcome");
  });

  test("lets all in who wait, in the order in which they came", async () => {
    const { said, until, connect } = await open(100, () => performance.now());
    const sockets: net.Socket[] = [];
    for (let n = 0; n < 130; n++) {
      const socket = await connect();
      socket.write(`${n}.`);
      sockets.push(socket);
    }
    await until(() => said.length === sockets.length && !said.includes(""));
    expect(said).toEqual(sockets.map((_, n) => `${n}.`));
  });

  test("who leaves while it waits takes nobody's turn", async () => {
    const { entrance, entered, until, connect } = await open(1);
    await connect();
    const waiting = [await connect(), await connect(), await connect()];
    await until(() => entrance.waiting === 3);
    waiting[0]!.destroy();
    await until(() => entrance.waiting === 2);
    // It has said something, too.
    waiting[2]!.end("hello");
    await until(() => entrance.waiting === 1);
    waiting[1]!.end();
    await until(() => entrance.waiting === 0);
    expect(entered).toHaveLength(1);
  });

  test("beyond those who may wait, a newcomer is told and hung up on", async () => {
    const { entrance, refused, until, connect } = await open(1);
    for (let n = 0; n < 601; n++) await connect();
    await until(() => entrance.waiting === 600);
    for (let n = 0; n < 2; n++) {
      const one = await connect();
      let said = "";
      one.on("data", (chunk) => (said += String(chunk)));
      await once(one, "close");
      expect(said).toMatch(/^Content-Length: \d+\r\n\r\n\{"jsonrpc":"2.0","id":null,"error":/);
      expect(said).toContain('"plugin_busy"');
      expect(said).toContain('"retryAfterMs":600000');
    }
    expect(entrance.waiting).toBe(600);
    // Told once a second: in this test it is always the same one.
    expect(refused).toEqual([1]);
  });

  test("that is closed hangs up on those who wait", async () => {
    const { entrance, until, connect } = await open(1);
    await connect();
    const waiting = await connect();
    await until(() => entrance.waiting === 1);
    waiting.resume();
    const closed = once(waiting, "close");
    entrance.close();
    await closed;
    expect(entrance.waiting).toBe(0);
  });
});

describe("who makes room for one more", () => {
  const now = 100_000;
  const client = (name: string | null, ageMs: number) => ({ client: name, since: now - ageMs });

  test("is the oldest of those without a greeting", () => {
    const present = [client("old", 90_000), client(null, 5000), client(null, 4000), client("new", 1)];
    expect(displaced(present, now)).toBe(present[1]);
  });

  test("else the oldest of those that have just come", () => {
    const present = [client("old", 90_000), client("storm", 3000), client("storm", 2000)];
    expect(displaced(present, now)).toBe(present[1]);
  });

  test("else the oldest", () => {
    const present = [client("old", 90_000), client("settled", 20_000)];
    expect(displaced(present, now)).toBe(present[0]);
  });
});
