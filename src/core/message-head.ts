/** The beginning of a message as a report may keep it. */
import type { RecordedMessage } from "../../protocol/state.ts";

/**
 * It is cut off somewhere: where params may hold a secret, none of them are shown.
 *
 * @param isSecretive whether the params of a method of this plugin may hold one
 */
export function withoutSecrets(
  message: RecordedMessage,
  isSecretive: (method: string) => boolean,
): RecordedMessage {
  const { direction, head } = message;
  const params = head.search(/,?\s*"params"\s*:/);
  if (params < 0) return message;
  const own = direction === "to_plugin";
  // Of what the plugin sends, nothing says that the method stands before the params: until it is known, it may be any.
  const method = /"method"\s*:\s*"([^"]*)"/.exec(own ? head.slice(0, params) : head)?.[1];
  // What it asks of another plugin: which of these params are secret, only the other one's schema says.
  const isSecret = own ? method !== undefined && isSecretive(method) : (method ?? nested) === nested;
  return isSecret ? { ...message, head: head.slice(0, params) } : message;
}

const nested = "host.call";

/** Whether answers may hold secrets: results, and items and progress on the way there. */
export interface Answers {
  /** Of a method of this plugin; null: of one that nobody knows any more. */
  readonly ofPlugin: (method: string | null) => boolean;
  /** It may call other plugins, and only their schemas know what of these answers is secret. */
  readonly ofOthers: boolean;
}

/**
 * The same for answers. They name no method, only the id of the call, and that may have come before the first of these
 * messages: then it may have been any.
 */
export function withoutSecretAnswers(
  messages: readonly RecordedMessage[],
  secretive: Answers,
): RecordedMessage[] {
  const asked = { to_plugin: new Map<string, string>(), from_plugin: new Map<string, string>() };
  return messages.map((message) => {
    const { direction, head } = message;
    const value = /,?\s*"(params|result)"\s*:/.exec(head);
    const [before, after] =
      value === null ? [head, ""] : [head.slice(0, value.index), head.slice(value.index)];
    const id = idIn(before);
    const method = methodIn(before);
    if (method !== undefined && id !== undefined) asked[direction].set(id, method);
    const call = value?.[1] === "result" ? (id ?? unseen) : aboutCall(id, method ?? methodIn(after), after);
    if (value === null || call === null) return message;
    const askedFor = asked[direction === "to_plugin" ? "from_plugin" : "to_plugin"].get(call) ?? null;
    const isSecret =
      direction === "from_plugin"
        ? secretive.ofPlugin(askedFor)
        : secretive.ofOthers && (askedFor ?? nested) === nested;
    return isSecret ? { ...message, head: before } : message;
  });
}

/** Of a call that has an id, but not one that could be seen. */
const unseen = "";
const underway = new Set(["$/item", "$/progress"]);

/** The id of the call that these params are an item or progress of; null: they are params of a call. */
function aboutCall(id: string | undefined, method: string | undefined, params: string): string | null {
  // Cut off before its method: a call would have had its id by then, or may have none.
  if (method === undefined) return id === undefined ? unseen : null;
  if (!underway.has(method)) return null;
  return /^[^{]*\{\s*"id"\s*:\s*(-?\d+|"(?:[^"\\]|\\.)*")/.exec(params)?.[1] ?? unseen;
}

function idIn(text: string): string | undefined {
  return /"id"\s*:\s*(-?\d+|"(?:[^"\\]|\\.)*")/.exec(text)?.[1];
}

function methodIn(text: string): string | undefined {
  return /"method"\s*:\s*"([^"]*)"/.exec(text)?.[1];
}
