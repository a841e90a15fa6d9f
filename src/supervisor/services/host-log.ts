/** `host.log`: a line of the plugin's log, with a level. */
import { z } from "zod";
import type { IncomingRequest } from "../../wire/peer.ts";
import type { Settle } from "../call.ts";
import { nothing, read } from "./host-params.ts";
import type { Asker } from "./services.ts";

const line = z.object({
  level: z.enum(["trace", "debug", "info", "warn", "error"]),
  msg: z.string(),
  fields: z.record(z.string(), z.unknown()).optional(),
});

export function log(asker: Asker, request: IncomingRequest, settle: Settle): void {
  const params = read(request.method, request.params, line);
  if (!params.ok) {
    settle(params.outcome);
    return;
  }
  const { level, msg, fields } = params.value;
  const more = fields === undefined ? "" : ` ${JSON.stringify(fields)}`;
  asker.log.tell(asker.generation, level, msg + more);
  settle({ result: nothing });
}
