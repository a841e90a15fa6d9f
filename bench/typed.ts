/**
 * What a contract costs, and what a stream saves, through an embedded supervisor: the same method of wordcount plain, by a
 * typed client, and checked on the way as well; and items of a stream beside calls, both of the C SDK's reference plugin.
 * In turns within one run: the ratios are the result, the absolute times are this machine's.
 *
 * node bench/typed.ts [--rounds N] [--calls N] [--json]    (pin it: taskset -c 0 node bench/typed.ts)
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { bind, contract, method, Supervisor } from "../src/index.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    calls: { type: "string", default: "20000" },
    json: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const calls = Number(values.calls);
const inFlight = 256;

const root = path.join(import.meta.dirname, "..");
const wordcount = path.join(root, "sample-plugins/wordcount/build/wordcount");
const reference = path.join(root, "protocol/sdk/c/build/conformance");
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

await using supervisor = await Supervisor.open({
  plugins: {
    plain: { command: wordcount },
    checked: { command: wordcount, validate: "relay" },
    reference: { command: reference },
  },
});
await using typed = await bind(supervisor, "plain", text);
await Promise.all([supervisor.wait("checked", "ready"), supervisor.wait("reference", "ready")]);

/** Microseconds for each of `calls`, with so many under way at once. */
async function time(call: () => Promise<unknown>): Promise<number> {
  let left = calls;
  const caller = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, caller));
  return ((performance.now() - start) * 1000) / calls;
}

async function timeStream(): Promise<number> {
  const start = performance.now();
  let seen = 0;
  for await (const item of supervisor.stream(
    "reference/conformance.count",
    { to: calls },
    { credit: inFlight },
  ))
    seen += item.seq >= 0 ? 1 : 0;
  if (seen !== calls) throw new Error(`${seen} items`);
  return ((performance.now() - start) * 1000) / calls;
}

const params = { text: "one two three" };
const sides: Readonly<Record<string, () => Promise<number>>> = {
  "a plain call": () => time(() => supervisor.call("plain/text.count", params)),
  "a typed call": () => time(() => typed.count(params)),
  "a call checked on the way": () => time(() => supervisor.call("checked/text.count", params)),
  "a call of the SDK": () => time(() => supervisor.call("reference/conformance.add", { a: 1, b: 2 })),
  "an item of the SDK": timeStream,
};

const measured = new Map<string, number[]>(Object.keys(sides).map((name) => [name, []]));
for (let round = -1; round < rounds; round++) {
  for (const [name, run] of Object.entries(sides)) {
    const figure = await run();
    // The first round only warms up.
    if (round >= 0) measured.get(name)?.push(figure);
  }
}

const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[list.length >> 1] ?? Number.NaN;
const plain = median(measured.get("a plain call") ?? []);
for (const [name, figures] of measured) {
  const micros = median(figures);
  const ratio = micros / plain;
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ name, micros, ratio, inFlight })}\n`
      : `${name.padEnd(28)} ${micros.toFixed(2).padStart(8)} µs  ${ratio.toFixed(2)} x a plain call, ${inFlight} in flight\n`,
  );
}
