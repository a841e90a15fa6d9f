import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeFrame, FrameReader } from "../../protocol/sdk/typescript/frame.ts";

function bodies(chunks: readonly Buffer[], limit = 1000): string[] {
  const reader = new FrameReader(limit);
  const read = chunks.flatMap((chunk) => [...reader.push(chunk)].map(({ body }) => String(body)));
  reader.end();
  return read;
}

test("frames follow each other, header names have no case, other headers are ignored", () => {
  const input = 'Content-Length: 2\r\n\r\n{}content-LENGTH:3\r\nContent-Type: x\r\n\r\n"é"';
  expect(bodies([Buffer.from(input.replace("3", "4"))])).toEqual(["{}", '"é"']);
  expect(bodies([])).toEqual([]);
});

test("an empty body is a body", () => {
  expect(bodies([Buffer.from("Content-Length: 0\r\n\r\nContent-Length: 1\r\n\r\n5")])).toEqual(["", "5"]);
});

test("however a stream is cut, it holds the same frames", () => {
  const text = fc.string({ unit: fc.constantFrom("C", ":", "\r", "\n", "1", "é", "🚢"), maxLength: 40 });
  const cuts = fc.array(fc.nat(), { maxLength: 20 });
  fc.assert(
    fc.property(fc.array(text), cuts, (texts, places) => {
      const whole = Buffer.concat(texts.map((each) => encodeFrame(each)));
      const ends = [...places.map((place) => place % (whole.length + 1)), whole.length].sort((a, b) => a - b);
      const chunks = ends.map((end, i) => whole.subarray(ends[i - 1] ?? 0, end));
      expect(bodies(chunks)).toEqual(texts);
    }),
  );
});

test.each([
  ["Content-Length: -1\r\n\r\n", 'Content-Length "-1"'],
  ["Content-Length: +5\r\n\r\n", 'Content-Length "+5"'],
  ["Content-Length: 12abc\r\n\r\n", 'Content-Length "12abc"'],
  ["Content-Length: \r\n\r\n", 'Content-Length ""'],
  ["Content-Length: 99999999999999999999999\r\n\r\n", "Content-Length"],
  ["Content-Length: 1001\r\n\r\n", "the limit is 1000"],
  ["Content-Length: 2\n\n{}", "CR LF"],
  ["Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "twice"],
  ["hello\r\n\r\n", "without a name and a colon"],
  ["X: 1\r\n\r\n", "without Content-Length"],
  ["Content-Length: 5\r\n\r\n{}", "ended after 2 of 5"],
  ["Content-Le", "within a header"],
  ["x".repeat(5000), "more than 4096 bytes"],
  ["x: y\r\n".repeat(700), "more than 4096 bytes"],
])("%j is broken", (input, named) => {
  expect(() => bodies([Buffer.from(input)])).toThrow(named);
});
