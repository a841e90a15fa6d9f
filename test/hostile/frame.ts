/** Messages of a client that has no library to keep it from anything. */

export function frameOf(body: string | object): string {
  const text = typeof body === "string" ? body : JSON.stringify({ jsonrpc: "2.0", ...body });
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

export function hello(id: number): object {
  const params = { protocol: { min: 1, max: 1 }, client: { name: "hostile", version: "1.0.0" } };
  return { id, method: "hello", params };
}
