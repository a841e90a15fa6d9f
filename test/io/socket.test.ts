import { once } from "node:events";
import { mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, listen, longestSocketPath } from "../../src/io/socket.ts";

let directory: string;
let socket: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "bulkhead-socket-"));
  socket = path.join(directory, "run", "daemon.sock");
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** Leaves a socket behind, as a process does that is killed. */
async function leaveStaleSocket(at: string): Promise<void> {
  const script = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
  await promisify(execFile)(process.execPath, ["-e", script, at]).catch(() => undefined);
}

describe("listening", () => {
  test("makes a private directory with a private socket, whatever the umask", async () => {
    const before = process.umask(0o000);
    try {
      const listener = await listen(socket, (client) => client.destroy());
      expect((await stat(path.dirname(socket))).mode & 0o777).toBe(0o700);
      expect((await stat(socket)).mode & 0o777).toBe(0o600);
      await listener.close();
    } finally {
      process.umask(before);
    }
  });

  test("accepts connections, and takes the socket away at the end", async () => {
    const listener = await listen(socket, (client) => client.end("hello"));
    const client = await connect(socket);
    const [data] = await once(client, "data");
    expect(String(data)).toBe("hello");
    client.destroy();
    await listener.close();
    await expect(stat(socket)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("replaces the socket of a process that died", async () => {
    await listen(socket, () => undefined).then((listener) => listener.close());
    await leaveStaleSocket(socket);
    await expect(connect(socket)).rejects.toMatchObject({ code: "daemon_unreachable" });
    const listener = await listen(socket, (client) => client.destroy());
    (await connect(socket)).destroy();
    await listener.close();
  });

  test("never takes a live socket", async () => {
    const listener = await listen(socket, (client) => client.destroy());
    await expect(listen(socket, () => undefined)).rejects.toMatchObject({ code: "already_running" });
    (await connect(socket)).destroy();
    await listener.close();
  });

  test("leaves alone what has taken its path meanwhile", async () => {
    const taker = Promise.withResolvers<string>();
    const listener = await listen(socket, () => taker.resolve("ours"));
    const other = net.createServer(() => taker.resolve("theirs"));
    other.listen(path.join(directory, "other.sock"));
    await once(other, "listening");
    await rename(path.join(directory, "other.sock"), socket);
    await listener.close();
    const client = await connect(socket);
    expect(await taker.promise).toBe("theirs");
    client.destroy();
    other.close();
  });

  test("refuses a path where there is something else", async () => {
    const file = path.join(directory, "notes.txt");
    await writeFile(file, "mine");
    await expect(listen(file, () => undefined)).rejects.toMatchObject({ code: "state_unusable" });
    await expect(stat(file)).resolves.toMatchObject({ size: 4 });
  });
});

describe("connecting", () => {
  test("names the path where nobody listens", async () => {
    await expect(connect(socket)).rejects.toMatchObject({
      code: "daemon_unreachable",
      message: `no daemon is running: there is no socket at ${socket}`,
    });
  });

  test("refuses a path that the system would cut short", async () => {
    const long = path.join(directory, "x".repeat(longestSocketPath));
    await expect(connect(long)).rejects.toMatchObject({ code: "usage" });
    await expect(listen(long, () => undefined)).rejects.toMatchObject({ code: "usage" });
  });
});

test("a listener whose path was removed or taken is not in place", async () => {
  const listener = await listen(socket, () => undefined);
  expect(await listener.isInPlace()).toBe(true);
  await rm(socket);
  expect(await listener.isInPlace()).toBe(false);
  const next = await listen(socket, () => undefined);
  expect(await listener.isInPlace()).toBe(false);
  await listener.close();
  expect(await next.isInPlace()).toBe(true);
  await next.close();
});
