/** Who is measured, by the names that `--only` takes. */
import path from "node:path";
import { bench, goPlugin } from "./places.ts";

/** What has to be there; `prepare` sees to it, or says why not. */
export type Need = "echo" | "go-plugin" | "mcp" | "conformance";

export interface Contestant {
  readonly name: string;
  readonly title: string;
  readonly needs: readonly Need[];
  readonly command: readonly [string, ...string[]];
  /** A "call" is a whole process, or more: there is no use in thousands of them before it counts. */
  readonly slow?: boolean;
}

const side = (file: string, ...args: string[]): [string, ...string[]] => [
  process.execPath,
  path.join(bench, file),
  ...args,
];

const own = (name: string, title: string, file: string, ...args: string[]): Contestant => ({
  name,
  title,
  needs: ["echo"],
  command: side(`sides/${file}.ts`, ...args),
});

export const library = own("library", "Bulkhead, library", "library");
const bulk = own("library-bulk", "Bulkhead, library, bulk data", "library", "bulk");
export const daemon = own("daemon", "Bulkhead, daemon", "daemon");
const daemonBulk = own("daemon-bulk", "Bulkhead, daemon, bulk data", "daemon", "bulk");

export const callers: readonly Contestant[] = [
  own("raw", "raw ping-pong", "raw"),
  library,
  bulk,
  own("vscode-jsonrpc", "vscode-jsonrpc", "vscode"),
  { name: "go-plugin-grpc", title: "go-plugin, gRPC", needs: ["go-plugin"], command: [goPlugin, "grpc"] },
  {
    name: "go-plugin-netrpc",
    title: "go-plugin, net/rpc",
    needs: ["go-plugin"],
    command: [goPlugin, "netrpc"],
  },
  { name: "mcp", title: "MCP SDK", needs: ["mcp"], command: side("peers/mcp.mjs") },
  { name: "fork", title: "child_process.fork", needs: [], command: side("sides/fork.ts") },
  { name: "worker", title: "worker thread", needs: [], command: side("sides/worker.ts") },
  own("raw-two-hop", "raw two-hop", "raw-two-hop"),
  daemon,
  daemonBulk,
  own("vscode-relay", "vscode-jsonrpc twice, zod", "vscode-relay"),
  own("fast-relay", "fast peers, parse, zod", "fast-relay"),
];

/** What contracts cost and streams save. */
export const contracts: readonly Contestant[] = [
  own("plain", "a plain call", "library"),
  own("typed", "a typed call", "library", "typed"),
  own("checked", "a call checked on the way", "library", "checked"),
  {
    name: "sdk-call",
    title: "a call of the C SDK",
    needs: ["conformance"],
    command: side("sides/sdk.ts", "calls"),
  },
  {
    name: "sdk-item",
    title: "an item of the C SDK",
    needs: ["conformance"],
    command: side("sides/sdk.ts", "items"),
  },
];

const slow = (contestant: Contestant): Contestant => ({ ...contestant, slow: true });

/** A "call" is a start. */
export const starts: readonly Contestant[] = [
  slow(own("start-bare", "spawn and handshake by hand", "start", "bare")),
  slow(own("start-plugin", "a plugin, to ready", "start", "plugin")),
  slow(own("start-supervisor", "a supervisor and its plugin, to ready", "start", "supervisor")),
];

/** A "call" is a program from its start to its end. */
export const commands: readonly Contestant[] = [
  slow({ name: "node", title: "node -e 0", needs: [], command: side("sides/run.ts", "node") }),
  slow(own("ps", "bulkhead ps", "run", "ps")),
];

export const many = (count: number): Contestant =>
  own(`${count} plugins`, `${count} plugins`, "many", String(count));

export const titles: Readonly<Record<string, string>> = Object.fromEntries(
  [...callers, ...contracts, ...starts, ...commands].map(({ name, title }) => [name, title]),
);
