/** A real daemon, as it is installed, with a state directory that goes with it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "../src/client/client.ts";
import { statePaths } from "../src/io/paths.ts";
import { echo, launcher } from "./places.ts";

export interface DaemonProcess {
  readonly client: Client;
  readonly pid: number;
  readonly stateDir: string;
  readonly close: () => Promise<void>;
}

/** Resolves when its one plugin, `echo`, is ready. */
export async function startDaemon(): Promise<DaemonProcess> {
  const directory = mkdtempSync(path.join(tmpdir(), "bench-"));
  const config = path.join(directory, "bulkhead.toml");
  const stateDir = path.join(directory, "state");
  writeFileSync(config, `[plugins.echo]\ncommand = ${JSON.stringify(echo)}\n`);
  const args = [launcher, "up", "--config", config, "--state-dir", stateDir];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  // A side that fails leaves nothing behind.
  process.once("exit", () => child.kill());
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.once("exit", () => reject(new Error(`Error: the daemon left: ${said}`)));
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("listening at")) resolve();
    });
  });
  const client = await Client.connect({ socket: statePaths({ flag: stateDir, env: {} }).socket });
  await client.control("plugin.wait", { plugin: "echo", until: "ready" });
  return {
    client,
    pid: child.pid ?? 0,
    stateDir,
    async close() {
      client.close();
      const gone = once(child, "exit");
      child.kill();
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
