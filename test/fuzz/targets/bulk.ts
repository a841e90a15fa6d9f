/** JSON that refers to data beside it: read as values, and written out as text. */
import * as fc from "fast-check";
import { isUtf8 } from "node:buffer";
import { BadReference, pack, packPlain, plain, unpack } from "../../../src/wire/bulk.ts";
import { skipValue } from "../../../src/wire/json.ts";
import { WireViolation } from "../../../src/wire/violation.ts";
import { must, pure } from "../target.ts";
import type { Target } from "../target.ts";

/** The JSON, a NUL, and the data. */
function partsOf(input: Buffer): { json: Buffer; data: Buffer } {
  const end = input.indexOf(0);
  return end < 0
    ? { json: input, data: Buffer.alloc(0) }
    : { json: input.subarray(0, end), data: input.subarray(end + 1) };
}

/** Only what the scan has taken gets there. */
function isScanned(json: Buffer): boolean {
  try {
    return isUtf8(json) && skipValue(json, 0, 0, 100) === json.length;
  } catch (error) {
    if (error instanceof WireViolation) return false;
    throw error;
  }
}

function attempt<T>(what: () => T): { readonly value: T } | "refused" {
  try {
    return { value: what() };
  } catch (error) {
    if (!(error instanceof BadReference)) throw error;
    return "refused";
  }
}

function run(input: Buffer): void {
  const { json, data } = partsOf(input);
  if (!isScanned(json)) return;
  const text = attempt(() => plain(json, data));
  const values = attempt(() => unpack(json, data));
  if (text === "refused") {
    // Of members of one name the last counts for whoever parses; here the others must be sound too.
    const once = Buffer.from(JSON.stringify(JSON.parse(json.toString())));
    must(
      (attempt(() => plain(once, data)) === "refused") === (values === "refused"),
      "both ways refuse the same",
    );
    return;
  }
  must(text.value !== undefined, "without a bound there is none");
  must(values !== "refused", "what can be written as text can be read as values");
  const asText = packPlain(values.value);
  must(asText === JSON.stringify(JSON.parse(text.value.toString())), "both ways mean the same", {
    asText,
    text: text.value.toString(),
  });
  const { length } = text.value;
  must(
    plain(json, data, length)?.equals(text.value) === true && plain(json, data, length - 1) === undefined,
    "the bound is exact",
    length,
  );
  const again = pack(values.value);
  const packed =
    again.data === undefined ? JSON.parse(again.text) : unpack(Buffer.from(again.text), again.data);
  must(packPlain(packed) === asText, "what is packed again is the same", again.text);
}

const reference = fc
  .tuple(fc.nat({ max: 12 }), fc.nat({ max: 12 }))
  .map(([offset, length]) => ({ $bytes: [offset, length] }));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<unknown>(1, null, "a", "$bytes", ""),
    reference,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "$bytes", "__proto__", "toJSON"), tie("value"), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    fc.record({ $bytes: tie("value") }),
  ),
}));

export const bulk: Target = {
  name: "bulk",
  inputs: fc
    .tuple(value, fc.uint8Array({ minLength: 8, maxLength: 24 }))
    .map(([json, data]) => Buffer.concat([Buffer.from(JSON.stringify(json)), Buffer.of(0), data])),
  words: [
    '{"$bytes":[0,1]}',
    '"$bytes"',
    '"\\u0024bytes":',
    '"__proto__":',
    "[0,1]",
    '{"$bytes":',
    "\0",
    ",",
    '"toJSON":',
  ],
  covers: ["src/wire/bulk.ts"],
  tried: 4000,
  start: pure(run),
};
