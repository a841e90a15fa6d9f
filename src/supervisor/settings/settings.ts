/** A plugin's configuration held against the schema that it described, before the plugin gets it. */
import type { JsonSchema } from "../../../protocol/description.ts";
import type { StartFailure } from "../../../protocol/state.ts";
import { judge } from "../../core/settings/settings.ts";
import type { Judgement, Values } from "../../core/settings/settings.ts";
import { inTime } from "../../io/in-time.ts";

export type CheckedSettings =
  /** With the defaults filled in. */
  { readonly ok: true; readonly config: Values } | { readonly ok: false; readonly failure: StartFailure };

export function checkSettings(schema: JsonSchema | undefined, config: Values): CheckedSettings {
  const judged = judgedInTime(schema, config);
  if (typeof judged === "string") {
    const message = `the schema of its configuration can not be used: ${judged}`;
    return { ok: false, failure: { code: "bad_description", message } };
  }
  if (judged.ok) return judged;
  const { fault, path, message } = judged;
  const code = fault === "config" ? "config_invalid" : "bad_description";
  return { ok: false, failure: { code, message, detail: { path } } };
}

/** Or why the schema is no good. */
function judgedInTime(schema: JsonSchema | undefined, config: Values): Judgement | string {
  try {
    // Without a schema there is nothing that could take long, and a limit costs each start a thread.
    return schema === undefined ? judge(schema, config) : inTime(() => judge(schema, config));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
