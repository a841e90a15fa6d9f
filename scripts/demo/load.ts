/** Keeps 32 calls in flight on wordcount until stdin ends, then says what became of them all. */
import { BulkheadError, Client } from "../../src/index.ts";

using client = await Client.connect({ name: "load" });
const failures = new Map<string, number>();
let answered = 0;

async function callAgainAndAgain(): Promise<void> {
  while (!process.stdin.readableEnded) {
    try {
      await client.call("wordcount/text.sleep", { ms: 20 });
      if (++answered === 1) console.log("under load");
    } catch (error) {
      const code = error instanceof BulkheadError ? error.code : String(error);
      failures.set(code, (failures.get(code) ?? 0) + 1);
    }
  }
}

process.stdin.resume();
await Promise.all(Array.from({ length: 32 }, callAgainAndAgain));

const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
console.log(`${answered} calls answered, ${failed} failed`, ...failures);
process.exitCode = failed === 0 && answered > 0 ? 0 : 1;
