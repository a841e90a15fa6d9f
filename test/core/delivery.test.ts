import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deliveryStep, mostWaiting, newSubscription, strikes } from "../../src/core/delivery.ts";
import type { DeliveryEffect, DeliveryEvent, Subscription } from "../../src/core/delivery.ts";

function run(events: readonly DeliveryEvent<number>[]) {
  let state: Subscription<number> = newSubscription;
  const effects: DeliveryEffect<number>[] = [];
  for (const event of events) {
    const [after, caused] = deliveryStep(state, event);
    state = after;
    effects.push(...caused);
  }
  const sent = effects.flatMap((effect) => (effect.type === "send" ? [effect.item] : []));
  return { state, effects, sent };
}

const published = (item: number): DeliveryEvent<number> => ({ type: "published", item });
const failed: DeliveryEvent<number> = { type: "failed", why: "no" };
const delivered: DeliveryEvent<number> = { type: "delivered" };

describe("a subscription", () => {
  test("sends one at a time, in order", () => {
    expect(run([published(1), published(2), published(3)]).sent).toEqual([1]);
    expect(run([published(1), published(2), published(3), delivered, failed, delivered]).sent).toEqual([
      1, 2, 3,
    ]);
  });

  test("drops the oldest beyond its bound, counts that and says so once", () => {
    const many = Array.from({ length: mostWaiting + 4 }, (_, n) => published(n));
    const { state, effects } = run(many);
    expect(state.dropped).toBe(3);
    expect(state.queue).toHaveLength(mostWaiting);
    expect([state.queue[0], state.queue.at(-1)]).toEqual([4, mostWaiting + 3]);
    expect(effects.filter(({ type }) => type === "overflowed")).toHaveLength(1);
  });

  test("ends with the third failure in a row, and not with three that are not", () => {
    const four = [1, 2, 3, 4].map(published);
    expect(run([...four, failed, failed, delivered, failed]).state).toMatchObject({
      state: "on",
      failures: 1,
    });
    const ended = run([...four, failed, failed, failed]);
    expect(ended.state).toMatchObject({ state: "ended", failures: strikes, queue: [], sending: false });
    expect(ended.effects.at(-1)).toEqual({ type: "ended", why: "no" });
    expect(run([...four, failed, failed, failed, published(5)]).sent).toEqual([1, 2, 3]);
  });

  test("begins afresh with a new life, and keeps what waits", () => {
    const events = [published(1), published(2), failed, { type: "renewed" }, published(3)] as const;
    expect(run(events).state).toMatchObject({ state: "on", failures: 0, sending: true, queue: [3] });
    expect(
      run([1, 2, 3].map(published).concat(failed, failed, failed, { type: "renewed" }, published(4))).sent,
    ).toEqual([1, 2, 3, 4]);
  });

  test("forgets what waits for a plugin that is not to be reached", () => {
    const { state, sent } = run([published(1), published(2), { type: "unreachable" }, published(3)]);
    expect([state.queue, sent]).toEqual([[], [1, 3]]);
  });

  test("never has two on their way, never more than its bound waiting, and loses none unsaid", () => {
    const event = fc.oneof(
      { weight: 5, arbitrary: fc.constant("published" as const) },
      fc.constantFrom("delivered" as const, "failed" as const, "renewed" as const, "unreachable" as const),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 700 }), (types) => {
        let state: Subscription<number> = newSubscription;
        let underway = 0;
        for (const type of types) {
          const settles = type !== "published" && type !== "renewed";
          if (settles && underway === 0) continue;
          if (settles) underway--;
          const happened: DeliveryEvent<number> =
            type === "published" ? published(0) : type === "failed" ? failed : { type };
          const [after, effects] = deliveryStep(state, happened);
          state = after;
          underway += effects.filter((effect) => effect.type === "send").length;
          expect(underway).toBeLessThanOrEqual(1);
          expect(state.sending).toBe(underway === 1);
          expect(state.queue.length).toBeLessThanOrEqual(mostWaiting);
          if (!state.sending) expect(state.queue).toEqual([]);
        }
      }),
    );
  });
});
