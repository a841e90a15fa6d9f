/** Events on their way to plugins: one at a time for each plugin and event, with a deadline, and never in the publisher's way. */
import type { Description } from "../../protocol/description.ts";
import type { SubscriptionStatus } from "../../protocol/state.ts";
import type { RequiredApi } from "../../protocol/version.ts";
import { deliveryStep, mostWaiting, newSubscription, strikes } from "../core/delivery.ts";
import type { DeliveryEffect, DeliveryEvent, Subscription } from "../core/delivery.ts";
import type { Lineage } from "../core/lineage.ts";
import type { CallOutcome } from "./call.ts";
import type { Events } from "./events.ts";
import { eventsOf } from "./offers.ts";
import type { Plugin } from "./plugin.ts";

/** Within this an event has to be answered. Milliseconds. */
const eventMs = 5000;

interface Item {
  readonly params: Buffer;
  readonly depth: number;
}

/** What one plugin is told of one event. */
interface Line {
  state: Subscription<Item>;
  /** The life of the plugin that `state` is about; null: none. */
  life: number | null;
}

interface Wanted {
  readonly required: readonly RequiredApi[];
  readonly events: ReadonlySet<string>;
}

export class Publications {
  readonly #events: Events;
  readonly #plugins: () => Iterable<Plugin>;
  readonly #lines = new WeakMap<Plugin, Map<string, Line>>();
  #closed = false;
  readonly #wanted = new WeakMap<Description, Wanted>();

  constructor(events: Events, plugins: () => Iterable<Plugin>) {
    this.#events = events;
    this.#plugins = plugins;
  }

  /**
   * Tells the supervisor's subscribers, and hands it over for delivery. `source`: the plugin that emits it, which is never
   * told of its own; null: the host. Returns how many plugins are to be told.
   */
  publish(source: string | null, event: string, params: Buffer, depth: number): number {
    if (this.#closed) return 0;
    // A copy: a view would keep the chunk that it came in for as long as anybody waits for it.
    const item = { params: Buffer.from(params), depth };
    const told: unknown = JSON.parse(params.toString("utf8"));
    this.#events.mention({ type: "plugin.event", plugin: source, event, params: told, depth });
    const takers = [...this.#plugins()].filter(
      (plugin) => plugin.id !== source && mayBeTold(plugin) && this.#wants(plugin, event),
    );
    for (const plugin of takers) this.#step(plugin, event, { type: "published", item });
    return takers.filter((plugin) => this.#line(plugin, event).state.state === "on").length;
  }

  /** Nobody is told any more: an event must not start what is being stopped. */
  close(): void {
    this.#closed = true;
  }

  /** Of the plugin's current life. */
  subscriptions(plugin: Plugin): SubscriptionStatus[] {
    return Array.from(this.#lines.get(plugin)?.keys() ?? [], (event) => {
      const { state, failures, delivered, dropped } = this.#line(plugin, event).state;
      return { event, state, failures, delivered, dropped };
    });
  }

  #wants(plugin: Plugin, event: string): boolean {
    const { description, spec } = plugin;
    if (description === null) return false;
    let wanted = this.#wanted.get(description);
    if (wanted?.required !== spec.apis) {
      wanted = { required: spec.apis, events: eventsOf(description, spec.apis) };
      this.#wanted.set(description, wanted);
    }
    return wanted.events.has(event);
  }

  /** In another life of the plugin, it begins afresh. */
  #line(plugin: Plugin, event: string): Line {
    const lines = this.#lines.get(plugin) ?? new Map<string, Line>();
    this.#lines.set(plugin, lines);
    const { life } = plugin;
    const line = lines.get(event) ?? { state: newSubscription, life };
    lines.set(event, line);
    if (line.life !== life) {
      line.life = life;
      [line.state] = deliveryStep(line.state, { type: "renewed" });
    }
    return line;
  }

  #step(plugin: Plugin, event: string, happened: DeliveryEvent<Item>): void {
    const line = this.#line(plugin, event);
    const [after, effects] = deliveryStep(line.state, happened);
    line.state = after;
    for (const effect of effects) this.#run(plugin, event, effect);
  }

  #run(plugin: Plugin, event: string, effect: DeliveryEffect<Item>): void {
    switch (effect.type) {
      case "send":
        if (plugin.serves || this.#closed) this.#send(plugin, event, effect.item);
        else void plugin.awake().then(() => this.#send(plugin, event, effect.item));
        return;
      case "overflowed":
        plugin.note(
          `${event} comes faster than it is answered: of ${mostWaiting} that wait, the oldest are dropped`,
        );
        return;
      case "ended": {
        const why = `${strikes} in a row failed, the last one: ${effect.why}`;
        plugin.note(`it is not told of ${event} any more in this life: ${why}`);
        this.#events.tell({ type: "subscription.ended", plugin: plugin.id, event, why });
        return;
      }
    }
  }

  /** A new life may want something else. */
  #send(plugin: Plugin, event: string, { params, depth }: Item): void {
    if (this.#closed || !plugin.serves || !this.#wants(plugin, event)) {
      this.#step(plugin, event, { type: "unreachable" });
      return;
    }
    const lineage: Lineage = { deadlineAt: Infinity, hops: 1, events: depth + 1 };
    const options = { totalTimeout: eventMs, idleTimeout: eventMs, lineage };
    plugin.deliver(event, params, options, (outcome) => this.#step(plugin, event, settled(outcome)));
  }
}

function settled(outcome: CallOutcome): DeliveryEvent<Item> {
  return "result" in outcome ? { type: "delivered" } : { type: "failed", why: outcome.error.message };
}

/** One that is on its way to a new life is told when it has it. */
function mayBeTold({ state }: Plugin): boolean {
  return state === "idle" || state === "starting" || state === "serving" || state === "backoff";
}
