/** Params with base64 text in place of bulk data, for a plugin that reads none. */
import { BadReference, plain } from "../wire/peer.ts";
import type { JsonText } from "../wire/peer.ts";
import type { CallOutcome } from "./call.ts";
import { refusal } from "./call.ts";

const openBrace = 0x7b;
const openBracket = 0x5b;

/** Or why they can not be had: they refer to what is not there, or would be more than so many bytes. */
export function plainParams(
  method: string,
  params: JsonText,
  data: Buffer,
  mostBytes: number,
): Buffer | Extract<CallOutcome, { error: unknown }> {
  try {
    const text = plain(params, data, mostBytes);
    if (text === undefined) {
      return refusal(
        "too_large",
        `the params of ${method} with their data as text are larger than a frame may be`,
      );
    }
    if (text[0] === openBrace || text[0] === openBracket) return text;
    return refusal("invalid_params", `the params of ${method} must be an object or an array, found bytes`);
  } catch (error) {
    if (!(error instanceof BadReference)) throw error;
    return refusal("invalid_params", `the params of ${method}: ${error.message}`);
  }
}
