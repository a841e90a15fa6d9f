/** A host program says once what it wants of a plugin: the types of its calls and the checks of their values. */
import { z } from "zod";
import { bind, BulkheadError, Client, contract, method } from "../../src/index.ts";

const text = contract({
  name: "text",
  version: "1.0.0",
  methods: {
    count: method({
      params: z.object({ text: z.string() }),
      result: z.object({ lines: z.int(), words: z.int(), bytes: z.int() }),
    }),
  },
});

using client = await Client.connect();
await using wordcount = await bind(client, "wordcount", text);

const { words } = await wordcount.count({ text: "Plugins crash. Your program doesn't." });
console.log(`${words} words`);

try {
  // @ts-expect-error -- the compiler says no already; this is what happens where nobody asked it
  await wordcount.count({ text: 42 });
} catch (error) {
  if (!(error instanceof BulkheadError)) throw error;
  console.log(`${error.code}, ${error.settlement}: ${error.message}`);
}
