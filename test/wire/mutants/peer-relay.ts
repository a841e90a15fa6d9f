/** The two peers of a relay, joined as the daemon joins them, with both far ends in the test's hands. */
import { duplexPair } from "node:stream";
import type { Duplex } from "node:stream";
import type { Deadlines } from "../../../src/wire/deadlines.ts";
import type { IncomingRequest, Outcome, Peer } from "../../../src/wire/peer.ts";
import { endOf } from "./end.ts";
import type { Relay } from "./exchange.ts";

/** The module under test. */
export interface Wire {
  readonly Peer: typeof Peer;
  readonly Deadlines: typeof Deadlines;
}

/** Turns of the event loop in which whatever is on its way in memory has arrived. */
const turns = 1000;

async function inMemory(found: () => boolean): Promise<void> {
  for (let turn = 0; turn < turns && !found(); turn++) await new Promise((resolve) => setImmediate(resolve));
}

const same = (method: string): string => method;

export function peerRelay(wire: Wire): Relay {
  const [nearClient, client] = duplexPair();
  const [nearPlugin, plugin] = duplexPair();
  const deadlines = new wire.Deadlines();
  const peerOf = (stream: Duplex, other: () => Peer): Peer =>
    new wire.Peer({
      input: stream,
      output: stream,
      deadlines,
      takesData: true,
      onRequest: (request) => passOn(request, other()),
      onNotification: (method, params) => other().notify(method, params),
      onEnd: () => stream.destroy(),
      onHandlerError: () => stream.destroy(),
    });
  const left: Peer = peerOf(nearClient, () => right);
  const right: Peer = peerOf(nearPlugin, () => left);
  const here = endOf(client, inMemory);
  const there = endOf(plugin, inMemory);
  const both = {
    methodOf: same,
    target: same,
    streaming: "stream",
    bulk: true,
    passesContext: true,
    passesNotifications: true,
  };
  return {
    ways: [
      { name: "there", from: here, to: there, ...both },
      { name: "back", from: there, to: here, ...both },
    ],
    close() {
      left.destroy();
      right.destroy();
    },
  };
}

function passOn(request: IncomingRequest, to: Peer): void {
  const { method, params, ctx, data } = request;
  const { credit, bulk } = ctx === undefined ? {} : JSON.parse(ctx.toString());
  const settle = (outcome: Outcome): void => {
    if (outcome.settlement !== "answered") request.fail({ code: -1, message: outcome.cause });
    else if (outcome.error !== undefined) request.fail(outcome.error);
    else request.respond(outcome.result, outcome.data);
  };
  const call = to.call(
    method,
    params,
    {
      ctx,
      data,
      bulk: bulk === true,
      credit,
      onProgress: (value) => request.progress(value),
      ...(credit !== undefined && {
        onItem: ({ seq, value, cursor }) => void request.item(seq, value, cursor),
      }),
    },
    settle,
  );
  request.release();
  request.onCancel(() => call.cancel());
  request.onCredit((n) => call.grant(n));
}
