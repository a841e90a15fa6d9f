/** What a plugin may ask of its host, and whether that is what it needs. Pure. */
import semver from "semver";
import type { PluginSpec } from "../../../protocol/config.ts";
import type { Description } from "../../../protocol/description.ts";
import type { StartFailure } from "../../../protocol/state.ts";
import { refusal } from "../call.ts";

/** The services of the supervisor itself. */
export const hostServices: readonly string[] = ["host.call", "host.emit", "host.log", "host.storage"];
const hostServiceVersion = "1.0.0";

/** Whether a grant covers a method: it names it, or the service that it belongs to. */
export function permits(grants: readonly string[], method: string): boolean {
  return grants.some((grant) => grant === method || method.startsWith(`${grant}.`));
}

/** Names the key of the configuration that would change that. */
export function notGranted(plugin: string, method: string) {
  const service = method.startsWith("host.") ? method.split(".").slice(0, 2).join(".") : method;
  return refusal("service_not_granted", `${plugin} is not granted ${service}: ${cureFor(plugin, service)}`);
}

/** Why a plugin can not be started with what it was granted; null: it can. */
export function unmetNeed({ id, services }: PluginSpec, { needs = [] }: Description): StartFailure | null {
  for (const { service, range, optional } of needs) {
    if (optional === true) continue;
    const why = service.startsWith("host.") ? unoffered(service, range) : undefined;
    const cure = permits(services, service) ? undefined : `it is not granted: ${cureFor(id, service)}`;
    const problem = why ?? cure;
    if (problem === undefined) continue;
    const message = `it needs the service ${service} ${range}, and ${problem}`;
    return { code: "service_not_granted", message, detail: { service, range } };
  }
  return null;
}

function unoffered(service: string, range: string): string | undefined {
  if (!hostServices.some((each) => permits([each], service))) return "this supervisor has no such service";
  if (semver.satisfies(hostServiceVersion, range)) return undefined;
  return `this supervisor has ${hostServiceVersion} of it`;
}

function cureFor(plugin: string, service: string): string {
  const cure =
    service === "host.call"
      ? "name the plugins that it may call in calls = [...]"
      : `add ${JSON.stringify(service)} to services = [...]`;
  return `${cure} of [plugins.${plugin}]`;
}
