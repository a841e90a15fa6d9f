/** What a description puts in force besides methods: events that the plugin wants to be told, and actions. Pure. */
import type { OfferedAction } from "../../protocol/control-results.ts";
import type { Api, Description } from "../../protocol/description.ts";
import { negotiate } from "../../protocol/version.ts";
import type { RequiredApi } from "../../protocol/version.ts";

function agreedApis(description: Description, required: readonly RequiredApi[]): readonly Api[] {
  const matched = negotiate(description.apis, required);
  if (!matched.ok) return [];
  return description.apis.filter((api) =>
    matched.apis.some(({ name, version }) => name === api.name && version === api.version),
  );
}

/** Wire names. */
export function eventsOf(description: Description, required: readonly RequiredApi[]): ReadonlySet<string> {
  return new Set(
    agreedApis(description, required).flatMap((api) =>
      (api.events ?? []).map((event) => `${api.name}.${event.name}`),
    ),
  );
}

export function actionsOf(
  plugin: string,
  description: Description,
  required: readonly RequiredApi[],
): OfferedAction[] {
  return agreedApis(description, required).flatMap((api) =>
    (api.actions ?? []).map((action) => ({ plugin, api: api.name, ...action })),
  );
}
