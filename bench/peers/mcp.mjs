// The MCP SDK, client and server, over stdio: a call is a call of a tool.
import path from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { payload } from "../payload.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";
import { versionOf } from "../versions.ts";

await serve(async () => {
  const client = new Client({ name: "bench", version: "1.0.0" });
  const server = path.join(import.meta.dirname, "mcp-server.mjs");
  // Its own bound of 10 MiB is the only one that the work goes beyond.
  const maxBufferSize = 64 * 1024 * 1024;
  const command = process.execPath;
  await client.connect(new StdioClientTransport({ command, args: [server], maxBufferSize }));
  return {
    about: { about: versionOf("@modelcontextprotocol/sdk", import.meta.url) },
    measure(work) {
      const { method, params, check } = payload(work.bytes);
      const resultOf = ({ content: [{ text }] }) => (method === "one" ? Number(text) : { text });
      const call = async () => check(resultOf(await client.callTool({ name: method, arguments: params })));
      return timed(call, work);
    },
    close: () => client.close(),
  };
});
