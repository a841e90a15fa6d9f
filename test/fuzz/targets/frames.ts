/** The frame parser: whatever the bytes, however they are cut. */
import * as fc from "fast-check";
import { encodeFrame, FrameParser } from "../../../src/wire/framing.ts";
import { WireViolation } from "../../../src/wire/violation.ts";
import { FrameError, FrameReader } from "../../../protocol/sdk/typescript/frame.ts";
import { must, pure } from "../target.ts";
import type { Target } from "../target.ts";

/** The first byte of an input: how it is read and cut. The others are what is read. */
const TOLERANT = 1;
const OWN_CHUNKS = 2;

const limits = { frameBytes: 5000, headerBytes: 200 };

interface Read {
  readonly frames: readonly {
    readonly json: Buffer;
    readonly data: Buffer | undefined;
    readonly noise: number;
  }[];
  readonly noise: Buffer;
  readonly end: string;
}

function read(chunks: readonly Buffer[], options: number): Read {
  const pieces: Buffer[] = [];
  const frames: Read["frames"][number][] = [];
  const parser = new FrameParser({
    ...limits,
    noise: (options & TOLERANT) === 0 ? "violation" : "tolerate",
    ownsChunks: (options & OWN_CHUNKS) !== 0,
    onNoise(bytes) {
      must(bytes.length > 0 && bytes.length <= 4096, "noise comes in pieces of at most 4 KiB", bytes.length);
      pieces.push(Buffer.from(bytes));
    },
  });
  const noiseNow = (): number => pieces.reduce((sum, { length }) => sum + length, 0);
  let end: string;
  try {
    for (const chunk of chunks) {
      parser.push(chunk);
      for (let json = parser.next(); json !== undefined; json = parser.next()) {
        const { data } = parser;
        must(json.length + (data?.length ?? 0) <= limits.frameBytes, "no frame is over the limit");
        frames.push({ json, data, noise: noiseNow() });
      }
    }
    end = parser.end().truncated ? "truncated" : "whole";
    must(parser.noiseBytes === noiseNow(), "all noise is handed out and counted");
  } catch (error) {
    if (!(error instanceof WireViolation)) throw error;
    must(/^[\x20-\x7e]{1,400}$/.test(error.detail), "the detail is one printable line", error.detail);
    end = error.message;
  }
  return { frames, noise: Buffer.concat(pieces), end };
}

/** In chunks whose sizes depend on what is in them, each in memory of its own. */
function cut(bytes: Buffer, salt: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, size = salt; at < bytes.length; at += size) {
    size = salt === 0 ? 1 : 1 + ((size * 31 + (bytes[at] ?? 0) + salt) % 97);
    chunks.push(own(bytes.subarray(at, at + size)));
  }
  return chunks;
}

function own(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

/** Noise is in pieces, and of noise before a lie it depends on the chunks how much is known by then. */
function outcome({ frames, noise, end }: Read): unknown {
  return {
    frames: frames.map(({ json, data }) => [json.toString("latin1"), data?.toString("latin1")]),
    noise: /^(?:whole|truncated)$/.test(end) ? noise.toString("latin1") : "",
    end,
  };
}

/** Between what is noise and what is a frame stands its header, and nothing else. */
function accountFor(bytes: Buffer, { frames, noise, end }: Read): void {
  let at = 0;
  let seen = 0;
  for (const frame of frames) {
    const start = frame.json.byteOffset - bytes.byteOffset;
    const gap = bytes.subarray(at, start);
    const before = frame.noise - seen;
    checkMissed(gap.subarray(0, before));
    must(gap.subarray(0, before).equals(noise.subarray(seen, frame.noise)), "noise is what stood there");
    checkHeader(gap.toString("latin1", before), frame);
    seen = frame.noise;
    at = start + frame.json.length + (frame.data?.length ?? 0);
  }
  checkMissed(noise.subarray(seen));
  if (end === "whole") must(bytes.subarray(at).equals(noise.subarray(seen)), "the rest is noise");
}

/** What is skipped has no place in it at which reading goes on, however long it is. */
function checkMissed(noise: Buffer): void {
  const length = String.raw`content-length:[ \t]{0,9}\d{1,16}\r\n`;
  const bulkType = String.raw`content-type: application/vnd\.bulkhead\.bulk; json=[ \t]{0,9}\d{1,16}\r\n`;
  const missed = new RegExp(`${length}(?:${bulkType})?\r\n\\{`, "i").exec(noise.toString("latin1"));
  must(missed === null, "no frame is taken for noise", missed?.[0]);
}

function checkHeader(header: string, { json, data }: Read["frames"][number]): void {
  must(/^(?:[^:\r\n]+:[\t\x20-\x7e]*\r\n)+\r\n$/.test(header), "only a header stands before a frame", header);
  must(header.length <= limits.headerBytes, "no header is over the limit", header);
  const lengths = [...header.matchAll(/^content-length:[ \t]*(\d{1,16})[ \t]*\r$/gim)].map(([, n]) =>
    Number(n),
  );
  const length = json.length + (data?.length ?? 0);
  must(
    lengths.length > 0 && lengths.every((each) => each === length),
    "a frame is as long as it says",
    header,
  );
  const parts = [
    ...header.matchAll(
      /^content-type:[ \t]*application\/vnd\.bulkhead\.bulk[ \t]*;[ \t]*json=(\d+)[ \t]*\r$/gim,
    ),
  ];
  must(parts.length === (data === undefined ? 0 : 1), "data is there where it is announced", header);
  if (data !== undefined)
    must(Number(parts[0]?.[1]) === json.length, "the JSON is as long as it says", header);
}

/** The TypeScript SDK has a reader of its own: what both take, both take alike. */
function compareWithSdk(bytes: Buffer, { frames, end }: Read): void {
  const reader = new FrameReader(limits.frameBytes);
  const theirs: [string, string | undefined][] = [];
  try {
    for (const { body, data } of reader.push(bytes))
      theirs.push([body.toString("latin1"), data?.toString("latin1")]);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
  }
  const ours = frames.map(({ json, data }) => [json.toString("latin1"), data?.toString("latin1")]);
  const both = Math.min(ours.length, theirs.length);
  must(
    JSON.stringify(ours.slice(0, both)) === JSON.stringify(theirs.slice(0, both)),
    "the SDK's reader finds the same frames",
    { ours, theirs, end },
  );
}

function run(input: Buffer): void {
  const options = input[0] ?? 0;
  const bytes = own(input.subarray(1));
  const whole = read([bytes], options & ~OWN_CHUNKS);
  accountFor(bytes, whole);
  if ((options & TOLERANT) === 0) compareWithSdk(bytes, whole);
  const expected = JSON.stringify(outcome(whole));
  for (const salt of bytes.length > 400 ? [(options >> 2) + 1] : [0, (options >> 2) + 1]) {
    const pieces = read(cut(bytes, salt), options);
    must(JSON.stringify(outcome(pieces)) === expected, "the outcome does not depend on the cuts", {
      salt,
      pieces: outcome(pieces),
      whole: outcome(whole),
    });
  }
}

const text = fc.string({ unit: "binary-ascii", maxLength: 40 });
const body = fc.oneof(fc.json({ maxDepth: 2 }), text).map((each) => Buffer.from(each));
const header = fc.constantFrom(
  "Content-Length: 2\r\n\r\n{}",
  "content-LENGTH:\t2 \r\nX-Other: y\r\n\r\n{}",
  "Content-Type: application/vnd.bulkhead.bulk; json=2\r\nContent-Length: 5\r\n\r\n{}abc",
  "Content-Length: 5\r\nContent-Type: application/vnd.bulkhead.bulk;json=2\r\n\r\n{}{\r\n",
  "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
  "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}",
);
/** Lengths that are right, or wrong by little. */
const bulkHeader = fc
  .tuple(fc.nat({ max: 6 }), fc.nat({ max: 8 }), fc.constantFrom("", "noise ", "\n"))
  .map(
    ([length, json, noise]) =>
      `${noise}Content-Length: ${length}\r\nContent-Type: application/vnd.bulkhead.bulk; json=${json}\r\n\r\n${"{}abcd".slice(0, length)}`,
  );
const stream = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: body.map((each) => encodeFrame(each)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(body, fc.uint8Array({ maxLength: 30 }))
        .map(([json, data]) => encodeFrame(json.length > 0 ? json : "{}", Buffer.from(data))),
    },
    { weight: 2, arbitrary: bulkHeader.map((each) => Buffer.from(each)) },
    { weight: 2, arbitrary: header.map((each) => Buffer.from(each)) },
    { weight: 1, arbitrary: text.map((each) => Buffer.from(each)) },
  ),
  { maxLength: 6 },
);

export const frames: Target = {
  name: "frames",
  inputs: fc
    .tuple(fc.nat({ max: 255 }), stream)
    .map(([options, pieces]) => Buffer.concat([Buffer.of(options), ...pieces])),
  words: [
    "Content-Length: ",
    "content-type:",
    "Content-Type: application/vnd.bulkhead.bulk; json=",
    "\r\n\r\n{",
    "\r\n",
    "Content-Length: 2\r\n\r\n{}",
    "x Content-Length: 3\r\n\r\n{}\n",
    "; charset=utf-8",
  ],
  covers: ["src/wire/framing.ts", "src/wire/header-text.ts", "protocol/sdk/typescript/frame.ts"],
  tried: 1500,
  start: pure(run),
};
