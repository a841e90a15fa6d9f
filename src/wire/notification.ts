/** The notifications that belong to the wire itself: each names a call of ours or a request of the other side. */
import type { IncomingRequests } from "./incoming.ts";
import { members } from "./json.ts";
import type { Slice } from "./json.ts";
import { MOST_CREDIT } from "./outgoing.ts";
import type { OutgoingCalls } from "./outgoing.ts";
import { excerpt, WireViolation } from "./violation.ts";

const QUOTE = 0x22;
/** Longest cursor, in characters. */
const CURSOR_LIMIT = 1024;

/**
 * Does what the notification says. False: it is none of these.
 *
 * @throws WireViolation for an item or a credit that can not be what both sides agreed on
 */
export function takeNotification(
  method: string,
  params: Slice | undefined,
  calls: OutgoingCalls,
  requests: IncomingRequests,
): boolean {
  switch (method) {
    case "$/progress": {
      const [id, value] = members(params, "id", "value");
      if (id === undefined || value === undefined) return false;
      calls.progress(integer(id), value);
      return true;
    }
    case "$/item": {
      const [id, seq, value, cursor] = members(params, "id", "seq", "value", "cursor");
      if (id === undefined || seq === undefined || value === undefined) {
        throw new WireViolation("bad_item", "an item without an id, a seq or a value");
      }
      const index = integer(seq);
      if (!Number.isSafeInteger(index) || index < 0) {
        throw new WireViolation("bad_item", `seq must be an integer from 0, found ${excerpt(seq)}`);
      }
      if (cursor !== undefined && !isCursor(cursor)) {
        throw new WireViolation(
          "bad_item",
          `a cursor must be a string of at most ${CURSOR_LIMIT} characters, found ${excerpt(cursor)}`,
        );
      }
      const call = integer(id);
      if (!calls.issued(call)) {
        throw new WireViolation("unknown_id", `an item of id ${excerpt(id)}, never issued`);
      }
      calls.item(call, index, value, cursor);
      return true;
    }
    case "$/credit": {
      const [id, n] = members(params, "id", "n");
      const more = n === undefined ? NaN : integer(n);
      if (id === undefined || !Number.isSafeInteger(more) || more < 1 || more > MOST_CREDIT) {
        const found = n === undefined ? "none" : excerpt(n);
        throw new WireViolation(
          "bad_credit",
          `n must be an integer from 1 to ${MOST_CREDIT}, found ${found}`,
        );
      }
      const request: unknown = JSON.parse(id.toString());
      // One that has been answered meanwhile needs no more.
      if (typeof request === "number" || typeof request === "string") requests.credit(request, more);
      return true;
    }
    case "$/cancelRequest": {
      const [id] = members(params, "id");
      const request: unknown = id && JSON.parse(id.toString());
      if (typeof request === "number" || typeof request === "string") requests.cancel(request);
      return true;
    }
    default:
      return false;
  }
}

/** NaN for what is no number: `"1"` is another id than 1. */
function integer(slice: Slice): number {
  return Number(slice.toString("latin1"));
}

function isCursor(slice: Slice): boolean {
  if (slice[0] !== QUOTE) return false;
  if (slice.length <= CURSOR_LIMIT + 2) return true;
  // No character takes more than six bytes.
  if (slice.length > CURSOR_LIMIT * 6 + 2) return false;
  const text: unknown = JSON.parse(slice.toString());
  return typeof text === "string" && text.length <= CURSOR_LIMIT;
}
