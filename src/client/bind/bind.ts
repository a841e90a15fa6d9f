/** Typed clients: a contract bound to a plugin, over an embedded supervisor or a connection to a daemon alike. */
import type { Caller, Described } from "../../../protocol/caller.ts";
import { isContractError } from "../../../protocol/contract.ts";
import type { Contract, Operations } from "../../../protocol/contract.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import { Binding } from "./binding.ts";
import type { BindOptions } from "./binding.ts";
import { TypedStream } from "./typed-stream.ts";
import type { TypedCallOptions, TypedClient } from "./typed.ts";

export type { BindOptions } from "./binding.ts";

/**
 * A typed client of one plugin. What the plugin describes is compared with the contract now, and again whenever another
 * version of the plugin serves.
 *
 * @throws {BulkheadError} `contract_mismatch` with the differences, `incompatible_api`, or why there is no description
 */
export async function bind<C extends Contract>(
  caller: Caller,
  plugin: string,
  contract: C,
  options: BindOptions = {},
): Promise<TypedClient<C>> {
  return clientOf(caller, plugin, contract, await caller.describe(plugin), options);
}

/** Clients by plugin id, and why other plugins with that api have none. */
export class Implementations<C extends Contract>
  extends Map<string, TypedClient<C>>
  implements AsyncDisposable
{
  /** Plugins that offer the api and do not fit. */
  readonly mismatched = new Map<string, BulkheadError>();
  /** Plugins that could not say what they offer. */
  readonly undescribed = new Map<string, BulkheadError>();

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.values()].map((client) => client[Symbol.asyncDispose]()));
  }
}

/** A client of every plugin that offers the contract's api and fits. */
export async function implementing<C extends Contract>(
  caller: Caller,
  contract: C,
  options: BindOptions = {},
): Promise<Implementations<C>> {
  const found = new Implementations<C>();
  const plugins = await caller.plugins();
  const attempts = await Promise.all(
    plugins.map(async (plugin) => {
      const described = await caller.describe(plugin).catch(bulkheadError);
      return { plugin, described };
    }),
  );
  for (const { plugin, described } of attempts) {
    if (described instanceof BulkheadError) found.undescribed.set(plugin, described);
    else if (described.apis.some(({ name }) => name === contract.name)) {
      try {
        found.set(plugin, clientOf(caller, plugin, contract, described, options));
      } catch (error) {
        found.mismatched.set(plugin, bulkheadError(error));
      }
    }
  }
  return found;
}

function bulkheadError(error: unknown): BulkheadError {
  if (error instanceof BulkheadError) return error;
  throw error;
}

function clientOf<C extends Contract>(
  caller: Caller,
  plugin: string,
  contract: C,
  described: Described,
  options: BindOptions,
): TypedClient<C> {
  const binding = new Binding(caller, plugin, contract, described, options);
  const client: object = Object.defineProperties(callsOf(binding, contract.methods), {
    $plugin: { value: plugin, enumerable: true },
    $warnings: { get: () => binding.warnings, enumerable: true },
    $isError: {
      value: (error: unknown, method: never) => isContractError(contract, method, error),
    },
    [Symbol.asyncDispose]: { value: async () => binding.close() },
    ...Object.fromEntries(
      Object.entries(contract.groups ?? {}).map(([name, { methods }]) => {
        const calls = callsOf(binding, methods, name);
        return [name, { get: () => (binding.has(name) ? calls : undefined), enumerable: true }];
      }),
    ),
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- built from the definition that the type is made of
  return client as TypedClient<C>;
}

function callsOf(binding: Binding, operations: Operations, group?: string): object {
  const calls = Object.entries(operations).map(([name, operation]) => [
    name,
    (params?: unknown, options: TypedCallOptions<unknown> = {}): unknown => {
      if (operation.kind === "stream") return new TypedStream(binding, name, operation, params, options);
      if (group === undefined || binding.has(group)) return binding.call(name, operation, params, options);
      return Promise.reject(
        BulkheadError.of("method_not_found", `${binding.plugin} no longer offers ${group}: ${name}`),
      );
    },
  ]);
  return Object.fromEntries(calls);
}
