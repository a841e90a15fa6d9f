/**
 * Values that hold bytes: as JSON with references into data that goes beside it, or as plain JSON with base64 text. A
 * reference is `{"$bytes": [offset, length]}`; see "Bulk data" in protocol/README.md.
 */
import { means, skipSpace, skipString, skipValue, toText } from "./json.ts";
import type { JsonText, Slice } from "./json.ts";
import { DEFAULT_LIMITS } from "./limits.ts";

export interface Packed {
  readonly text: string;
  /** What the text refers to; undefined: nothing, and the text is plain JSON. */
  readonly data: Slice | undefined;
}

/** JSON that refers to what is not there, or holds something else where a reference would stand. */
export class BadReference extends Error {
  override readonly name = "BadReference";
}

const KEY = "$bytes";
/** No stream of the operating system hands over more than this at once. */
const LARGEST_CHUNK = 64 * 1024;
const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * The JSON of a value in which every Uint8Array is a reference. The only one there is goes by reference itself, of several
 * the data is a copy. A value with a member `$bytes` of its own beside bytes can not be told from one with references: it
 * is as `packPlain` makes it.
 *
 * @throws TypeError when the value has no JSON form, RangeError when it contains itself
 */
export function pack(value: unknown): Packed {
  const pieces: Uint8Array[] = [];
  let offset = 0;
  const text = toText(
    withBytes(value, (piece, depth) => {
      // A reference is a list in an object.
      if (depth + 2 > DEFAULT_LIMITS.depth) return base64(piece);
      const reference = { [KEY]: [offset, piece.length] };
      pieces.push(piece);
      offset += piece.length;
      return reference;
    }),
  );
  const [first, ...more] = pieces;
  if (first === undefined) return { text, data: undefined };
  // Looked for in what was written: `toJSON` may make members that only JSON.stringify gets to see.
  if (keysIn(text) !== pieces.length) return { text: packPlain(value), data: undefined };
  return { text, data: more.length === 0 ? viewOf(first) : Buffer.concat(pieces) };
}

/** Members with the key. In a text the quotes would be escaped; a name with quotes in it is taken for one too often. */
function keysIn(json: string): number {
  return json.split(`"${KEY}":`).length - 1;
}

/** The JSON of a value in which every Uint8Array is base64 text. @throws TypeError when the value has no JSON form */
export function packPlain(value: unknown): string {
  return toText(withBytes(value, base64));
}

/**
 * The value of JSON with references: a Uint8Array in place of each, all of them views of one memory, in which nothing else
 * is that anybody still reads.
 *
 * @throws BadReference
 */
export function unpack(json: Slice, data: Slice): unknown {
  // A program may give that memory away (`transfer`). What came in one chunk with other messages is copied.
  const own = data.length < LARGEST_CHUNK ? new Uint8Array(data) : data;
  // Views cost next to nothing, but not what somebody makes of them, such as text.
  let left = Math.max(DEFAULT_LIMITS.frameBytes, data.length);
  const whole: unknown[] = [JSON.parse(json.toString())];
  const open: object[] = [whole];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    for (const [key, value] of membersOf(each)) {
      if (typeof value !== "object" || value === null) continue;
      if (!Object.hasOwn(value, KEY)) open.push(value);
      else {
        const { offset, length } = referenceOf(value, data.length);
        left -= length;
        if (left < 0) throw new BadReference(`${KEY} refers to the same data over and over`);
        Reflect.set(each, key, new Uint8Array(own.buffer, own.byteOffset + offset, length));
      }
    }
  }
  return whole[0];
}

/**
 * The same JSON with base64 text in place of its references. It has been scanned already.
 *
 * @returns undefined when it would be more than so many bytes
 * @throws BadReference
 */
export function plain(json: JsonText, data: Slice, mostBytes = Infinity): Slice | undefined {
  const text = typeof json === "string" ? Buffer.from(json) : json;
  const found = references(text, data.length);
  let bytes = text.length;
  for (const { start, end, length } of found) bytes += start - end + base64Bytes(length);
  // Several may refer to the same bytes: how much it comes to must be known before it is made.
  if (bytes > mostBytes) return undefined;
  const out = Buffer.allocUnsafe(bytes);
  let from = 0;
  let to = 0;
  for (const { start, end, offset, length } of found) {
    to += text.copy(out, to, from, start);
    to += out.write(`"${data.toString("base64", offset, offset + length)}"`, to, "latin1");
    from = end;
  }
  text.copy(out, to, from);
  return out;
}

interface Reference {
  readonly offset: number;
  readonly length: number;
}

/** Where it stands in the text, too. */
interface Place extends Reference {
  readonly start: number;
  readonly end: number;
}

function references(text: Slice, available: number): Place[] {
  const found: Place[] = [];
  let i = 0;
  while (i < text.length) {
    const c = text[i];
    if (c === OPEN_BRACE) {
      const end = holderEnd(text, i);
      if (end > 0) {
        const holder: object = JSON.parse(text.toString("utf8", i, end));
        found.push({ start: i, end, ...referenceOf(holder, available) });
        i = end;
      } else i++;
    } else if (c === QUOTE) {
      const end = skipString(text, i);
      // As the first member it would have been found.
      if (isKey(text, i, end)) throw misplaced();
      i = end;
    } else i++;
  }
  return found;
}

/** The end of the object that begins here, if its first member is the key; else 0. */
function holderEnd(text: Slice, start: number): number {
  const key = skipSpace(text, start + 1);
  if (text[key] !== QUOTE || !isKey(text, key, skipString(text, key))) return 0;
  const value = skipSpace(text, skipSpace(text, skipString(text, key)) + 1);
  const end = skipSpace(text, skipValue(text, value, 0, Infinity));
  if (text[end] !== CLOSE_BRACE) throw misplaced();
  return end + 1;
}

function isKey(text: Slice, start: number, end: number): boolean {
  return means(text, start + 1, end - 1, KEY) && text[skipSpace(text, end)] === COLON;
}

function referenceOf(holder: object, available: number): Reference {
  if (Object.keys(holder).length > 1) throw misplaced();
  const range: unknown = Reflect.get(holder, KEY);
  const [offset, length, ...more]: unknown[] = Array.isArray(range) ? range : [];
  if (!isCount(offset) || !isCount(length) || more.length > 0) {
    throw new BadReference(`${KEY} must be an offset and a length`);
  }
  if (offset + length > available) {
    throw new BadReference(`${KEY} refers to ${length} bytes from ${offset} on, there are ${available}`);
  }
  return { offset, length };
}

function misplaced(): BadReference {
  return new BadReference(`an object with ${KEY} has no other members`);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** With the quotes. */
function base64Bytes(length: number): number {
  return Math.ceil(length / 3) * 4 + 2;
}

function base64(bytes: Uint8Array): string {
  return viewOf(bytes).toString("base64");
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function membersOf(container: object): Iterable<[string | number, unknown]> {
  return Array.isArray(container) ? container.entries() : Object.entries(container);
}

/** What stands in the place of bytes. `depth`: containers around them, the message included. */
type Stand = (piece: Uint8Array, depth: number) => unknown;

/** The value as JSON.stringify is to see it. What holds no bytes is not copied. */
function withBytes(value: unknown, stand: Stand, depth = 1, key = ""): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isBytes(value)) return stand(value, depth);
  if (ArrayBuffer.isView(value)) return value;
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const form: unknown = value.toJSON(key);
    if (typeof form !== "object" || form === null) return form;
    return isBytes(form) ? stand(form, depth) : withMembers(form, stand, depth + 1);
  }
  return withMembers(value, stand, depth + 1);
}

/** `toJSON` has been asked, or there is none. */
function withMembers(value: object, stand: Stand, depth: number): object {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const changed = items.map((item, index) => withBytes(item, stand, depth, String(index)));
    return changed.some((item, index) => item !== items[index]) ? changed : items;
  }
  let changed: Record<string, unknown> | undefined;
  for (const [key, member] of Object.entries(value)) {
    const other = withBytes(member, stand, depth, key);
    if (other !== member) (changed ??= { ...value })[key] = other;
  }
  return changed ?? value;
}

/** Of whatever realm: a test runner's globals may be others than those of the program. */
export function isBytes(value: object): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]";
}
