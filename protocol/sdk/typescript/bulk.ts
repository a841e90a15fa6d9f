/** Bulk data: bytes beside the JSON, and what stands for them in it. README.md of the protocol, "Bulk data". */
import { toBase64 } from "./bytes.ts";
import { isObject } from "./error.ts";

const RESERVED = "$bytes";

/** What a handler gave as the result of a call whose answer may carry data. */
export class BulkResult {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** What stands for bytes does not fit the data. */
export class RangeFault extends Error {
  override readonly name = "RangeFault";
  /** JSON pointer to it. */
  readonly path: string;

  constructor(path: string, message: string) {
    super(`${path === "" ? "" : `${path}: `}${message}`);
    this.path = path;
  }
}

/**
 * The value with views of the data where there was something that stands for them.
 *
 * @param most bytes that all of these views may have: what is made of them, such as text, takes memory of its own
 * @throws RangeFault
 */
export function unpack(value: unknown, data: Uint8Array, most = Infinity): unknown {
  let left = most;
  const within = (part: unknown, path: string): unknown => {
    if (Array.isArray(part)) return part.map((each, i) => within(each, `${path}/${i}`));
    if (!isObject(part)) return part;
    if (Object.hasOwn(part, RESERVED)) {
      const view = viewOf(part, data, path);
      left -= view.length;
      if (left < 0) throw new RangeFault(path, `more than ${most} bytes in all`);
      return view;
    }
    return Object.fromEntries(
      Object.entries(part).map(([name, each]) => [
        name,
        within(each, `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`),
      ]),
    );
  };
  return within(value, "");
}

function viewOf(value: Record<string, unknown>, data: Uint8Array, path: string): Uint8Array {
  const range = value[RESERVED];
  const [offset, length]: readonly unknown[] = Array.isArray(range) ? range : [];
  const isRange = Array.isArray(range) && range.length === 2 && isCount(offset) && isCount(length);
  if (!isRange || Object.keys(value).length > 1)
    throw new RangeFault(path, `${RESERVED} must be alone, and be [offset, length]`);
  if (offset + length > data.length)
    throw new RangeFault(path, `bytes ${offset} to ${offset + length} of the ${data.length} that came`);
  return new Uint8Array(data.buffer, data.byteOffset + offset, length);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** The value with base64 text for its bytes. @throws TooDeep */
export function inText(value: unknown, levels: number): unknown {
  return replaced(value, toBase64, levels);
}

/** Text and bytes of one message. */
export interface Packed {
  readonly text: string;
  readonly pieces: readonly Uint8Array[];
  /** Of all pieces. */
  readonly size: number;
}

/** The message as JSON, with its bytes beside it. @throws TooDeep */
export function pack(message: object, levels: number): Packed {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const stand = (bytes: Uint8Array, left: number): unknown => {
    // What stands for them is an object with a list in it.
    if (left < 2) return toBase64(bytes);
    pieces.push(bytes);
    const at = size;
    size += bytes.length;
    return { [RESERVED]: [at, bytes.length] };
  };
  const text = JSON.stringify(replaced(message, stand, levels));
  // Members of that name which are not from here would be taken for bytes. In a text the quotes would be escaped.
  const isOurs = pieces.length === 0 || text.split(`"${RESERVED}":`).length - 1 === pieces.length;
  return isOurs ? { text, pieces, size } : packInText(message, levels);
}

/** The message as JSON with base64 text for its bytes. @throws TooDeep */
export function packInText(message: object, levels: number): Packed {
  return { text: JSON.stringify(inText(message, levels)), pieces: [], size: 0 };
}

/** Deeper than the protocol allows, or containing itself. */
class TooDeep extends Error {
  override readonly name = "TooDeep";
}

/**
 * The value with something else in place of its bytes; itself when it has none. JSON.stringify could do that while it
 * writes, but it makes a list of numbers of a Buffer before it asks.
 */
function replaced(
  value: unknown,
  stand: (bytes: Uint8Array, levels: number) => unknown,
  levels: number,
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return stand(value, levels);
  if (levels === 0) throw new TooDeep("it is too deep, or contains itself");
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const given: unknown = value[i];
      const each = replaced(given, stand, levels - 1);
      if (each !== given) (copy ??= [...value])[i] = each;
    }
    return copy ?? value;
  }
  // Of a date and the like, JSON.stringify knows the form.
  if ("toJSON" in value) return value;
  let copy: Record<string, unknown> | undefined;
  // Not Object.entries, which takes five times as long: every message comes through here.
  for (const name in value) {
    const given: unknown = Reflect.get(value, name);
    if (typeof given !== "object" || given === null || !Object.hasOwn(value, name)) continue;
    const each = replaced(given, stand, levels - 1);
    if (each === given) continue;
    copy ??= { ...value };
    // A plain assignment to __proto__ would set the prototype.
    Object.defineProperty(copy, name, { value: each, enumerable: true, configurable: true, writable: true });
  }
  return copy ?? value;
}
