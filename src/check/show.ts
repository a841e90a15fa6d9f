/** Values in a sentence. */
import type { ProcessExit } from "../../protocol/state.ts";
import type { RpcError } from "../../protocol/error.ts";

const longest = 300;

/** JSON, cut. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return cut(text);
}

export function cut(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length} characters)`;
}

export function showError({ code, message }: RpcError): string {
  return `error ${code}: ${cut(message)}`;
}

export function showExit({ code, signal }: ProcessExit): string {
  return signal === null ? `exit status ${code}` : signal;
}
