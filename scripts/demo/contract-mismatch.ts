/** The same plugin, and a host that expects something else of it. */
import { z } from "zod";
import { bind, BulkheadError, Client, contract, method } from "../../src/index.ts";

const text = contract({
  name: "text",
  version: "1.0.0",
  methods: {
    count: method({
      params: z.object({ text: z.string() }),
      result: z.object({ words: z.string(), characters: z.int() }),
    }),
    sleeps: method({ params: z.object({ ms: z.int() }) }),
  },
});

using client = await Client.connect();
try {
  await bind(client, "wordcount", text);
} catch (error) {
  if (!(error instanceof BulkheadError)) throw error;
  console.log(`${error.code}, ${error.settlement}: ${error.message}`);
}
