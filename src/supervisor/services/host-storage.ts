/** `host.storage`: JSON values by key, one set for each plugin, kept with the journal. Values stay the bytes that came. */
import { z } from "zod";
import type { PluginStorage, StorageAnswer } from "../../io/journal/storage.ts";
import type { Deadlines } from "../../wire/deadlines.ts";
import { members, toSlice } from "../../wire/peer.ts";
import type { CallOutcome } from "../call.ts";
import { refusal } from "../call.ts";
import { misfit, nothing, read } from "./host-params.ts";
import type { HostCall } from "./services.ts";

export const storageMethods = [
  "host.storage.get",
  "host.storage.set",
  "host.storage.delete",
  "host.storage.list",
] as const;
type StorageMethod = (typeof storageMethods)[number];

export function isStorageMethod(method: string): method is StorageMethod {
  return storageMethods.some((each) => each === method);
}

const largestKey = 256;
const largestValue = 64 * 1024;
const defaultKeys = 1000;

const key = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= largestKey, `must not be over ${largestKey} bytes`);
const oneKey = z.object({ key });
const keys = z.object({
  prefix: z.string().max(largestKey).optional(),
  after: z.string().max(largestKey).optional(),
  limit: z.int().positive().max(10_000).optional(),
});

/** Answers when it is written, or when the call's time is over: then it may be written all the same. */
export async function store(
  method: StorageMethod,
  call: HostCall,
  storage: PluginStorage,
  deadlines: Deadlines,
): Promise<void> {
  const { deadlineAt } = call.lineage;
  const late = (): void =>
    call.settle(refusal("timeout", `${method} was not done in time`, { settlement: "maybe_executed" }));
  const deadline = deadlineAt === Infinity ? undefined : deadlines.add(deadlineAt, late);
  const outcome = await act(method, call, storage);
  if (deadline !== undefined) deadlines.remove(deadline);
  call.settle(outcome);
}

async function act(
  method: StorageMethod,
  { asker, request }: HostCall,
  storage: PluginStorage,
): Promise<CallOutcome> {
  const { id } = asker.spec;
  switch (method) {
    case "host.storage.get": {
      const params = read(method, request.params, oneKey);
      if (!params.ok) return params.outcome;
      return outcomeOf(await storage.get(id, params.value.key), (value) =>
        Buffer.from(value === null ? "{}" : `{"value":${value}}`),
      );
    }
    case "host.storage.set": {
      const params = read(method, request.params, oneKey);
      if (!params.ok) return params.outcome;
      const [value] = members(request.params, "value");
      if (value === undefined) return misfit(method, ["value"], "is missing");
      if (value.length > largestValue) {
        return misfit(method, ["value"], `must not be over ${largestValue} bytes, found ${value.length}`);
      }
      const written = await storage.set(id, params.value.key, value.toString("utf8"));
      if (written.ok && written.value !== null) return refusal("storage_full", `${id}: ${written.value}`);
      return outcomeOf(written, () => nothing);
    }
    case "host.storage.delete": {
      const params = read(method, request.params, oneKey);
      if (!params.ok) return params.outcome;
      return outcomeOf(await storage.delete(id, params.value.key), (deleted) => toSlice({ deleted }));
    }
    case "host.storage.list": {
      const params = read(method, request.params, keys);
      if (!params.ok) return params.outcome;
      const { prefix = "", after = "", limit = defaultKeys } = params.value;
      const listed = await storage.list(id, prefix, after, limit + 1);
      return outcomeOf(listed, (found) =>
        toSlice({ keys: found.slice(0, limit), more: found.length > limit }),
      );
    }
  }
}

function outcomeOf<T>(answer: StorageAnswer<T>, result: (value: T) => Buffer): CallOutcome {
  if (answer.ok) return { result: result(answer.value) };
  return refusal("service_unavailable", `host.storage: ${answer.message}`, { settlement: "maybe_executed" });
}
