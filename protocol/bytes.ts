/**
 * Bytes in contracts. To a program they are a Uint8Array; in JSON they are base64 text (RFC 4648, section 4), unless they
 * travel beside it: README.md, "Bulk data".
 */
import { z } from "zod";

const type = z
  .unknown()
  .check((payload) => {
    const { value } = payload;
    const read = typeof value === "string" ? fromBase64(value) : value;
    if (isBytes(read)) payload.value = read;
    else {
      const message = typeof value === "string" ? "must be base64 text" : "expected bytes";
      payload.issues.push({ code: "custom", input: value, message });
    }
  })
  .meta({ type: "string", contentEncoding: "base64" });

/**
 * Bytes: their value is a Uint8Array. Base64 text is taken as well, for that is what comes from a plugin that does not
 * send bulk data. The array is often a view of a larger buffer, the frame that it came in: copy (`slice`) what is kept
 * for long.
 */
export function bytes(): z.ZodType<Uint8Array, Uint8Array> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- text is for what comes, which no program writes
  return type as unknown as z.ZodType<Uint8Array, Uint8Array>;
}

/** Whether there are `bytes()` in the values before (`input`) or after (`output`) a schema has parsed them. */
export function hasBytes(schema: z.ZodType, io: "input" | "output"): boolean {
  let found = false;
  // The walk is what is wanted of it.
  z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override: ({ zodSchema }) => {
      // `describe`, `meta` and `refine` wrap what they are said of.
      for (let each: z.core.$ZodType | undefined = zodSchema; each !== undefined; each = each._zod.parent) {
        found ||= each === type;
      }
    },
  });
  return found;
}

/** Of whatever realm: a test runner's globals may be others than those of the program. */
function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]";
}

/** Strict, with padding; undefined for any other text. */
function fromBase64(text: string): Uint8Array | undefined {
  const decoded = Buffer.from(text, "base64");
  const { length } = decoded;
  // What is short lies in a memory that Node shares out.
  const bytes =
    decoded.buffer.byteLength === length ? new Uint8Array(decoded.buffer) : new Uint8Array(decoded);
  // Buffer skips what is not base64, so that less comes out; but it takes the URL's alphabet, and bits that nobody wrote.
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const isWhole = length === (text.length / 4) * 3 - padding;
  if (!isWhole || text.includes("-") || text.includes("_")) return undefined;
  const last = length - (length % 3 === 0 ? 3 : length % 3);
  return length === 0 || toBase64(bytes.subarray(last)) === text.slice(-4) ? bytes : undefined;
}

function toBase64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

/** A value that came, with base64 text in place of its bytes. */
export function inText(value: unknown): unknown {
  if (isBytes(value)) return toBase64(value);
  if (Array.isArray(value)) return value.map(inText);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inText(each)]));
}
