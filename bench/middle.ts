/** A relay as a process, and a connection to it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

export interface Middle {
  readonly socket: Socket;
  readonly pid: number;
  readonly close: () => void;
}

/** @param args the program behind the relay, and its arguments */
export async function startMiddle(
  relay: "copy" | "vscode" | "fast",
  args: readonly string[],
): Promise<Middle> {
  const directory = mkdtempSync(path.join(tmpdir(), "bench-"));
  const listenAt = path.join(directory, "s");
  const file = path.join(import.meta.dirname, "relays", `${relay}.ts`);
  const child = spawn(process.execPath, [file, listenAt, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    const [first] = (await Promise.race([once(child.stdout, "data"), once(child, "exit")])) as unknown[];
    if (String(first) !== "listening\n") throw new Error(`the relay ${relay} did not start`);
    const socket = net.connect(listenAt);
    await once(socket, "connect");
    return {
      socket,
      pid: child.pid ?? 0,
      close() {
        socket.destroy();
        child.stdin.end();
      },
    };
  } finally {
    // Whoever is connected stays so.
    rmSync(directory, { recursive: true, force: true });
  }
}
