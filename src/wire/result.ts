/** What a caller is given of an answer. */
import { BulkheadError } from "../../protocol/error.ts";
import { BadReference, unpack } from "./bulk.ts";
import type { Slice } from "./json.ts";

/** @throws BulkheadError `invalid_result`, where it refers to data that is not there */
export function resultValue(result: Slice, data?: Slice): unknown {
  if (data === undefined) return JSON.parse(result.toString());
  try {
    return unpack(result, data);
  } catch (error) {
    if (!(error instanceof BadReference)) throw error;
    throw BulkheadError.of("invalid_result", `the result: ${error.message}`, { settlement: "answered" });
  }
}
