/** Bytes: a Uint8Array in handlers, base64 text (RFC 4648, section 4) in JSON, where they do not travel beside it. */
import { z } from "zod";

const type = z
  .unknown()
  .check((payload) => {
    const { value } = payload;
    const read = typeof value === "string" ? fromBase64(value) : value;
    if (read instanceof Uint8Array) payload.value = read;
    else {
      const message = typeof value === "string" ? "must be base64 text" : "expected bytes";
      payload.issues.push({ code: "custom", input: value, message });
    }
  })
  .meta({ type: "string", contentEncoding: "base64" });

/**
 * The schema of bytes: their value is a Uint8Array, however they came. It is often a view of a larger buffer, the frame
 * that it came in: copy (`slice`) what is kept for long.
 */
export function bytes(): z.ZodType<Uint8Array, Uint8Array> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the text is the wire's affair, not a handler's
  return type as unknown as z.ZodType<Uint8Array, Uint8Array>;
}

/** Strict, with padding; undefined for any other text. */
function fromBase64(text: string): Uint8Array | undefined {
  const decoded = Buffer.from(text, "base64");
  const { length } = decoded;
  // What is short lies in a memory that Node shares out.
  const read =
    decoded.buffer.byteLength === length ? new Uint8Array(decoded.buffer) : new Uint8Array(decoded);
  // Buffer skips what is not base64, so that less comes out; but it takes the URL's alphabet, and bits that nobody wrote.
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const isWhole = length === (text.length / 4) * 3 - padding;
  if (!isWhole || text.includes("-") || text.includes("_")) return undefined;
  const last = length - (length % 3 === 0 ? 3 : length % 3);
  return length === 0 || toBase64(read.subarray(last)) === text.slice(-4) ? read : undefined;
}

export function toBase64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}
