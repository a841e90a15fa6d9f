/** The other end of a plugin under test: vscode-jsonrpc's own streams, or frames as they come. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from "vscode-jsonrpc/node";
import { afterEach } from "vitest";

export const root = path.join(import.meta.dirname, "../..");
export const sdk = path.join(root, "protocol/sdk/typescript");

export const initialize = {
  protocol: { min: 1, max: 1 },
  host: { name: "test", version: "1.0.0" },
  plugin: "test",
  generation: 7,
  apis: [],
  services: ["host.storage"],
  limits: { frameBytes: 1_000_000, depth: 100, inFlight: 16 },
};

const running: ChildProcessWithoutNullStreams[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

export class Host {
  stderr = "";
  readonly child: ChildProcessWithoutNullStreams;
  readonly connection: MessageConnection;
  /** Exit status, or the name of a signal. */
  readonly left: Promise<number | string>;

  private constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.child = spawn(command, args, { stdio: "pipe", env: { ...process.env, ...env } });
    running.push(this.child);
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.left = once(this.child, "close").then(([code, signal]) => code ?? signal);
    const reader = new StreamMessageReader(this.child.stdout);
    this.connection = createMessageConnection(reader, new StreamMessageWriter(this.child.stdin));
    this.connection.listen();
  }

  static start(command: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Host {
    return new Host(command, args, env);
  }

  /** The file's plugin, run by the Node of the tests, and ready. */
  static async ready(file: string, config: object = {}, args: readonly string[] = []): Promise<Host> {
    const host = Host.start(process.execPath, [file, ...args]);
    await host.activate(config);
    return host;
  }

  /** What the plugin says of itself. */
  async activate(config: object = {}, apis: readonly object[] = []): Promise<Record<string, unknown>> {
    const description = await this.call<Record<string, unknown>>("initialize", initialize);
    await this.call("activate", { apis, config, dataDir: "/data" });
    return description;
  }

  /** Ends the plugin's input; its exit status. Then all of its stderr is there. */
  end(): Promise<number | string> {
    this.child.stdin.end();
    return this.left;
  }

  call<T = unknown>(method: string, params: object = {}): Promise<T> {
    return this.connection.sendRequest<T>(method, params);
  }

  /** The error of a call that must fail. */
  async failure(
    method: string,
    params: object = {},
  ): Promise<{ code: number; message: string; data: unknown }> {
    const outcome = await this.call(method, params).then(
      (value) => ({ value }),
      (error: { code: number; message: string; data: unknown }) => ({ error }),
    );
    if ("error" in outcome) return outcome.error;
    throw new Error(`expected an error, got ${JSON.stringify(outcome.value)}`);
  }
}
