/** Checked by the compiler: what does not compile here must not compile anywhere. Nothing of this is run. */
import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { bytes, contract, isContractError, method, stream } from "../../../protocol/contract.ts";
import type { bind, implementing } from "../../../src/client/bind/bind.ts";
import type { Entry, Items, TypedClient } from "../../../src/client/bind/typed.ts";

const todo = contract({
  name: "todo",
  version: "1.2.0",
  methods: {
    scan: method({
      params: z.object({ root: z.string(), depth: z.int().default(3) }),
      result: z.object({ items: z.array(z.string()) }),
      progress: z.object({ done: z.number() }),
      errors: { not_found: { data: z.object({ root: z.string() }) }, denied: {} },
    }),
    ping: method({}),
    list: method({ params: z.object({ limit: z.int().optional() }), result: z.array(z.string()) }),
    watch: stream({ item: z.object({ n: z.int() }), result: z.null() }),
    image: method({ params: z.object({ at: z.string(), mask: bytes().optional() }), result: bytes() }),
  },
  groups: { preview: { methods: { render: method({ result: z.string(), errors: { blank: {} } }) } } },
});
type Todo = TypedClient<typeof todo>;

test("methods take what goes in and give what comes out", () => {
  type Scan = Todo["scan"];
  expectTypeOf<Parameters<Scan>[0]>().toEqualTypeOf<{ root: string; depth?: number | undefined }>();
  expectTypeOf<ReturnType<Scan>>().toEqualTypeOf<Promise<{ items: string[] }>>();
  expectTypeOf<ReturnType<Todo["ping"]>>().toEqualTypeOf<Promise<unknown>>();
  expectTypeOf<Parameters<Todo["list"]>[0]>().toEqualTypeOf<{ limit?: number | undefined } | undefined>();
  expectTypeOf<Parameters<Todo["image"]>[0]["mask"]>().toEqualTypeOf<Uint8Array | undefined>();
  expectTypeOf<ReturnType<Todo["image"]>>().toEqualTypeOf<Promise<Uint8Array>>();
  expectTypeOf<ReturnType<Todo["watch"]>>().toEqualTypeOf<Items<{ n: number }, null>>();
  expectTypeOf<ReturnType<Items<{ n: number }, null>["entries"]>>().toEqualTypeOf<
    AsyncIterable<Entry<{ n: number }>>
  >();
  expectTypeOf<Awaited<ReturnType<typeof implementing<typeof todo>>>>().toExtend<Map<string, Todo>>();
  expectTypeOf<Awaited<ReturnType<typeof bind<typeof todo>>>>().toEqualTypeOf<Todo>();
});

export async function wrong(client: Todo, error: unknown): Promise<void> {
  await client.ping();
  await client.list();
  await client.scan({ root: "/" }, { timeout: 5, onProgress: ({ done }) => expectTypeOf(done).toBeNumber() });
  // @ts-expect-error params are required
  await client.scan();
  // @ts-expect-error a member is missing
  await client.scan({ depth: 3 });
  // @ts-expect-error a member is of the wrong type
  await client.scan({ root: 3 });
  // @ts-expect-error there is no such member
  await client.scan({ root: "/", dept: 3 });
  // @ts-expect-error there is no such method
  await client.scann({ root: "/" });
  // @ts-expect-error the result has no such member
  expectTypeOf((await client.scan({ root: "/" })).files).toBeAny();
  // @ts-expect-error progress has no such member
  await client.scan({ root: "/" }, { onProgress: ({ percent }) => percent });
  // @ts-expect-error the fingerprint is not the caller's to give
  await client.scan({ root: "/" }, { fingerprint: "f" });
  // @ts-expect-error bytes are no text here
  await client.image({ at: "/", mask: "AQ==" });
  // @ts-expect-error whether bytes go beside the JSON is the contract's to say
  await client.image({ at: "/" }, { bulk: true });
  // @ts-expect-error only streams have credit
  await client.scan({ root: "/" }, { credit: 3 });
  // @ts-expect-error the group may be absent
  await client.preview.render();
  expectTypeOf(await client.preview?.render()).toEqualTypeOf<string | undefined>();
  // @ts-expect-error a method of a group is not one of the client
  await client.render();
  for await (const { n } of client.watch({}, { credit: 3 })) expectTypeOf(n).toBeNumber();
  // @ts-expect-error a stream is no promise of its result
  expectTypeOf(client.watch().then).toBeAny();
  // @ts-expect-error methods can not be replaced
  client.ping = async () => 3;

  if (client.$isError(error, "scan")) {
    expectTypeOf(error.code).toEqualTypeOf<"not_found" | "denied">();
    // @ts-expect-error no such code is declared
    if (error.code === "lost") return;
    if (error.code === "not_found") expectTypeOf(error.data.root).toBeString();
  }
  if (isContractError(todo, "render", error)) expectTypeOf(error.code).toEqualTypeOf<"blank">();
  if (client.$isError(error, "ping")) expectTypeOf(error).toBeNever();
  // @ts-expect-error there is no such method
  client.$isError(error, "scann");
}

export function wrongContracts(): void {
  // @ts-expect-error a contract has a version
  contract({ name: "x", methods: {} });
  // @ts-expect-error a stream has items
  stream({ result: z.null() });
  // @ts-expect-error what is neither method nor stream
  contract({ name: "x", version: "1.0.0", methods: { a: { params: z.object({}) } } });
  // @ts-expect-error params are a schema
  method({ params: { type: "object" } });
}
