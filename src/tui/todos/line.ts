/** A connection that outlives connections: calls go to whichever one there is now. */
import type {
  Caller,
  CallOptions,
  Described,
  ItemStream,
  ServiceHandlers,
  ServiceHost,
  StreamOptions,
} from "../../../protocol/caller.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import type { Client } from "../../client/client.ts";

/** As much of a client as the todo desk needs. */
export type DeskClient = Pick<
  Client,
  "call" | "stream" | "describe" | "plugins" | "provide" | "control" | "closed"
>;

/** @throws {BulkheadError} `daemon_unreachable`, from every method, while there is no connection */
export class Line implements Caller, ServiceHost {
  client: DeskClient | undefined;
  #isProvider = false;

  /** Plugins ask this program, and no other. */
  get isProvider(): boolean {
    return this.#isProvider && this.client !== undefined;
  }

  async call(target: string, params?: unknown, options?: CallOptions): Promise<unknown> {
    return this.#current().call(target, params, options);
  }

  stream(target: string, params?: unknown, options?: StreamOptions): ItemStream {
    return this.#current().stream(target, params, options);
  }

  async describe(plugin: string): Promise<Described> {
    return this.#current().describe(plugin);
  }

  async plugins(): Promise<string[]> {
    return this.#current().plugins();
  }

  async provide(service: string, handlers: ServiceHandlers): Promise<AsyncDisposable> {
    const provided = await this.#current().provide(service, handlers);
    this.#isProvider = true;
    return {
      [Symbol.asyncDispose]: async () => {
        this.#isProvider = false;
        await provided[Symbol.asyncDispose]();
      },
    };
  }

  #current(): DeskClient {
    if (this.client === undefined)
      throw BulkheadError.of("daemon_unreachable", "the daemon is away, and plugins with it");
    return this.client;
  }
}
