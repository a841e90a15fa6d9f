/** What has to be said to a plugin until it is ready, by hand: the least that any supervisor does. */
import type { Readable, Writable } from "node:stream";

const requests = [
  { method: "initialize", params: { protocol: { min: 1, max: 1 }, host: { name: "bench", version: "1" } } },
  { method: "activate", params: { config: {} } },
];

/** Resolves when the plugin has answered the last of them. */
export async function handshake(input: Readable, output: Writable): Promise<void> {
  let received = Buffer.alloc(0);
  let onFrame: ((body: string) => void) | undefined;
  input.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    const end = received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(received.subarray("Content-Length: ".length, end).toString());
    if (received.length < end + 4 + length) return;
    const body = received.subarray(end + 4, end + 4 + length).toString();
    received = received.subarray(end + 4 + length);
    onFrame?.(body);
  });
  for (const [index, request] of requests.entries()) {
    const answered = new Promise<string>((resolve) => {
      onFrame = resolve;
    });
    const body = JSON.stringify({ jsonrpc: "2.0", id: index + 1, ...request });
    output.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
    const answer = JSON.parse(await answered) as { result?: unknown };
    if (answer.result === undefined) throw new Error(`not answered: ${request.method}`);
  }
}
