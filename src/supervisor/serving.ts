/** Whether a plugin has got where it was to get. */
import { BulkheadError } from "../../protocol/error.ts";
import type { PluginStatus } from "../../protocol/state.ts";
import type { Plugin } from "./plugin.ts";

/** @throws BulkheadError saying why it does not serve */
export function serving(plugin: Plugin): PluginStatus {
  const status = plugin.status();
  if (status.state === "serving") return status;
  const report = status.lastCrash === null ? {} : { report: status.lastCrash.id };
  throw BulkheadError.of(
    status.error?.code ?? "plugin_unavailable",
    `${status.id} is ${status.state}: ${status.error?.message ?? status.why}`,
    report,
  );
}
