// The server of the MCP SDK that mcp.mjs calls: the echo's two methods as tools.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const server = new McpServer({ name: "echo", version: "1.0.0" });
const said = (text) => ({ content: [{ type: "text", text }] });
server.registerTool("one", { inputSchema: { a: z.number(), b: z.number() } }, () => said("1"));
server.registerTool("back", { inputSchema: { text: z.string() } }, ({ text }) => said(text));
// Its own bound of 10 MiB is the only one that the work goes beyond.
const maxBufferSize = 64 * 1024 * 1024;
await server.connect(new StdioServerTransport(process.stdin, process.stdout, { maxBufferSize }));
