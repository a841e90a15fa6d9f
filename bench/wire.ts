/**
 * How fast is the peer of src/wire beside a stock vscode-jsonrpc connection? Both call the same child over
 * stdio, a small echo in C where there is a compiler, sequentially and with 256 calls in flight, in turns
 * within one run: the ratio is the result, the absolute times are this machine's.
 *
 * node bench/wire.ts [--rounds N] [--calls N] [--json]    (pin it: taskset -c 0 node bench/wire.ts)
 */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { parseArgs } from "node:util";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { Deadlines } from "../src/wire/deadlines.ts";
import { Peer, toSlice } from "../src/wire/peer.ts";

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Calls once; `answered` gets the parsed answer. */
type Call = (answered: (result: unknown) => void) => void;

interface Side {
  readonly name: "peer" | "vscode-jsonrpc";
  readonly call: Call;
  readonly child: Child;
}

const IN_FLIGHT = [1, 256];

/** Answers every frame with its id and the result 1, and writes once for all that it has read. */
const ECHO_C = String.raw`
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static char in[1 << 20], out[1 << 20];
int main(void) {
  size_t have = 0;
  for (;;) {
    ssize_t n = read(0, in + have, sizeof in - have);
    if (n <= 0) return 0;
    have += (size_t)n;
    size_t at = 0, put = 0;
    for (;;) {
      char *end = memmem(in + at, have - at, "\r\n\r\n", 4);
      if (!end) break;
      size_t length = strtoul(in + at + 16, 0, 10), body = (size_t)(end - in) + 4;
      if (body + length > have) break;
      char *id = memmem(in + body, length, "\"id\":", 5);
      if (id) {
        char text[64];
        int size = sprintf(text, "{\"jsonrpc\":\"2.0\",\"id\":%lu,\"result\":1}", strtoul(id + 5, 0, 10));
        put += (size_t)sprintf(out + put, "Content-Length: %d\r\n\r\n%s", size, text);
      }
      at = body + length;
    }
    memmove(in, in + at, have -= at);
    for (size_t done = 0; done < put;) {
      ssize_t w = write(1, out + done, put - done);
      if (w <= 0) return 1;
      done += (size_t)w;
    }
  }
}
`;

const ECHO_NODE = String.raw`
let rest = "";
process.stdin.setEncoding("latin1").on("data", (chunk) => {
  rest += chunk;
  let out = "";
  for (let at = rest.indexOf("\r\n\r\n"); at >= 0; at = rest.indexOf("\r\n\r\n")) {
    const end = at + 4 + Number(rest.slice(16, at));
    if (end > rest.length) break;
    const id = /"id":(\d+)/.exec(rest.slice(at + 4, end));
    rest = rest.slice(end);
    const body = '{"jsonrpc":"2.0","id":' + id[1] + ',"result":1}';
    out += "Content-Length: " + body.length + "\r\n\r\n" + body;
  }
  process.stdout.write(out);
});
`;

function buildEcho(directory: string): { language: "C" | "Node"; command: string; args: string[] } {
  const source = join(directory, "echo.c");
  const binary = join(directory, "echo");
  writeFileSync(source, ECHO_C);
  const built = spawnSync("cc", ["-O2", "-o", binary, source], { stdio: "ignore" }).status === 0;
  if (built) return { language: "C", command: binary, args: [] };
  return { language: "Node", command: process.execPath, args: ["-e", ECHO_NODE] };
}

function peerSide(child: Child): Side {
  const peer = new Peer({
    input: child.stdout,
    output: child.stdin,
    deadlines: new Deadlines(),
    noise: "tolerate",
  });
  const options = { idleTimeout: 30_000 };
  return {
    name: "peer",
    child,
    call: (answered) =>
      void peer.call("min.min", toSlice({ a: 1, b: 2 }), options, (outcome) => {
        if (outcome.result === undefined) throw new Error(JSON.stringify(outcome));
        answered(JSON.parse(outcome.result.toString()));
      }),
  };
}

function stockSide(child: Child): Side {
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  connection.listen();
  return {
    name: "vscode-jsonrpc",
    child,
    call: (answered) => void connection.sendRequest("min.min", { a: 1, b: 2 }).then(answered),
  };
}

/** Microseconds per call. */
async function measure(call: Call, calls: number, inFlight: number): Promise<number> {
  const start = performance.now();
  await new Promise<void>((resolve) => {
    let begun = 0;
    let ended = 0;
    const next = (): void => {
      if (begun++ < calls) call(done);
    };
    const done = (result: unknown): void => {
      if (result !== 1) throw new Error(`a wrong answer: ${String(result)}`);
      if (++ended === calls) resolve();
      else next();
    };
    for (let i = 0; i < inFlight; i++) next();
  });
  return ((performance.now() - start) * 1000) / calls;
}

function rate(micros: number): string {
  return `${micros.toFixed(2)} us (${Math.round(1e3 / micros)} k/s)`;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    calls: { type: "string", default: "20000" },
    json: { type: "boolean", default: false },
  },
});
const rounds = Number(flags.rounds);
const calls = Number(flags.calls);

const directory = mkdtempSync(join(tmpdir(), "bulkhead-bench-"));
try {
  const echo = buildEcho(directory);
  const start = (): Child => spawn(echo.command, echo.args, { stdio: ["pipe", "pipe", "ignore"] });
  const sides = [peerSide(start()), stockSide(start())];
  const results = [];
  for (const inFlight of IN_FLIGHT) {
    const times: Record<Side["name"], number[]> = { peer: [], "vscode-jsonrpc": [] };
    // The first round warms both up and does not count.
    for (let round = 0; round <= rounds; round++) {
      for (const side of sides) {
        const time = await measure(side.call, calls, inFlight);
        if (round > 0) times[side.name].push(time);
      }
    }
    const peer = median(times.peer);
    const stock = median(times["vscode-jsonrpc"]);
    results.push({ inFlight, peerMicros: peer, stockMicros: stock, ratio: stock / peer });
  }
  for (const side of sides) side.child.kill();
  print(echo.language, results);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function print(
  echo: string,
  results: { inFlight: number; peerMicros: number; stockMicros: number; ratio: number }[],
): void {
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ echo, rounds, calls, node: process.version, results })}\n`);
    return;
  }
  process.stdout.write(
    `echo in ${echo}, ${rounds} rounds of ${calls} calls, medians, Node ${process.version}\n`,
  );
  for (const { inFlight, peerMicros, stockMicros, ratio } of results) {
    const label = inFlight === 1 ? "one after another" : `${inFlight} in flight`;
    process.stdout.write(
      `${label.padEnd(18)} peer ${rate(peerMicros)}, vscode-jsonrpc ${rate(stockMicros)}: ${ratio.toFixed(1)} x\n`,
    );
  }
}
