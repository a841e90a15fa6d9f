/** What a caller is given of an answer. */
import { BulkheadError } from "../../protocol/error.ts";
import { giveBack } from "./body-memory.ts";
import { BadReference, unpack } from "./bulk.ts";
import type { Slice } from "./json.ts";

/**
 * To be asked for once: the memory of a large result without data is given back.
 *
 * @throws BulkheadError `invalid_result`, where it refers to data that is not there
 */
export function resultValue(result: Slice, data?: Slice): unknown {
  if (data === undefined) {
    const value: unknown = JSON.parse(result.toString());
    giveBack(result);
    return value;
  }
  try {
    return unpack(result, data);
  } catch (error) {
    if (!(error instanceof BadReference)) throw error;
    throw BulkheadError.of("invalid_result", `the result: ${error.message}`, { settlement: "answered" });
  }
}
