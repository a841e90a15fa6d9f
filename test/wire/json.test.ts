import { isUtf8 } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { skipString } from "../../src/wire/json.ts";
import { scan } from "../../src/wire/scan.ts";
import { WireViolation } from "../../src/wire/violation.ts";

const ESCAPE =
  /\\(?:["\\/bfnrt]|u(?:[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?![dD][89a-fA-F])[0-9a-fA-F]{4}))/y;

/** What `skipString` is to say of the string that begins the bytes: one byte after the other, in the plainest way. */
function reference(bytes: Buffer): string {
  const text = bytes.toString("latin1");
  let i = 1;
  while (i < text.length) {
    if (text[i] === '"') return `ends at ${i + 1}`;
    if (text.charCodeAt(i) < 0x20) return `control character at ${i}`;
    if (text[i] === "\\") {
      ESCAPE.lastIndex = i;
      const escape = ESCAPE.exec(text)?.[0];
      if (escape === undefined) return `wrong escape at ${i}`;
      i += escape.length;
    } else {
      i++;
    }
  }
  return `no end at ${text.length}`;
}

const COMPLAINTS: Record<string, string> = {
  "no control character in a string": "control character",
  "the end of a string": "no end",
  "an escape of RFC 8259": "wrong escape",
  "no lone surrogate": "wrong escape",
  "four hexadecimal digits": "wrong escape",
};

function found(bytes: Buffer): string {
  try {
    return `ends at ${skipString(bytes, 0)}`;
  } catch (error) {
    if (!(error instanceof WireViolation) || error.reason !== "bad_json") throw error;
    const [, expected = "", place = ""] = /^expected (.*) at byte (\d+), found/.exec(error.detail) ?? [];
    let at = Number(place);
    if (expected === "four hexadecimal digits") {
      // Said of the digits: two bytes into the escape, or eight where they are those of a low surrogate.
      at -= /^\\u[dD][89abAB]..\\u$/s.test(bytes.toString("latin1", at - 8, at)) ? 8 : 2;
    }
    return `${COMPLAINTS[expected]} at ${at}`;
  }
}

/** The same bytes at another place within a word of memory, with quotes, escapes and control characters around. */
function placed(bytes: Buffer, skew: number): Buffer {
  const around = Buffer.from('"\\\n"\\\n"\\');
  const memory = Buffer.from(new Uint8Array([...around.subarray(0, 4 + skew), ...bytes, ...around]).buffer);
  return memory.subarray(4 + skew, 4 + skew + bytes.length);
}

/** Lengths about the borders at which another way of looking begins, and others. */
const length = fc.oneof(
  fc.nat({ max: 12 }),
  fc.integer({ min: 55, max: 75 }),
  fc.integer({ min: 1010, max: 1100 }),
  fc.nat({ max: 4000 }),
);
const filler = fc.constantFrom("a", " !#[]\x7f", "\u00e9", "\u6f22\u5b57", "\u{1f600}", "\\n", "\\u00e9");
const special = fc.oneof(
  fc.constantFrom("", "", '\\"', "\\\\", "\\/", "\\u00E9", "\\ud83d\\uDE00", "\\uFfFd", "\x7f", "\u2028"),
  fc.constantFrom(
    '"',
    "\n",
    "\0",
    "\x1f",
    "\\",
    "\\x",
    "\\u12",
    "\\u12g4",
    "\\ud83d",
    "\\ude00",
    "\\ud83d\\u0041",
    "\\ud83d\\uzz",
  ),
);
const rarelySpecial = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("", '\\"', "\\u00e9\\n") },
  { weight: 1, arbitrary: special },
);
const stretch = fc
  .tuple(filler, length, rarelySpecial)
  .map(([unit, bytes, after]) => unit.repeat(Math.ceil(bytes / Buffer.byteLength(unit))) + after);
const content = fc.array(stretch, { maxLength: 5 }).map((stretches) => stretches.join(""));

describe("skipString", () => {
  test("any byte at any place of a string, long or short", () => {
    const differences: string[] = [];
    const memory = Buffer.alloc(1300, "a");
    for (let skew = 0; skew < 4; skew++) {
      const bytes = memory.subarray(skew);
      bytes[0] = bytes[bytes.length - 1] = 0x22;
      for (let at = 1; at < bytes.length - 1; at++) {
        // All bytes where one way of looking gives way to another, and everywhere else those about the limits.
        const everywhere = at < 80 || (at > 1010 && at < 1110) || at > bytes.length - 20;
        for (let byte = 0; byte < 256; byte += everywhere ? 1 : 31) {
          bytes[at] = byte;
          let expected = `ends at ${bytes.length}`;
          if (byte === 0x22) expected = `ends at ${at + 1}`;
          else if (byte < 0x20) expected = `control character at ${at}`;
          else if (byte === 0x5c)
            expected = at < bytes.length - 2 ? `wrong escape at ${at}` : `no end at ${bytes.length}`;
          if (found(bytes) !== expected) differences.push(`${byte} at ${at}: ${expected}`);
        }
        bytes[at] = 0x61;
      }
      bytes.fill(0x61);
    }
    expect(differences).toEqual([]);
  });

  test("agrees with a look at one byte after the other, wherever the bytes lie and are cut", () => {
    fc.assert(
      fc.property(content, fc.nat({ max: 3 }), fc.option(fc.nat()), (text, skew, cut) => {
        const whole = Buffer.from(`"${text}",1`);
        const bytes = placed(cut === null ? whole : whole.subarray(0, (cut % whole.length) + 1), skew);
        expect(found(bytes)).toBe(reference(bytes));
      }),
      { numRuns: 3000 },
    );
  });

  test("takes and refuses the same long strings as JSON.parse, but for lone surrogates", () => {
    fc.assert(
      fc.property(content, fc.nat({ max: 3 }), (text, skew) => {
        let expected = true;
        try {
          const value: unknown = JSON.parse(`"${text}"`);
          expected = typeof value === "string" && value.isWellFormed();
        } catch {
          expected = false;
        }
        const bytes = placed(Buffer.from(`"${text}"`), skew);
        expect(found(bytes) === `ends at ${bytes.length}`).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test("broken UTF-8 is refused at any place of a long string, whatever else is in it", () => {
    const broken = fc.constantFrom(
      [0x80],
      [0xff],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xe6, 0xbc],
      [0xf0, 0x9f, 0x98],
    );
    const head = Buffer.from('{"jsonrpc":"2.0","id":1,"result":"');
    fc.assert(
      fc.property(content, fc.nat(), broken, (text, place, inserted) => {
        const bytes = Buffer.from(text);
        const at = place % (bytes.length + 1);
        const body = Buffer.concat([
          head,
          bytes.subarray(0, at),
          Buffer.from(inserted),
          bytes.subarray(at),
          Buffer.from('"}'),
        ]);
        // An insertion within a character may complete it.
        fc.pre(!isUtf8(body));
        expect(() => scan(body)).toThrow("not_utf8");
      }),
      { numRuns: 500 },
    );
  });

  test("a string of escapes alone, or with one quote escaped in every few bytes, costs no more than its bytes", () => {
    for (const unit of ["\\u6f22", "\\n", `${"a".repeat(19)}\\"`, `${"a".repeat(1100)}\\"`]) {
      const bytes = Buffer.from(`"${unit.repeat(Math.ceil(4_000_000 / unit.length))}"`);
      expect(skipString(bytes, 0)).toBe(bytes.length);
    }
  });

  test("many long strings in one message cost no more than their bytes", () => {
    const strings = Array.from({ length: 4000 }, () => `"${"a".repeat(1100)}"`).join(",");
    expect(scan(Buffer.from(`{"jsonrpc":"2.0","id":1,"result":[${strings},"\\n"]}`)).kind).toBe("result");
  });
});
