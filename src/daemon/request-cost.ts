/** What requests to the daemon itself cost it, for the bound of their rate. */
import { control } from "../../protocol/control.ts";
import type { ControlMethod } from "../../protocol/control.ts";

/** `memory`: answered from what the daemon knows. `work`: it reads or writes a file or the journal, looks at processes, or starts or stops some. */
const costs = {
  hello: "memory",
  "daemon.status": "memory",
  "daemon.stop": "work",
  "daemon.doctor": "work",
  "plugin.list": "memory",
  "plugin.stats": "work",
  "plugin.status": "memory",
  "plugin.start": "work",
  "plugin.stop": "work",
  "plugin.restart": "work",
  "plugin.enable": "work",
  "plugin.disable": "work",
  "plugin.wait": "memory",
  "plugin.describe": "work",
  "plugin.settings": "work",
  "plugin.configure": "work",
  "plugin.template": "work",
  "trust.list": "work",
  "trust.accept": "work",
  "trust.remove": "work",
  "log.read": "work",
  "crash.list": "work",
  "crash.get": "work",
  "quarantine.list": "memory",
  "quarantine.release": "work",
  "event.read": "work",
  "event.publish": "memory",
  "service.provide": "memory",
  "service.withdraw": "memory",
  "service.list": "memory",
  "action.list": "memory",
  "pipe.create": "work",
  "pipe.list": "memory",
  "pipe.pause": "work",
  "pipe.resume": "work",
  "pipe.remove": "work",
  "config.show": "memory",
  "config.reload": "work",
} as const satisfies Record<ControlMethod, "memory" | "work">;

/** Of a request that is work, where one that is answered from memory is 1. */
export const costOfWork = 20;

/** A name that there is not is looked up among all that there are, and answered. */
export function costOf(method: string): number {
  return isMethod(method) && costs[method] === "work" ? costOfWork : 1;
}

function isMethod(name: string): name is ControlMethod {
  return Object.hasOwn(control, name);
}
