import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ItemStream, StreamItem } from "../../protocol/caller.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { itemStream, toSlice } from "../../src/wire/peer.ts";
import type { IncomingRequest } from "../../src/wire/peer.ts";
import type { StreamCall } from "../../src/wire/item-stream.ts";
import { pairOfPeers } from "./pair.ts";

/** Resolves once everything that is on its way inside this process has arrived. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A stream over nothing, its other side in the hands of the test. */
function bare(options: { credit?: number; signal?: AbortSignal } = {}) {
  let call: StreamCall | undefined;
  const granted: number[] = [];
  const stream = itemStream(options, (each) => {
    call = each;
    return { grant: (n) => void granted.push(n) };
  });
  if (call === undefined) throw new Error("the call was not made");
  let seq = 0;
  const { onItem, succeed, fail, signal } = call;
  const item = (value: unknown): void => onItem({ seq: seq++, value: toSlice(value), cursor: undefined });
  return { stream, iterator: stream[Symbol.asyncIterator](), granted, item, succeed, fail, signal };
}

describe("credit", () => {
  test("is given back when half of it has been read", async () => {
    const { iterator, granted, item } = bare({ credit: 5 });
    for (let n = 0; n < 5; n++) item(n);
    await iterator.next();
    await iterator.next();
    expect(granted).toEqual([]);
    await iterator.next();
    expect(granted).toEqual([3]);
  });

  test("is given back by a reader that was waiting", async () => {
    const { iterator, granted, item } = bare({ credit: 1 });
    const waiting = iterator.next();
    item("first");
    expect(await waiting).toEqual({ value: { seq: 0, value: "first" } });
    expect(granted).toEqual([1]);
  });

  test("bounds what waits for any reader, and every item comes once and in order", async () => {
    // Over two real peers: the far side sends whenever it may, the reader reads in bursts.
    const bursts = fc.array(fc.nat(7), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.nat(80), bursts, async (credit, total, reads) => {
        let sent = 0;
        let read = 0;
        let most = 0;
        const serve = (request: IncomingRequest): void => {
          let allowed = creditOf(request);
          const feed = (): void => {
            for (; allowed > 0 && sent < total; allowed--, sent++) request.item(sent, toSlice({ n: sent }));
            most = Math.max(most, sent - read);
            if (sent === total) request.respond(toSlice("done"));
          };
          request.onCredit((n) => {
            allowed += n;
            feed();
          });
          feed();
        };
        const { near } = pairOfPeers({ onRequest: serve });
        const stream = overPeer(near, { credit });
        const iterator = stream[Symbol.asyncIterator]();
        const items: StreamItem[] = [];
        const readOne = async (): Promise<boolean> => {
          const { done, value } = await iterator.next();
          if (done === true) return false;
          read++;
          items.push(value);
          return true;
        };
        for (const burst of reads) {
          for (let n = 0; n < burst; n++) await readOne();
          await settled();
        }
        while (await readOne());
        // One more may be under way than waits: the credit of what is in the reader's hand may be given back already.
        expect(most).toBeLessThanOrEqual(credit + 1);
        expect(items).toEqual(Array.from({ length: total }, (_, n) => ({ seq: n, value: { n } })));
        expect(await stream.result).toBe("done");
      }),
      { numRuns: 60 },
    );
  });
});

describe("a stream", () => {
  test("hands over what came before it ended, then ends", async () => {
    const { iterator, stream, item, succeed } = bare();
    item(1);
    item(2);
    succeed(toSlice({ total: 2 }));
    expect(await iterator.next()).toEqual({ value: { seq: 0, value: 1 } });
    expect(await iterator.next()).toEqual({ value: { seq: 1, value: 2 } });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(await stream.result).toEqual({ total: 2 });
  });

  test("hands over what came before it failed, then rejects once", async () => {
    const { iterator, stream, item, fail } = bare();
    item(1);
    fail(new Error("gone"));
    expect(await iterator.next()).toMatchObject({ value: { value: 1 } });
    await expect(iterator.next()).rejects.toThrow("gone");
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await expect(stream.result).rejects.toThrow("gone");
  });

  test("tells a waiting reader of the end, and of a failure", async () => {
    const first = bare();
    const waiting = first.iterator.next();
    first.succeed(toSlice(null));
    expect(await waiting).toEqual({ done: true, value: undefined });
    const second = bare();
    const failing = second.iterator.next();
    second.fail(new Error("gone"));
    await expect(failing).rejects.toThrow("gone");
  });

  test("that is left aborts its call, and drops what waits", async () => {
    const { iterator, item, signal } = bare();
    item(1);
    await iterator.return?.();
    expect(signal.aborted).toBe(true);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test("that is left while somebody waits lets nobody wait on", async () => {
    const { iterator } = bare();
    const waiting = iterator.next();
    await iterator.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  test("of which nobody looks at the result brings nothing down", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    bare().fail(new Error("gone"));
    await settled();
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });

  test("whose call can not be made fails with the reason", async () => {
    const stream = itemStream({}, () => {
      throw BulkheadError.of("invalid_params", "no");
    });
    await expect(values(stream)).rejects.toMatchObject({ code: "invalid_params" });
    await expect(stream.result).rejects.toMatchObject({ code: "invalid_params" });
  });
});

/** What the request allows at first. */
function creditOf(request: IncomingRequest): number {
  const { credit = 0 } = JSON.parse(request.ctx?.toString() ?? "{}") as { credit?: number };
  return credit;
}

function overPeer(
  peer: ReturnType<typeof pairOfPeers>["near"],
  options: { credit: number; signal?: AbortSignal },
): ItemStream {
  return itemStream(options, ({ signal, credit, onItem, succeed, fail }) =>
    peer.call("a.b", undefined, { signal, credit, onItem, ctx: toSlice({ credit }) }, (outcome) => {
      if (outcome.settlement === "answered" && outcome.result !== undefined) succeed(outcome.result);
      else fail(outcome);
    }),
  );
}

async function values(stream: ItemStream): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { value } of stream) found.push(value);
  return found;
}
