/** The text of frame headers: how it begins, and where it is found again after noise. */

/** In the form that everybody writes. */
export const LENGTH = "Content-Length: ";
export const BULK_TYPE = "Content-Type: application/vnd.bulkhead.bulk; json=";

/** In place of an offset: that depends on what comes. */
export const MORE = -1;
/** In place of an offset. */
export const NO_HEADER = -2;

/** Both lines in that form, some spaces, sixteen digits in each, and a brace fit well. */
const LONGEST_SYNC = 160;

const TAB = 0x09;
const SPACE = 0x20;

/** Whether the byte at `i` continues `Content-Length:` or `Content-Type:` begun at `start`, or follows it. */
export function mayBegin(bytes: Buffer, start: number, i: number): boolean {
  const type = i >= start + 8 && lower(bytes[start + 8]!) === 0x74;
  const text = type ? "content-type:" : "content-length:";
  return i - start >= text.length || lower(bytes[i]!) === text.charCodeAt(i - start);
}

/** The offset of the brace where a header begins here that FrameParser goes on at after noise; see its rule 3. */
export function syncAt(bytes: Buffer, start: number): number {
  const end = Math.min(bytes.length, start + LONGEST_SYNC);
  const found = syncBefore(bytes, start, end);
  return found === MORE && end === start + LONGEST_SYNC ? NO_HEADER : found;
}

function syncBefore(bytes: Buffer, start: number, end: number): number {
  const first = pastLine(bytes, start, end, LENGTH.trimEnd());
  const brace = past(bytes, first, end, "\r\n{");
  if (brace !== NO_HEADER) return brace < 0 ? brace : brace - 1;
  const second = pastLine(bytes, first, end, BULK_TYPE);
  const bulkBrace = past(bytes, second, end, "\r\n{");
  return bulkBrace < 0 ? bulkBrace : bulkBrace - 1;
}

/** Just past a line of this text, whatever its case, and a number. Once it is no offset, it stays what it is. */
function pastLine(bytes: Buffer, at: number, end: number, text: string): number {
  let i = past(bytes, at, end, text);
  if (i < 0) return i;
  while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
  const digits = i;
  while (i < end && bytes[i]! >= 0x30 && bytes[i]! <= 0x39) i++;
  if (i === end) return MORE;
  return i === digits ? NO_HEADER : past(bytes, i, end, "\r\n");
}

function past(bytes: Buffer, at: number, end: number, text: string): number {
  if (at < 0) return at;
  for (let k = 0; k < text.length; k++) {
    if (at + k >= end) return MORE;
    if (lower(bytes[at + k]!) !== lower(text.charCodeAt(k))) return NO_HEADER;
  }
  return at + text.length;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}
