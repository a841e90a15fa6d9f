import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeFrame, FrameParser } from "../../src/wire/framing.ts";
import type { FrameParserOptions } from "../../src/wire/framing.ts";
import { WireViolation } from "../../src/wire/violation.ts";

interface Parsed {
  frames: string[];
  /** What came beside each of them. */
  data: (string | undefined)[];
  noise: string;
  violation: string | undefined;
  detail: string | undefined;
  truncated: boolean | undefined;
}

const LIMITS = { frameBytes: 1000, headerBytes: 100 };

function parse(chunks: (Buffer | string)[], options: FrameParserOptions = {}): Parsed {
  const parsed: Parsed = {
    frames: [],
    data: [],
    noise: "",
    violation: undefined,
    detail: undefined,
    truncated: undefined,
  };
  const parser = new FrameParser({
    ...LIMITS,
    onNoise: (bytes) => {
      expect(bytes.length).toBeLessThanOrEqual(4096);
      parsed.noise += bytes.toString("latin1");
    },
    ...options,
  });
  try {
    for (const chunk of chunks) {
      parser.push(Buffer.from(chunk));
      for (let body = parser.next(); body !== undefined; body = parser.next()) {
        parsed.frames.push(body.toString("latin1"));
        parsed.data.push(parser.data?.toString("latin1"));
      }
      expect(parser.data).toBeUndefined();
    }
    parsed.truncated = parser.end().truncated;
    expect(parsed.noise.length).toBe(parser.noiseBytes);
  } catch (error) {
    if (!(error instanceof WireViolation) || !/^[\x20-\x7e]{1,300}$/.test(error.detail)) throw error;
    parsed.violation = error.reason;
    parsed.detail = error.detail;
  }
  return parsed;
}

const bytes = (text: string): string[] => text.match(/[^]/g) ?? [];

describe("frames", () => {
  test.each([
    ["as everybody writes it", "Content-Length: 2\r\n\r\n{}"],
    ["in any case", "CONTENT-length: 2\r\n\r\n{}"],
    ["without a space", "Content-Length:2\r\n\r\n{}"],
    ["with spaces and tabs around", "Content-Length: \t 2 \r\n\r\n{}"],
    ["with leading zeros", "Content-Length: 0002\r\n\r\n{}"],
    [
      "with a content type after it",
      "Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n{}",
    ],
    ["with a content type before it", "Content-Type: x\r\nContent-Length: 2\r\n\r\n{}"],
    ["twice the same", "Content-Length: 2\r\ncontent-length: 2\r\n\r\n{}"],
  ])("a length %s", (_, text) => {
    for (const noise of ["tolerate", "violation"] as const) {
      expect(parse([text], { noise })).toMatchObject({ frames: ["{}"], noise: "", violation: undefined });
      expect(parse(bytes(text), { noise })).toMatchObject({
        frames: ["{}"],
        noise: "",
        violation: undefined,
      });
    }
  });

  test("a frame within one chunk is a view of it", () => {
    const parser = new FrameParser();
    const chunk = encodeFrame("[1,2,3]");
    parser.push(chunk);
    expect(parser.next()?.buffer).toBe(chunk.buffer);
  });

  test("a body that spans chunks is exactly its size and the same bytes", () => {
    const parser = new FrameParser();
    const body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i & 0xff));
    const sent = encodeFrame(body);
    const found: Buffer[] = [];
    for (let at = 0; at < sent.length; at += 10_000) {
      parser.push(sent.subarray(at, at + 10_000));
      for (let frame = parser.next(); frame; frame = parser.next()) found.push(frame);
    }
    expect(found).toHaveLength(1);
    expect(found[0]!.equals(body)).toBe(true);
    expect(found[0]!.buffer.byteLength).toBe(body.length);
  });

  test("the claim of a large body takes no memory before its bytes come", () => {
    const parsers = Array.from({ length: 1000 }, () => new FrameParser());
    const before = process.memoryUsage().arrayBuffers;
    for (const parser of parsers) {
      parser.push(Buffer.from(`Content-Length: ${64 * 1024 * 1024}\r\n\r\n{`));
      expect(parser.next()).toBeUndefined();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1000 * 100_000);
  });

  test("an input that ends inside a frame says so", () => {
    expect(parse(["Content-Length: 5\r\n\r\n{}"]).truncated).toBe(true);
    expect(parse(["Content-Le"]).truncated).toBe(true);
    expect(parse(["Content-Length: 2\r\n\r\n{}"]).truncated).toBe(false);
    expect(parse([]).truncated).toBe(false);
  });
});

const bulk = "Content-Type: application/vnd.bulkhead.bulk; json=2";

const frameOf = (length: number): string =>
  `Content-Length: ${length}\r\n${bulk}\r\n\r\n{}${"x".repeat(length - 2)}`;

describe("a frame with data", () => {
  test.each([
    ["after the length", `Content-Length: 5\r\n${bulk}\r\n\r\n{}abc`, "abc"],
    ["before the length", `${bulk}\r\nContent-Length: 5\r\n\r\n{}\r\n{`, "\r\n{"],
    [
      "in any case",
      `content-length:5\r\nCONTENT-TYPE:APPLICATION/VND.Bulkhead.bulk;json=2\r\n\r\n{}abc`,
      "abc",
    ],
    ["with spaces", `Content-Length: 5\r\n${bulk.replace(";", " \t;\t ")} \r\n\r\n{}abc`, "abc"],
    ["of no bytes", `Content-Length: 2\r\n${bulk}\r\n\r\n{}`, ""],
    [
      "that looks like a frame",
      `Content-Length: 25\r\n${bulk}\r\n\r\n{}Content-Length: 2\r\n\r\n{}`,
      "Content-Length: 2\r\n\r\n{}",
    ],
  ])("says so %s", (_, text, data) => {
    const plain = "Content-Length: 2\r\n\r\n{}";
    for (const noise of ["tolerate", "violation"] as const) {
      const found = {
        frames: ["{}", "{}", "{}"],
        data: [undefined, data, undefined],
        noise: "",
        violation: undefined,
      };
      expect(parse([plain + text + plain], { noise })).toMatchObject(found);
      expect(parse(bytes(plain + text + plain), { noise })).toMatchObject(found);
    }
  });

  test.each([
    "application/vnd.bulkhead.bulkier; json=9",
    "application/vnd.bulkhead; json=9",
    "text/plain; x=application/vnd.bulkhead.bulk; json=9",
  ])("does not say so by %s", (type) => {
    const text = `Content-Length: 2\r\nContent-Type: ${type}\r\n\r\n{}`;
    expect(parse([text])).toMatchObject({ frames: ["{}"], data: [undefined], violation: undefined });
  });

  test.each([
    ["json=0", "; json=0"],
    ["json beyond the length", "; json=6"],
    ["no json", ""],
    ["no json, but something", "; charset=utf-8"],
    ["something beside json", "; json=2; charset=utf-8"],
    ["something before json", "; charset=utf-8; json=2"],
    ["json twice", "; json=2; json=2"],
    ["json that is no number", "; json=2x"],
    ["json in quotes", '; json="2"'],
    ["a negative json", "; json=-2"],
    ["json of many digits", "; json=00000000000000002"],
    ["the line twice", `; json=2\r\n${bulk}`],
  ])("with %s ends the session", (_, parameters) => {
    const type = `Content-Type: application/vnd.bulkhead.bulk${parameters}`;
    for (const noise of ["tolerate", "violation"] as const) {
      for (const text of [
        `Content-Length: 5\r\n${type}\r\n\r\n{}abc`,
        `${type}\r\nContent-Length: 5\r\n\r\n{}abc`,
      ]) {
        expect(parse([text], { noise, headerBytes: 200 }).violation).toBe("bad_header");
        expect(parse(bytes(text), { noise, headerBytes: 200 }).violation).toBe("bad_header");
      }
    }
  });

  test("counts both towards the limit", () => {
    expect(parse([frameOf(1000)]).frames).toEqual(["{}"]);
    expect(parse([frameOf(1001)]).violation).toBe("frame_too_large");
  });

  test("within one chunk is a view of it, JSON and data", () => {
    const parser = new FrameParser();
    const chunk = encodeFrame("{}", Buffer.from("abc"));
    parser.push(chunk);
    expect(parser.next()?.buffer).toBe(chunk.buffer);
    expect(parser.data?.buffer).toBe(chunk.buffer);
  });

  test("after noise is found, so that nothing in its data is taken for a frame", () => {
    const forged = 'Content-Length: 2\r\n\r\n{"';
    const text = `hello ${encodeFrame("{}", Buffer.from(forged)).toString()}bye`;
    const found = { frames: ["{}"], data: [forged], noise: "hello bye", violation: undefined };
    expect(parse([text], { noise: "tolerate" })).toMatchObject(found);
    expect(parse(bytes(text), { noise: "tolerate" })).toMatchObject(found);
  });
});

/** A frame of half a megabyte in chunks as a socket has them: each in memory of its own. */
function chunks(): Buffer[] {
  const sent = encodeFrame("{}", Buffer.alloc(512 * 1024, "x"));
  const size = 64 * 1024;
  return Array.from({ length: Math.ceil(sent.length / size) }, (_, i) => {
    const own = Buffer.allocUnsafeSlow(Math.min(size, sent.length - i * size));
    sent.copy(own, 0, i * size);
    return own;
  });
}

describe("chunks that are the parser's own", () => {
  test.each([true, false])("give their memory back once they have been copied: %s", (ownsChunks) => {
    const parser = new FrameParser({ ownsChunks });
    const sent = chunks();
    const found = sent.map((chunk) => {
      parser.push(chunk);
      return parser.next()?.toString();
    });
    expect(found.at(-1)).toBe("{}");
    const kept = sent.filter(({ length }) => length > 0);
    // The last is small.
    expect(kept).toHaveLength(ownsChunks ? 1 : sent.length);
  });

  test("keep a frame that came before what was copied", () => {
    const parser = new FrameParser({ ownsChunks: true });
    const [small, large] = [encodeFrame('"small"'), encodeFrame(`"${"x".repeat(100_000)}"`)];
    const chunk = Buffer.allocUnsafeSlow(64 * 1024);
    Buffer.concat([small, large]).copy(chunk);
    parser.push(chunk);
    const first = parser.next();
    expect(parser.next()).toBeUndefined();
    expect(first?.toString()).toBe('"small"');
  });

  test("keep noise that nobody has heard of yet", () => {
    const noise: string[] = [];
    const onNoise = (bytes: Buffer): void => void noise.push(bytes.toString());
    const parser = new FrameParser({ ownsChunks: true, noise: "tolerate", onNoise });
    const chunk = Buffer.allocUnsafeSlow(64 * 1024);
    Buffer.concat([Buffer.from("noise"), encodeFrame(`{"a":"${"x".repeat(100_000)}"}`)]).copy(chunk);
    parser.push(chunk);
    expect(parser.next()).toBeUndefined();
    expect(noise.join("")).toBe("noise");
    expect(chunk.length).toBe(64 * 1024);
  });

  test("keep what a frame is a view of", () => {
    const parser = new FrameParser({ ownsChunks: true });
    const frame = encodeFrame("{}", Buffer.alloc(64 * 1024, "x"));
    const chunk = Buffer.allocUnsafeSlow(frame.length);
    frame.copy(chunk);
    parser.push(chunk);
    parser.next();
    expect(parser.data?.equals(Buffer.alloc(64 * 1024, "x"))).toBe(true);
  });
});

describe("a header that lies ends the session", () => {
  test.each([
    ["-1", "bad_content_length"],
    ["12abc", "bad_content_length"],
    ["", "bad_content_length"],
    ["   ", "bad_content_length"],
    ["+5", "bad_content_length"],
    ["5 5", "bad_content_length"],
    ["0x10", "bad_content_length"],
    ["1e3", "bad_content_length"],
    ["5.0", "bad_content_length"],
    ["9007199254740992", "bad_content_length"],
    ["99999999999999999999999", "bad_content_length"],
    ["9007199254740991", "frame_too_large"],
    ["1001", "frame_too_large"],
  ])("Content-Length %j", (length, violation) => {
    const text = `Content-Length: ${length}\r\n\r\n{}`;
    for (const noise of ["tolerate", "violation"] as const) {
      expect(parse([text], { noise }).violation).toBe(violation);
      expect(parse(bytes(text), { noise }).violation).toBe(violation);
    }
  });

  test.each([
    ["two lengths that disagree", "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "bad_content_length"],
    ["no length", "Content-Type: x\r\n\r\n{}", "bad_header"],
    ["a line without a colon", "Content-Length: 2\r\nhello\r\n\r\n{}", "bad_header"],
    ["bare line feeds", "Content-Length: 2\n\n{}", "bad_header"],
    ["a bare carriage return", "Content-Length: 2\r\r\n{}", "bad_header"],
    ["a byte that is not ASCII", "Content-Length: 2\r\nContent-Type: \xff\r\n\r\n{}", "bad_header"],
    ["a NUL", "Content-Length: 2\r\nContent-Type: \0\r\n\r\n{}", "bad_header"],
    ["no end", `Content-Length: ${" ".repeat(200)}2\r\n\r\n{}`, "header_too_long"],
  ])("%s", (_, text, violation) => {
    for (const noise of ["tolerate", "violation"] as const) {
      expect(parse([Buffer.from(text, "latin1")], { noise }).violation).toBe(violation);
    }
  });

  test("a header block of just the limit is taken, one byte more is not", () => {
    const text = "Content-Length: 2\r\n\r\n{}";
    expect(parse([text], { headerBytes: 21 }).frames).toEqual(["{}"]);
    expect(parse([text], { headerBytes: 20 }).violation).toBe("header_too_long");
    expect(parse(bytes(text), { headerBytes: 20 }).violation).toBe("header_too_long");
  });

  test("garbage, where noise is a violation", () => {
    expect(parse(["hello world\n"]).violation).toBe("bad_header");
    expect(parse(["x".repeat(1_000_000)]).violation).toBe("header_too_long");
    expect(parse([Buffer.from([0xff, 0x00])]).violation).toBe("bad_header");
  });
});

describe("noise between frames", () => {
  const noise = "tolerate";
  const frame = "Content-Length: 2\r\n\r\n{}";

  test.each([
    ["before the first frame", "hello\n", `hello\n${frame}`, ["{}"]],
    ["with no line end before the header", "counter is 5", `counter is 5${frame}`, ["{}"]],
    ["between frames", "one\ntwo\n", `${frame}one\ntwo\n${frame}`, ["{}", "{}"]],
    ["an empty line after each frame", "\n\n", `${frame}\n${frame}\n`, ["{}", "{}"]],
    [
      "that looks like a header for a while",
      "Content-Lengthy tale ",
      `Content-Lengthy tale ${frame}`,
      ["{}"],
    ],
    [
      "that is a header within noise but not a frame",
      "x Content-Length: 5\r\n",
      `x Content-Length: 5\r\n${frame}`,
      ["{}"],
    ],
    ["that is bytes", "\xff\xfe\0", `\xff\xfe\0${frame}`, ["{}"]],
    ["that never ends", "no newline", "no newline", []],
    ["that ends within what could be a header", "Content-", "Content-", []],
    [
      "with a header in it that never comes to a brace",
      "x Content-Length: 3\r\n\r\n[1]",
      "x Content-Length: 3\r\n\r\n[1]",
      [],
    ],
  ])("%s", (_, expected, text, frames) => {
    const chunk = Buffer.from(text, "latin1");
    const found = { frames, noise: expected, violation: undefined };
    expect(parse([chunk], { noise })).toMatchObject(found);
    expect(
      parse(
        [...chunk].map((byte) => Buffer.from([byte])),
        { noise },
      ),
    ).toMatchObject(found);
  });

  test("a frame after noise that lies ends the session", () => {
    expect(parse(["hi Content-Length: 5000\r\n\r\n{"], { noise })).toMatchObject({
      violation: "frame_too_large",
      noise: "hi ",
    });
    expect(parse(["hi Content-Length: 9007199254740992\r\n\r\n{"], { noise }).violation).toBe(
      "bad_content_length",
    );
  });

  test("whole lines come together, and a long line in pieces", () => {
    const pieces: string[] = [];
    const parser = new FrameParser({ noise, onNoise: (bytes) => pieces.push(bytes.toString()) });
    for (const chunk of ["a\nb\nc", "c\nd", "x".repeat(5000)]) {
      parser.push(Buffer.from(chunk));
      expect(parser.next()).toBeUndefined();
    }
    expect(pieces).toEqual(["a\nb\n", "cc\n", `d${"x".repeat(4095)}`]);
    parser.end();
    expect(pieces.at(-1)).toBe("x".repeat(905));
  });

  test("a megabyte without a line end takes no memory", () => {
    let bytes = 0;
    const parser = new FrameParser({ noise, onNoise: (piece) => (bytes += piece.length) });
    for (let i = 0; i < 1024; i++) {
      parser.push(Buffer.alloc(1024, "x"));
      expect(parser.next()).toBeUndefined();
    }
    expect(bytes).toBeGreaterThan(1024 * 1024 - 4097);
  });
});

describe("however the bytes are cut", () => {
  const piece = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.string({ unit: "binary", maxLength: 40 }).map((text) => encodeFrame(`{${text}`)),
    },
    {
      weight: 1,
      arbitrary: fc.string({ unit: "binary-ascii", maxLength: 40 }).map((text) => Buffer.from(text)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.string({ unit: "binary", maxLength: 20 }), fc.uint8Array({ maxLength: 20 }))
        .map(([text, array]) => encodeFrame(`{${text}`, Buffer.from(array))),
    },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom(
          "Content-Length: ",
          "Content-",
          "content-length:3\r\n\r\n{}\n",
          "Content-Length: 5\r\n",
          "Content-Type: a\r\n",
          "\r\n\r\n",
          "\r\n",
          "{",
          "12",
          "Content-Length: 2\r\nContent-Length: 1\r\n\r\n",
          "Content-Length: 99999\r\n\r\n{",
          "Content-Length: 2\r\nX: y\r\n\r\n{}",
          `Content-Length: ${" ".repeat(60)}1\r\n\r\n{`,
          "x".repeat(150),
          "CCContent-Length: 2\r\n\r\n{}",
          `CContent-Length: 4\r\n${bulk}\r\n\r\n{}`,
          `CContent-Length: 1\r\n${bulk}\r\n\r\n{}`,
          `${bulk}\r\n`,
        )
        .map((text) => Buffer.from(text)),
    },
  );
  const stream = fc.array(piece, { maxLength: 8 }).map((pieces) => Buffer.concat(pieces));

  test.each(["tolerate", "violation"] as const)("they mean the same (noise: %s)", (noise) => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (whole, cuts) => {
        const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort(
          (a, b) => a - b,
        );
        const chunks = places.slice(1).map((end, i) => whole.subarray(places[i], end));
        const expected = parse([whole], { noise });
        expect(parse(chunks, { noise })).toEqual(expected);
        expect(
          parse(
            [...whole].map((byte) => Buffer.from([byte])),
            { noise },
          ),
        ).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test("frames come back out as they went in, with any noise between them", () => {
    const quiet = fc
      .string({ maxLength: 30 })
      .filter((text) => !/^content-/i.test(text) && !/content-length:\s*\d+\r/i.test(text));
    fc.assert(
      fc.property(fc.array(fc.tuple(quiet, fc.json()), { maxLength: 6 }), (parts) => {
        const bodies = parts.map(([, json]) => `{"a":${json}}`);
        const whole = Buffer.concat(
          parts.flatMap(([noise], i) => [Buffer.from(noise), encodeFrame(bodies[i]!)]),
        );
        const parsed = parse([whole], { noise: "tolerate", frameBytes: 1e6 });
        expect(parsed.frames).toEqual(bodies.map((body) => Buffer.from(body).toString("latin1")));
        expect(parsed.noise).toBe(Buffer.from(parts.map(([noise]) => noise).join("")).toString("latin1"));
      }),
    );
  });
});
