/** What the other side did wrong. Stable: reports, tests and `bulkhead crashes --json` match on it. */
export type ViolationReason =
  | "bad_header"
  | "unexpected_data"
  | "header_too_long"
  | "bad_content_length"
  | "frame_too_large"
  | "not_utf8"
  | "bad_json"
  | "too_deep"
  | "batch"
  | "duplicate_member"
  | "bad_envelope"
  | "error_too_large"
  | "unknown_id"
  | "duplicate_request"
  | "bad_item"
  | "bad_credit"
  | "item_out_of_order"
  | "credit_exceeded";

/**
 * The other side broke the protocol in a way that leaves nothing to trust in what follows. `detail` is one
 * printable ASCII line of bounded size, whatever the bytes were: safe for a terminal, a log and a report.
 */
export class WireViolation extends Error {
  override readonly name = "WireViolation";
  readonly reason: ViolationReason;
  readonly detail: string;

  constructor(reason: ViolationReason, detail: string) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}

const EXCERPT_BYTES = 48;

/** The first bytes in quotes, everything but printable ASCII as `\xNN`, and how many there are in all. */
export function excerpt(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes.subarray(0, EXCERPT_BYTES)) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return bytes.length > EXCERPT_BYTES ? `"${text}"... (${bytes.length} bytes)` : `"${text}"`;
}
