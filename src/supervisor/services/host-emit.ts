/** `host.emit`: a plugin tells the host's clients, and the plugins that want to know. */
import { eventName } from "../../../protocol/description.ts";
import { maxEventDepth } from "../../core/lineage.ts";
import { members } from "../../wire/peer.ts";
import { misfit, nothing } from "./host-params.ts";
import type { HostCall } from "./services.ts";

/** What an event carries: it may wait many times over. Bytes. */
const largestEvent = 64 * 1024;

/** @param params JSON of an object; not kept beyond the call by whoever hands it in */
export type Publish = (source: string | null, event: string, params: Buffer, depth: number) => number;

const longestName = 256;
const empty = Buffer.from("{}");

export function emit({ asker, request, lineage, settle }: HostCall, publish: Publish): void {
  const [written, params = empty] = members(request.params, "event", "params");
  const short = written !== undefined && written.length <= longestName;
  const event = eventName.safeParse(short ? JSON.parse(written.toString("utf8")) : undefined);
  if (!event.success) {
    settle(misfit(request.method, ["event"], "must be api.name, such as todo.added"));
    return;
  }
  const wrong = unfit(params);
  if (wrong !== undefined) {
    settle(misfit(request.method, ["params"], wrong));
    return;
  }
  if (lineage.events <= maxEventDepth) publish(asker.spec.id, event.data, params, lineage.events);
  else {
    asker.log.note(
      asker.generation,
      `event ${event.data} dropped: it is the ${lineage.events + 1}th in a row that was emitted while another was handled; ` +
        "do not answer an event with one that leads back to it",
    );
  }
  settle({ result: nothing });
}

/** Why these can not be the params of an event. */
export function unfit(params: Buffer): string | undefined {
  if (params[0] !== 0x7b) return "must be an object";
  if (params.length > largestEvent) return `must not be over ${largestEvent} bytes, found ${params.length}`;
  return undefined;
}
