import { excerpt, WireViolation } from "./violation.ts";

/** A view of bytes that hold one JSON value, valid for as long as it is referenced. */
export type Slice = Buffer;

/** One JSON value that is known to be one, on its way out: bytes that came from elsewhere, or text that was made here. */
export type JsonText = Slice | string;

export function byteLength(json: JsonText): number {
  return typeof json === "string" ? Buffer.byteLength(json) : json.length;
}

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const LOWER_E = 0x65;
const UPPER_E = 0x45;

/** No double has more digits before its point; beyond, `Number()` is asked whether it is still finite. */
const SURELY_FINITE_DIGITS = 308;

/** So much of a string is looked at byte by byte: a view of its words would take longer than that. */
const NEAR = 64;
/** A string that is longer is worth the calls of two native searches: for its end, and for a backslash before. */
const FAR = 1024;
/** For n up to 0x80, `(word - n * 0x01010101) & ~word` has one of these bits exactly if a byte of `word` is below n. */
const HIGH_BITS = 0x80808080;

/** The value of each hexadecimal digit, by its byte; -1 for every other byte. */
const HEX = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  HEX[digit.charCodeAt(0)] = value;
  HEX[digit.toUpperCase().charCodeAt(0)] = value;
}

/** What each open container is. One for all scans: a scan never waits and never calls out. */
let containers = new Uint8Array(128);

function wrong(bytes: Buffer, at: number, expected: string): WireViolation {
  const found = at < bytes.length ? excerpt(bytes.subarray(at, at + 16)) : "the end";
  return new WireViolation("bad_json", `expected ${expected} at byte ${at}, found ${found}`);
}

/** The offset of the first byte at or after `at` that is not JSON white space (RFC 8259, section 2). */
export function skipSpace(bytes: Buffer, at: number): number {
  const end = bytes.length;
  let i = at;
  while (i < end) {
    const c = bytes[i]!;
    if (c > SPACE || (c !== SPACE && c !== LF && c !== CR && c !== TAB)) break;
    i++;
  }
  return i;
}

/**
 * The offset just past the JSON value that begins at `at`, where no white space may be. Strict RFC 8259, in
 * one loop without recursion; on top of the grammar, an escape that is half a surrogate pair and a number
 * beyond the range of a double are refused, because no two languages read them alike. UTF-8 is not checked.
 *
 * @param depth containers already open around the value
 * @throws WireViolation `bad_json` or `too_deep`
 */
export function skipValue(bytes: Buffer, at: number, depth: number, depthLimit: number): number {
  const outside = depth;
  let open = depth;
  let i = at;
  for (;;) {
    const c = i < bytes.length ? bytes[i]! : -1;
    if (c === QUOTE) {
      i = skipString(bytes, i);
    } else if (c === OPEN_BRACE || c === OPEN_BRACKET) {
      if (++open > depthLimit)
        throw new WireViolation("too_deep", `nested deeper than ${depthLimit} at byte ${i}`);
      if (open >= containers.length) containers = grown(containers);
      containers[open] = c;
      i = skipSpace(bytes, i + 1);
      if (i < bytes.length && bytes[i] === c + 2) {
        i++;
        open--;
      } else {
        if (c === OPEN_BRACE) i = skipSpace(bytes, skipKey(bytes, i));
        continue;
      }
    } else if (c === MINUS || (c >= ZERO && c < COLON)) {
      i = skipNumber(bytes, i);
    } else {
      i = skipLiteral(bytes, i, c);
    }
    // A value has ended at i: close what closes, until another value must follow.
    for (;;) {
      if (open === outside) return i;
      i = skipSpace(bytes, i);
      const next = i < bytes.length ? bytes[i]! : -1;
      const container = containers[open]!;
      if (next === COMMA) {
        i = skipSpace(bytes, i + 1);
        if (container === OPEN_BRACE) i = skipSpace(bytes, skipKey(bytes, i));
        break;
      }
      // The closing character is two after the opening one, for both kinds.
      if (next !== container + 2)
        throw wrong(bytes, i, container === OPEN_BRACE ? "',' or '}'" : "',' or ']'");
      i++;
      open--;
    }
  }
}

/** The offset just past the colon of the object member whose key begins at `at`. */
export function skipKey(bytes: Buffer, at: number): number {
  if (at >= bytes.length || bytes[at] !== QUOTE) throw wrong(bytes, at, "a key");
  const i = skipSpace(bytes, skipString(bytes, at));
  if (i >= bytes.length || bytes[i] !== COLON) throw wrong(bytes, i, "':'");
  return i + 1;
}

/**
 * The offset just past the string that begins at `at`. UTF-8 is not checked.
 *
 * @throws WireViolation `bad_json`
 */
export function skipString(bytes: Buffer, at: number): number {
  const near = Math.min(at + NEAR, bytes.length);
  let i = at + 1;
  for (;;) {
    let c = 0;
    // A scan of short strings spends its time here: no call in this loop, so that V8 keeps the bytes' address.
    while (i < near) {
      c = bytes[i]!;
      if (c > QUOTE ? c === BACKSLASH : c === QUOTE || c < SPACE) break;
      i++;
    }
    if (i >= near) return skipLongString(bytes, i);
    if (c === QUOTE) return i + 1;
    if (c < SPACE) throw rawControl(bytes, i);
    // `| 0` tells V8 that `i` stays an integer whatever the call returns.
    i = skipEscape(bytes, i) | 0;
  }
}

/**
 * The same from `at` on, within the string, in words of four bytes. A string that goes on for long is likely to go on
 * for very long: native code then looks for its end, and if no backslash comes before, only control characters are
 * left to look for.
 */
function skipLongString(bytes: Buffer, at: number): number {
  const end = bytes.length;
  // Words begin where an Int32Array may, at or before the first byte.
  const skew = bytes.byteOffset & 3;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset - skew, (end + skew) >> 2);
  let border = Math.min(at + FAR, end);
  let i = at;
  while (i < end) {
    if (((i + skew) & 3) === 0) {
      i = skipOrdinary(words, (i + skew) >> 2, (border + skew) >> 2) * 4 - skew;
      if (i >= end) break;
    }
    const c = bytes[i]!;
    if (c === QUOTE) return i + 1;
    if (c < SPACE) throw rawControl(bytes, i);
    if (c === BACKSLASH) {
      // Escapes often come in runs (all of a text that is not Latin, where a writer keeps to ASCII).
      do i = skipEscape(bytes, i) | 0;
      while (i < end && bytes[i] === BACKSLASH);
    } else {
      i++;
    }
    if (i >= border) {
      // Asked once per string: with an answer that may be a megabyte away, more often would not be linear.
      border = end;
      const quote = bytes.indexOf(QUOTE, i);
      if (quote >= 0 && !bytes.subarray(i, quote).includes(BACKSLASH)) {
        return skipPlain(bytes, words, i, quote) + 1;
      }
    }
  }
  throw wrong(bytes, end, "the end of a string");
}

/** `end`, if there is no control character from `at` to there. */
function skipPlain(bytes: Buffer, words: Int32Array, at: number, end: number): number {
  const skew = bytes.byteOffset & 3;
  let i = at;
  while (i < end) {
    if (((i + skew) & 3) === 0) {
      i = skipPrintable(words, (i + skew) >> 2, (end + skew) >> 2) * 4 - skew;
      if (i >= end) break;
    }
    if (bytes[i]! < SPACE) throw rawControl(bytes, i);
    i++;
  }
  return end;
}

/** The index of the first word from `from` on with a control character, a quote or a backslash in it; `end` for none. */
function skipOrdinary(words: Int32Array, from: number, end: number): number {
  let k = from;
  while (k < end) {
    // `^ 0x02` swaps space and quote, and keeps control characters among themselves: below 0x21 are then those and
    // the quote. A backslash becomes 0x5e.
    const word = words[k]! ^ 0x02020202;
    const other = word ^ 0x5e5e5e5e;
    if (((((word - 0x21212121) & ~word) | ((other - 0x01010101) & ~other)) & HIGH_BITS) !== 0) break;
    k++;
  }
  return k;
}

/** The index of the first word from `from` on with a control character in it; `end` for none. */
function skipPrintable(words: Int32Array, from: number, end: number): number {
  let k = from;
  while (k < end) {
    const word = words[k]!;
    if (((word - 0x20202020) & ~word & HIGH_BITS) !== 0) break;
    k++;
  }
  return k;
}

function rawControl(bytes: Buffer, at: number): WireViolation {
  return wrong(bytes, at, "no control character in a string");
}

function skipEscape(bytes: Buffer, at: number): number {
  switch (bytes[at + 1] ?? 0) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 2;
    case 0x75: {
      const unit = hexUnit(bytes, at + 2);
      if (unit < 0xd800 || unit > 0xdfff) return at + 6;
      const paired = unit < 0xdc00 && bytes[at + 6] === BACKSLASH && bytes[at + 7] === 0x75;
      const low = paired ? hexUnit(bytes, at + 8) : 0;
      if (low < 0xdc00 || low > 0xdfff) throw wrong(bytes, at, "no lone surrogate");
      return at + 12;
    }
    default:
      throw wrong(bytes, at, "an escape of RFC 8259");
  }
}

function hexUnit(bytes: Buffer, at: number): number {
  const end = at + 4;
  let unit = end <= bytes.length ? 0 : -1;
  for (let i = at; i < end && unit >= 0; i++) unit = (unit << 4) | HEX[bytes[i]!]!;
  if (unit < 0) throw wrong(bytes, at, "four hexadecimal digits");
  return unit;
}

function skipNumber(bytes: Buffer, at: number): number {
  let i = bytes[at] === MINUS ? at + 1 : at;
  const first = i;
  i = skipDigits(bytes, i);
  if (bytes[first] === ZERO && i > first + 1) throw wrong(bytes, first, "no leading zero");
  let suspect = i - first > SURELY_FINITE_DIGITS;
  let e = i < bytes.length ? bytes[i]! : 0;
  if (e === DOT) {
    i = skipDigits(bytes, i + 1);
    e = i < bytes.length ? bytes[i]! : 0;
  }
  if (e === LOWER_E || e === UPPER_E) {
    const sign = i + 1 < bytes.length ? bytes[i + 1]! : 0;
    i = skipDigits(bytes, sign === PLUS || sign === MINUS ? i + 2 : i + 1);
    suspect = true;
  }
  if (suspect && !Number.isFinite(Number(bytes.toString("latin1", at, i)))) {
    throw wrong(bytes, at, "a number within the range of a double");
  }
  return i;
}

function skipDigits(bytes: Buffer, at: number): number {
  const end = bytes.length;
  let i = at;
  while (i < end && (bytes[i]! ^ ZERO) < 10) i++;
  if (i === at) throw wrong(bytes, at, "a digit");
  return i;
}

function skipLiteral(bytes: Buffer, at: number, first: number): number {
  const word = first === 0x74 ? "true" : first === 0x66 ? "false" : first === 0x6e ? "null" : "";
  if (word === "" || !spells(bytes, at, at + word.length, word)) throw wrong(bytes, at, "a value");
  return at + word.length;
}

/** Whether the bytes from `start` to `end` are exactly this ASCII text. */
export function spells(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length || end > bytes.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Whether the bytes from `start` to `end`, a string without its quotes, mean this ASCII text. */
export function means(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (spells(bytes, start, end, text)) return true;
  // "\u0069d" is "id" too, for whoever parses it next; no spelling takes more than six bytes a character.
  if (end - start <= text.length || end - start > text.length * 6) return false;
  // Most longer names hold no escape at all, and need no parsing.
  let escape = start;
  while (escape < end && bytes[escape] !== BACKSLASH) escape++;
  if (escape === end) return false;
  return JSON.parse(bytes.toString("utf8", start - 1, end + 1)) === text;
}

/**
 * The values of the named members of an object that has been scanned already, in the order asked for;
 * `undefined` where there is none or the slice is no object. Nothing is parsed. Of two members of one name
 * the later counts, as in JSON.parse.
 */
export function members(slice: Slice | undefined, ...names: string[]): (Slice | undefined)[] {
  const found: (Slice | undefined)[] = names.map(() => undefined);
  if (slice !== undefined && slice[skipSpace(slice, 0)] === OPEN_BRACE) {
    let i = skipSpace(slice, skipSpace(slice, 0) + 1);
    while (slice[i] === QUOTE) {
      const keyEnd = skipString(slice, i);
      const start = skipSpace(slice, skipSpace(slice, keyEnd) + 1);
      const end = skipValue(slice, start, 0, Infinity);
      const index = names.findIndex((name) => means(slice, i + 1, keyEnd - 1, name));
      if (index >= 0) found[index] = slice.subarray(start, end);
      i = skipSpace(slice, end);
      if (slice[i] === COMMA) i = skipSpace(slice, i + 1);
    }
  }
  return found;
}

/**
 * The JSON bytes of a value.
 *
 * @throws TypeError when the value has no JSON form, or holds text with half a surrogate pair
 */
export function toSlice(value: unknown): Slice {
  return Buffer.from(toText(value));
}

/** The same as text: what goes no further than the next write need not be bytes before. @throws TypeError */
export function toText(value: unknown): string {
  const text = stringify(value);
  if (text === undefined) throw new TypeError(`${typeof value} has no JSON form`);
  // JSON.stringify writes a lone surrogate as an escape, and the receiver would end the session over it.
  if (text.includes("\\ud")) {
    try {
      skipValue(Buffer.from(text), 0, 0, Infinity);
    } catch (error) {
      throw new TypeError("text with half a surrogate pair has no JSON form", { cause: error });
    }
  }
  return text;
}

/**
 * The same for what is passed on from others, who may have put half a surrogate pair into a log line: repaired rather
 * than refused, because somebody wants to read it.
 *
 * @throws TypeError when the value has no JSON form
 */
export function toRepairedSlice(value: unknown): Slice {
  try {
    return toSlice(value);
  } catch {
    const text = stringify(value, (_key, each: unknown) =>
      typeof each === "string" ? each.toWellFormed() : each,
    );
    if (text === undefined) throw new TypeError(`${typeof value} has no JSON form`);
    return Buffer.from(text);
  }
}

/** The declared type of JSON.stringify forgets that functions and `undefined` have no form. */
function stringify(value: unknown, replacer?: (key: string, value: unknown) => unknown): string | undefined {
  return JSON.stringify(value, replacer);
}

function grown(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2);
  larger.set(bytes);
  return larger;
}
