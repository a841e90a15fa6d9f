/** What a report keeps of the params of a lost call: whole where they are short, and never a secret. Pure. */
import type { LostParams } from "../../protocol/state.ts";
import { mayHoldSecrets, redact } from "./redact.ts";
import type { Lost } from "./report.ts";

/** Bytes up to which params are kept whole. */
export const longestKept = 64 * 1024;
const headCharacters = 512;

/** @param room characters that are left for all params of the report */
export function lostParams(
  { kept, params, bytes, dataBytes, schema }: NonNullable<Lost["about"]>,
  room: number,
): LostParams {
  const isSecretive = mayHoldSecrets(schema);
  if (kept && params === undefined) return { kept: "whole", text: undefined, secrets: [], dataBytes };
  const cut = (head: string, size: number): LostParams => ({
    kept: "head",
    // What is cut off can not be parsed, so nobody knows where its secrets are.
    head: isSecretive ? "" : head.slice(0, headCharacters).toWellFormed(),
    bytes: size,
    dataBytes,
  });
  if (params === undefined) return cut("", bytes);
  const isLong = params.length > Math.min(longestKept, room);
  const text = params.toString("utf8").slice(0, isLong ? headCharacters : undefined);
  // Characters of text are no bytes, but text that was sent as such is measured as it is.
  if (isLong) return cut(text, params.length);
  if (!isSecretive) return { kept: "whole", text, secrets: [], dataBytes };
  try {
    const written: unknown = JSON.parse(text);
    if (namesTwice(text, written)) return cut("", params.length);
    const { value, secrets } = redact(written, schema);
    return { kept: "whole", text: secrets.length === 0 ? text : JSON.stringify(value), secrets, dataBytes };
  } catch {
    // Deeper, or more, than can be looked through: a report is made all the same.
    return cut("", params.length);
  }
}

/** Whether the text has members that the value lacks: of two with one name only the last is read, and the other may be a secret. */
function namesTwice(text: string, value: unknown): boolean {
  return colons(text) !== colons(JSON.stringify(value));
}

function colons(json: string): number {
  return json.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/g, "").split(":").length;
}
