/** The transitions of both models, each by its name. */
import { table as pluginTable } from "./plugin.model.ts";
import { table as sessionTable } from "./session.model.ts";

export const transitions: readonly string[] = [
  ...rows("plugin", pluginTable),
  ...rows("session", sessionTable),
];

function rows(machine: string, table: Readonly<Record<string, object>>): string[] {
  return Object.entries(table).flatMap(([label, events]) =>
    Object.keys(events).map((event) => `${machine}, ${label}: ${event}`),
  );
}
