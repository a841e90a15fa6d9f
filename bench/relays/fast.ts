/** Bulkhead's own peers on either side, but with values in the middle: parsed, validated by zod, and written again. */
import { Deadlines } from "../../src/wire/deadlines.ts";
import { Peer, toSlice } from "../../src/wire/peer.ts";
import { relay } from "./relay.ts";
import { shapesOf } from "./shapes.ts";

relay(({ socket, input, output }) => {
  const deadlines = new Deadlines();
  const plugin = new Peer({ input, output, deadlines, noise: "tolerate" });
  // oxlint-disable-next-line no-new -- it lives on by its streams
  new Peer({
    input: socket,
    output: socket,
    deadlines,
    onRequest(request) {
      const shape = shapesOf(request.method);
      const params = shape.params.parse(JSON.parse(request.params?.toString() ?? ""));
      plugin.call(request.method, toSlice(params), { idleTimeout: 30_000 }, (outcome) => {
        if (outcome.settlement !== "answered" || outcome.error !== undefined) {
          request.fail({ code: -32_000, message: JSON.stringify(outcome) });
          return;
        }
        request.respond(toSlice(shape.result.parse(JSON.parse(outcome.result.toString()))));
      });
    },
  });
});
