/** What a caller hands in, before any of it goes on the wire: a mistake costs that one call and nothing else. */
import { BulkheadError } from "../../protocol/error.ts";
import type { CallOptions, StreamOptions } from "../../protocol/caller.ts";
import { largestCredit } from "../../protocol/credit.ts";
import { isBytes, pack, packPlain } from "./bulk.ts";
import type { Packed } from "./bulk.ts";
import { toText } from "./json.ts";

/** @throws BulkheadError `invalid_params`, for what is no JSON object or array. */
export function paramsText(params: unknown): string {
  if (typeof params !== "object" || params === null) throw noContainer(JSON.stringify(params));
  try {
    return toText(params);
  } catch (error) {
    throw noForm(error);
  }
}

/**
 * The same for params that may hold bytes.
 *
 * @param beside whether bytes can go beside the text; else they are base64 text in it
 */
export function bulkParams(params: unknown, beside: boolean): Packed {
  if (typeof params !== "object" || params === null) throw noContainer(JSON.stringify(params));
  if (isBytes(params)) throw noContainer("bytes");
  try {
    return beside ? pack(params) : { text: packPlain(params), data: undefined };
  } catch (error) {
    throw noForm(error);
  }
}

function noContainer(found: string): BulkheadError {
  return BulkheadError.of("invalid_params", `params must be an object or an array, found ${found}`);
}

function noForm(error: unknown): BulkheadError {
  const why = error instanceof Error ? error.message : String(error);
  return BulkheadError.of("invalid_params", `params have no JSON form: ${why}`);
}

/** Milliseconds; undefined: no bound of the caller's own. */
export interface Bounds {
  readonly idle: number | undefined;
  readonly total: number | undefined;
}

/** @throws BulkheadError `invalid_params`, for what is no length of time. `Infinity` is no bound. */
export function boundsOf({ idleTimeout, timeout }: CallOptions): Bounds {
  return { idle: bound("idleTimeout", idleTimeout), total: bound("timeout", timeout) };
}

const usualCredit = 64;

/** How many items of a stream may be on their way. @throws BulkheadError `invalid_params`, for what is no such number. */
export function creditOf({ credit = usualCredit }: StreamOptions): number {
  if (Number.isInteger(credit) && credit >= 1 && credit <= largestCredit) return credit;
  throw BulkheadError.of(
    "invalid_params",
    `credit must be an integer from 1 to ${largestCredit}, found ${credit}`,
  );
}

function bound(name: string, ms: number | undefined): number | undefined {
  if (ms === undefined || ms === Infinity) return undefined;
  if (ms > 0) return ms;
  throw BulkheadError.of("invalid_params", `${name} must be a number of milliseconds above 0, found ${ms}`);
}
