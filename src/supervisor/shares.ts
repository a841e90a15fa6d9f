/** How many of a process's calls in flight are whose. */
import type { Outcome } from "../wire/peer.ts";

/** What one client has of them. */
export interface Share {
  calls: number;
}

export class Shares {
  /** Calls of nobody in particular: of the program that embeds the supervisor, and of pipes. */
  readonly #own: Share = { calls: 0 };
  readonly #ofClients = new WeakMap<object, Share>();
  /** Given up by their callers, not yet by the plugin: they go on taking their places. */
  readonly #givenUp = new Map<number, Share>();
  /** Most calls are of the client that made the one before. */
  #lastClient: object | undefined;
  #last = this.#own;

  of(client: object | undefined): Share {
    if (client === this.#lastClient) return this.#last;
    this.#lastClient = client;
    this.#last = client === undefined ? this.#own : this.#ofClient(client);
    return this.#last;
  }

  /** A call was settled, under the id that it had on the wire. */
  settled(share: Share, id: number, outcome: Outcome): void {
    if (outcome.settlement === "maybe_executed" && outcome.cause !== "closed") this.#givenUp.set(id, share);
    else share.calls--;
  }

  /** A call that was given up has been answered after all. */
  forget(id: number): void {
    const share = this.#givenUp.get(id);
    if (share === undefined) return;
    this.#givenUp.delete(id);
    share.calls--;
  }

  #ofClient(client: object): Share {
    const known = this.#ofClients.get(client);
    if (known !== undefined) return known;
    const share = { calls: 0 };
    this.#ofClients.set(client, share);
    return share;
  }
}
