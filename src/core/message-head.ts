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
